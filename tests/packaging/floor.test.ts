// The oldest browsers that README names: what they lack is taken away before the package loads.
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import bcd from "@mdn/browser-compat-data" with { type: "json" };
import { build } from "esbuild";
import { type Browser, chromium, firefox } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchOptions } from "../../scripts/browsers.mjs";
import { inAnything, inPages, poolOutcome } from "./entries.ts";
import { installConsumer, root, tool } from "./support/consumer.ts";
import { floor, isInAll, refusal, removal } from "./support/floor.ts";
import { complete, pageOf, type Site, strictPolicy, writePage } from "./support/site.ts";
import { serveFolder } from "./support/static.ts";

const enough = "RangeError: enough";

const pages = {
  "floor.js": {
    streams: ["job_created job_progress job_completed", "job_created job_started", "locked false"],
    signals: [enough, enough, enough],
    limits: ["NonRetriableError: never again", "attempts 1", "1", "TimeoutError"],
    statistics: 2_000_000,
  },
  "in-page.js": inPages,
  "in-worker.js": inAnything,
  "pool-spawned.js": poolOutcome,
  "slim-url.js": { "jobgate/slim": "Normal 42" },
};
/** With what Chromium before 115 refuses. */
const older = {
  "before-115.js": {
    manager: {
      name: "JobgateError",
      code: "E_NOT_READY",
      remedy: 'import from "jobgate/slim" and await its init, or use it in a worker',
      cause: "RangeError",
    },
    pool: { name: "JobgateError", code: "E_NOT_READY", remedy: "use it in a worker", cause: "RangeError" },
    slim: 42,
  },
};
const workers = ["worker.js", "default-worker.js"];

describe("what the oldest browsers lack", () => {
  let site: Site;
  const browsers: Partial<Record<string, Browser>> = {};
  beforeAll(async () => {
    const folder = await installConsumer("web", { withReact: true });
    await complete(folder);
    const out = join(folder, "written");
    await build({
      entryPoints: [...Object.keys(pages), ...workers].map((name) => join(folder, name)),
      outdir: out,
      bundle: true,
      format: "esm",
      banner: { js: removal },
      define: { "process.env.NODE_ENV": '"production"' },
      logLevel: "warning",
    });
    await build({
      entryPoints: Object.keys(older).map((name) => join(folder, name)),
      outdir: out,
      bundle: true,
      format: "esm",
      banner: { js: removal + refusal },
      logLevel: "warning",
    });
    for (const name of Object.keys({ ...pages, ...older })) writePage(out, name);
    cpSync(join(folder, "public"), out, { recursive: true });
    site = await serveFolder(out, strictPolicy);
    browsers.Chromium = await chromium.launch(launchOptions.chromium);
    browsers.Firefox = await firefox.launch(launchOptions.firefox);
  });
  afterAll(async () => {
    for (const browser of Object.values(browsers)) await browser?.close();
    await site.close();
  });

  const cases = ["Chromium", "Firefox"].flatMap((browser) =>
    Object.entries({ ...pages, ...older }).map(([name, outcomes]) => ({ browser, name, outcomes })),
  );
  it.each(cases)("is not missed by $name, in $browser", async ({ browser, name, outcomes }) => {
    const page = await browsers[browser]!.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.setDefaultTimeout(150_000);
    await page.goto(`${site.url}${pageOf(name)}`);
    const body = page.locator("body[data-outcomes]");
    await body.waitFor({ state: "attached" }).catch(() => {
      throw new Error(`the page reported nothing; errors: ${faults.join("; ") || "none"}`);
    });
    expect(JSON.parse((await body.getAttribute("data-outcomes")) ?? "")).toEqual(outcomes);
    expect(faults).toEqual([]);
    await page.close();
  });
});

describe("the binaries", () => {
  /** wasm-opt's names, and MDN's. */
  const features = {
    "bulk-memory": "bulk-memory-operations",
    "nontrapping-float-to-int": "non-trapping-float-to-int-conversions",
    "sign-ext": "sign-extension-operations",
  };

  it.each(Object.entries(features))("may use %s, which all of the oldest browsers have", (_, name) => {
    expect(isInAll(bcd.webassembly[name]!.__compat!)).toBe(true);
  });

  it.each([
    "wasm/jobgate",
    "wasm-runner/runner",
    "wasm-agents/agents",
    "wasm-pool/pool",
    "wasm-shared/shared",
    "wasm-service-worker/service-worker",
  ])("%s uses nothing else", async (name) => {
    const enabled = Object.keys(features).map((feature) => `--enable-${feature}`);
    const file = join(root, "build", `${name}_bg.wasm`);
    const { code, output } = await tool("wasm-opt", ["--mvp-features", ...enabled, file, "-o", "/dev/null"]);
    expect(code, output).toBe(0);
  });
});

it("README names the same browsers", () => {
  const { chrome, firefox, safari } = floor;
  expect(readFileSync(join(root, "README.md"), "utf8")).toContain(
    `Chrome ${chrome}, Firefox ${firefox} and Safari ${safari}.0`,
  );
});
