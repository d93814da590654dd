// What Chromium's own tools are given of a manager with `trace: true`: Firefox's cannot be asked.

import { join } from "node:path";
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch } from "./support/browser.ts";

const dist = join(import.meta.dirname, "../.packed/node_modules/jobgate/dist");

interface Stack {
  readonly description?: string;
  readonly callFrames: readonly { readonly functionName: string }[];
  readonly parent?: Stack;
}

let browser: Browser;
beforeAll(async () => {
  browser = await launch("chromium");
});
afterAll(() => browser.close());

/** A page that can import the package, and its DevTools. */
async function open() {
  const page = await browser.newPage();
  await page.route("http://jobgate.test/**", (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") return route.fulfill({ contentType: "text/html", body: "<p>A page</p>" });
    return route.fulfill({ path: join(dist, pathname) });
  });
  await page.goto("http://jobgate.test/");
  return { page, tools: await page.context().newCDPSession(page) };
}

/** One job, started by a function that a stack can name, which waits behind another. */
const program = `(async () => {
  const { JobManager } = await import("/index.js");
  const manager = new JobManager({ name: "uploads", trace: true, concurrency: 1 });
  manager.runJob("first", async () => {});
  const theCaller = () => manager.runJob("second", () => console.trace("in the body")).job.settled;
  await theCaller();
})()`;

it("the Performance panel gets an entry for each phase", async () => {
  const { page, tools } = await open();
  const entries: { name: string; args: { detail?: string } }[] = [];
  tools.on("Tracing.dataCollected", ({ value }) => entries.push(...(value as unknown as typeof entries)));
  await tools.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["blink.user_timing"] },
  });
  await page.evaluate(program);
  const complete = new Promise((resolve) => tools.once("Tracing.tracingComplete", resolve));
  await tools.send("Tracing.end");
  await complete;
  const shown = entries.filter(({ args }) => args.detail?.includes('"track":"uploads"'));
  expect(shown.map(({ name }) => name)).toEqual(["first: attempt 1", "second: waiting", "second: attempt 1"]);
  await page.close();
});

it("the async stack of a body leads to who called runJob", async () => {
  const { page, tools } = await open();
  await tools.send("Runtime.enable");
  await tools.send("Debugger.enable");
  await tools.send("Debugger.setAsyncCallStackDepth", { maxDepth: 32 });
  const traced = new Promise<Stack>((resolve) => {
    tools.on("Runtime.consoleAPICalled", ({ type, stackTrace }) => type === "trace" && resolve(stackTrace as Stack));
  });
  await page.evaluate(program);
  const { parent } = await traced;
  expect(parent?.description).toBe("second");
  expect(parent?.callFrames.map(({ functionName }) => functionName)).toContain("theCaller");
  await page.close();
});
