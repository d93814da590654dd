// Everything at once for as long as one likes, in each browser: `npm run soak -- --minutes=30 --seed=7`. What is measured
// is measured when nothing is under way; the charts are in build/soak.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, firefox, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchOptions } from "../../scripts/browsers.mjs";
import { processOf } from "../shared/support/processes.mjs";
import { drawn } from "./support/chart.js";
import { gained } from "./support/growth.js";
import type { Sample } from "./support/page.js";
import { startSite } from "./support/site.js";

const MINUTES = Number(process.env.SOAK_MINUTES ?? 1);
const SEED = Number(process.env.SOAK_SEED ?? 1);
const TABS = 4;
const MEGABYTE = 1024 * 1024;
/** What may be gained from the second fifth of the time to the last, in each page. */
const SLACK = { wasm: 0.5, timers: 2, listeners: 0, locks: 2, heap: 2, resident: 40 };

const { firefoxUserPrefs, ...firefoxOptions } = launchOptions.firefox;
const browsers = {
  chromium: () => chromium.launch(launchOptions.chromium),
  firefox: () =>
    // Each tab has a process of its own.
    firefox.launch({
      ...firefoxOptions,
      firefoxUserPrefs: { ...firefoxUserPrefs, "dom.ipc.processCount.webIsolated": 32 },
    }),
};

let site: Awaited<ReturnType<typeof startSite>>;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.close());

/** Megabytes of memory that a process holds. */
function residentOf(pid: number): number {
  const [, kilobytes = ""] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}

/** Megabytes of JavaScript after a collection: Chromium tells. */
async function heapOf(page: Page): Promise<number> {
  const tools = await page.context().newCDPSession(page);
  for (let round = 0; round < 3; round += 1) await tools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await tools.send("Runtime.getHeapUsage");
  await tools.detach();
  return usedSize / MEGABYTE;
}

describe.each(["chromium", "firefox"] as const)("in %s", (name) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await browsers[name]();
  });
  afterAll(() => browser?.close());

  const series = new Map<string, number[]>();
  afterEach(() => {
    const folder = join(import.meta.dirname, "../../build/soak");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.svg`), drawn(series));
    const grown = [...series].map(([title, values]) => `${title}: ${gained(values).toFixed(2)}`);
    console.log(`${name}, ${[...series.values()][0]?.length} samples, gained\n  ${grown.join("\n  ")}`);
  });

  test(`${MINUTES} minutes with seed ${SEED}: nothing grows`, { timeout: (MINUTES + 3) * 60_000 }, async () => {
    const context = await browser.newContext();
    const pages: Page[] = [];
    for (let tab = 0; tab < TABS; tab += 1) {
      const page = await context.newPage();
      await page.goto(tab === 0 ? site.address : `${site.address}/?part=tab`);
      await page.waitForFunction(() => globalThis.soak !== undefined);
      pages.push(page);
    }
    const processes: number[] = [];
    if (name === "firefox") for (const page of pages) processes.push(await processOf(page));
    const until = Date.now() + MINUTES * 60_000;
    for (let round = 1; Date.now() < until; round += 1) {
      await Promise.all(
        pages.map((page, tab) => page.evaluate((seed) => soak.round(seed), SEED * 1e6 + round * 10 + tab)),
      );
      for (const [tab, page] of pages.entries()) {
        const sample: Record<string, number> = { ...(await page.evaluate<Sample>(() => soak.sample())) };
        sample.wasm! /= MEGABYTE;
        if (name === "chromium") sample.heap = await heapOf(page);
        else sample.resident = residentOf(processes[tab]!);
        for (const [what, value] of Object.entries(sample)) {
          const title = `tab ${tab + 1}, ${what}`;
          series.set(title, [...(series.get(title) ?? []), value]);
        }
      }
    }
    for (const page of pages) expect(await page.evaluate(() => soak.errors)).toEqual([]);
    expect(Math.min(...[...series.values()].map(({ length }) => length))).toBeGreaterThanOrEqual(10);
    for (const [title, values] of series) {
      const what = title.split(", ")[1] as keyof typeof SLACK;
      expect(gained(values), `${title} has grown: see build/soak/${name}.svg`).toBeLessThanOrEqual(SLACK[what]);
    }
  });
});
