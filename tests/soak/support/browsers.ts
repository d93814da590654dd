import { readFileSync } from "node:fs";
import { chromium, firefox, type Page } from "playwright";
import { launchOptions } from "../../../scripts/browsers.mjs";
import { webkit } from "../../../scripts/webkit.mjs";
import { processOf } from "../../shared/support/processes.mjs";

/** One of a browser's tabs. What is asked of a browser is asked one after the other. */
export interface Tab {
  /** What the expression gives there, or what its promise comes to. */
  run<T>(expression: string): Promise<T>;
  /** Megabytes, as well as the browser can tell. */
  memory(): Promise<{ readonly heap: number } | { readonly resident: number }>;
}

export interface Browser {
  open(address: string): Promise<Tab>;
  close(): Promise<void>;
}

const MEGABYTE = 1024 * 1024;

/** Of JavaScript, after a collection. */
async function heapOf(page: Page): Promise<number> {
  const tools = await page.context().newCDPSession(page);
  for (let round = 0; round < 3; round += 1) await tools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await tools.send("Runtime.getHeapUsage");
  await tools.detach();
  return usedSize / MEGABYTE;
}

/** Tells what the process holds in which the tab computes. */
function residentOf(run: Tab["run"]): () => Promise<{ readonly resident: number }> {
  let pid: number | undefined;
  return async () => {
    pid ??= await processOf({ evaluate: (compute, millis) => run(`(${compute})(${millis})`) });
    const [, kilobytes = ""] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return { resident: Number(kilobytes) / 1024 };
  };
}

/** By Playwright. */
async function driven(name: "chromium" | "firefox"): Promise<Browser> {
  const { firefoxUserPrefs, ...firefoxOptions } = launchOptions.firefox;
  const browser =
    name === "chromium"
      ? await chromium.launch(launchOptions.chromium)
      : await firefox.launch({
          ...firefoxOptions,
          // Each tab has a process of its own.
          firefoxUserPrefs: { ...firefoxUserPrefs, "dom.ipc.processCount.webIsolated": 32 },
        });
  const context = await browser.newContext();
  return {
    async open(address) {
      const page = await context.newPage();
      await page.goto(address);
      const run: Tab["run"] = (expression) => page.evaluate(expression);
      return { run, memory: name === "chromium" ? async () => ({ heap: await heapOf(page) }) : residentOf(run) };
    },
    close: () => browser.close(),
  };
}

/**
 * WebKit cannot be asked to collect, and left alone it collects what is old half an hour apart. It does where much is
 * taken that is not used, of which nothing becomes resident.
 */
const PRESSURE = `new Promise((done) => {
  for (let count = 0; count < 64; count += 1) new ArrayBuffer(64 * ${MEGABYTE});
  setTimeout(done, 50);
})`;

/** By WebDriver, where a tab has to be switched to. */
async function webkitgtk(): Promise<Browser> {
  const driver = await webkit();
  const session = await driver.session();
  let isFirst = true;
  return {
    async open(address) {
      const tab = isFirst ? await session.tab() : await session.newTab();
      isFirst = false;
      await session.switchTo(tab);
      await session.open(address);
      const run: Tab["run"] = async (expression) => {
        await session.switchTo(tab);
        const { value, error } = await session.run(
          `const done = arguments[arguments.length - 1];
          Promise.resolve((0, eval)(arguments[0])).then(
            (value) => done({ value }),
            (error) => done({ error: String(error?.stack ?? error) }),
          );`,
          expression,
        );
        if (error !== undefined) throw new Error(error);
        return value;
      };
      const resident = residentOf(run);
      return {
        run,
        async memory() {
          await run(PRESSURE);
          return resident();
        },
      };
    },
    close: () => driver.close(),
  };
}

export const browsers = {
  chromium: () => driven("chromium"),
  firefox: () => driven("firefox"),
  webkit: webkitgtk,
};
