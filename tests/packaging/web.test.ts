import { type Browser, chromium, firefox, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchOptions } from "../../scripts/browsers.mjs";
import { inAnything, inPages, poolOutcome } from "./entries.ts";
import * as bundlers from "./support/bundlers.ts";
import { installConsumer } from "./support/consumer.ts";
import { complete, pageOf, readmeOutput, type Site } from "./support/site.ts";

/** What may be opened, and what each program in it must come to. */
const pages = {
  "in-page.js": { what: "a page with every entry", outcomes: inPages },
  "in-plain-page.js": { what: "a page", outcomes: inAnything },
  "in-worker.js": { what: "a module worker", outcomes: inAnything },
  "in-shared-worker.js": { what: "a SharedWorker", outcomes: inAnything },
  "in-service-worker.js": { what: "a service worker", outcomes: inAnything },
  "pool.js": { what: "the package's own worker", outcomes: poolOutcome },
  "pool-spawned.js": { what: "the package's worker in a file of the app", outcomes: poolOutcome },
  "slim-url.js": { what: "./slim with a URL", outcomes: { "jobgate/slim": "Normal 42" } },
  "slim-module.js": { what: "./slim with a Module", outcomes: { "jobgate/slim": "Normal 42" } },
  "slim-asset.js": { what: "./slim with the binary as Vite's asset", outcomes: { "jobgate/slim": "Normal 42" } },
  "readme.js": { what: "the README's first lines, as plain JavaScript", outcomes: "came to its end" },
} as const;

type PageName = keyof typeof pages;

const slim = ["slim-url.js", "slim-module.js"] as const;
const common = ["in-page.js", "in-worker.js", "pool-spawned.js", ...slim] as const;
const all = Object.keys(pages) as PageName[];

/** Every consumer and what it runs; those that are browsers' own business run in Firefox as well. */
const consumers: readonly {
  name: string;
  serve: bundlers.Serve;
  pages: readonly PageName[];
  firefox?: boolean;
  /** What every page has to ask for. */
  loads?: RegExp;
}[] = [
  { name: "Vite, built", serve: bundlers.viteBuilt, pages: all, firefox: true },
  {
    name: "Vite, developing",
    serve: bundlers.viteDevelopment,
    pages: ["in-page.js", "in-worker.js", "pool.js", "pool-spawned.js", "readme.js"],
    loads: /\/\.vite\/deps\/jobgate/,
  },
  { name: "webpack 5", serve: bundlers.webpackBuilt, pages: [...common, "pool.js"] },
  { name: "Rollup", serve: bundlers.rollupBuilt, pages: common },
  { name: "esbuild", serve: bundlers.esbuildBuilt, pages: [...common, "readme.js"] },
  { name: "Parcel", serve: bundlers.parcelBuilt, pages: [...common, "pool.js", "readme.js"] },
  {
    name: "no bundler, an import map",
    serve: bundlers.importMap,
    pages: ["in-plain-page.js", "pool.js", ...slim],
    firefox: true,
  },
];

const folder = await installConsumer("web", { withReact: true });
await complete(folder);

const browsers = new Map<string, Browser>();
beforeAll(async () => {
  browsers.set("Chromium", await chromium.launch(launchOptions.chromium));
  browsers.set("Firefox", await firefox.launch(launchOptions.firefox));
});
afterAll(async () => {
  for (const browser of browsers.values()) await browser.close();
});

/** Opens a page, and returns what it reports, what it prints and whatever went wrong in it. */
async function visit(page: Page, address: string) {
  const faults: string[] = [];
  const printed: string[] = [];
  const requested: string[] = [];
  page.on("request", (request) => requested.push(request.url()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => (message.type() === "error" ? faults : printed).push(message.text()));
  page.setDefaultTimeout(150_000);
  await page.goto(address);
  const body = page.locator("body[data-outcomes]");
  await body.waitFor({ state: "attached" }).catch(() => {
    throw new Error(`the page reported nothing; errors: ${faults.join("; ") || "none"}`);
  });
  return { outcomes: JSON.parse((await body.getAttribute("data-outcomes")) ?? ""), printed, requested, faults };
}

describe.each(consumers)("$name, under a strict Content-Security-Policy", ({ serve, pages: names, firefox, loads }) => {
  let site: Site | undefined;
  beforeAll(async () => {
    site = await serve(folder, names);
  });
  afterAll(() => site?.close());

  const cases = ["Chromium", ...(firefox ? ["Firefox"] : [])].flatMap((browser) =>
    names.map((name) => ({ browser, name, ...pages[name] })),
  );

  it.each(cases)("$what, in $browser", async ({ browser, name, outcomes }) => {
    const page = await browsers.get(browser)!.newPage();
    const seen = await visit(page, `${site?.url}${pageOf(name)}`);
    expect(seen).toMatchObject({ outcomes, faults: [] });
    if (loads) expect(seen.requested).toContainEqual(expect.stringMatching(loads));
    if (name === "readme.js") {
      expect(readmeOutput.length).toBeGreaterThan(0);
      expect(seen.printed).toEqual(expect.arrayContaining(readmeOutput));
    }
    await page.close();
  });
});

it("a policy that forbids WebAssembly is obeyed, loudly", async () => {
  const site = await bundlers.forbidding(folder, ["in-forbidding-page.js"]);
  const page = await browsers.get("Chromium")!.newPage();
  const { outcomes } = await visit(page, `${site.url}in-forbidding-page.html`);
  expect(outcomes).toMatch(/^CompileError/);
  await page.close();
  await site.close();
});
