// Everything at once for as long as one likes, in each browser: `npm run soak -- --minutes=30 --seed=7`. What is measured
// is measured when nothing is under way; the charts are in build/soak.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Browser, browsers, type Tab } from "./support/browsers.js";
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

/** Its modules are there once the page is, what they load by themselves a little later. */
const OPENED = "new Promise((done) => { (function look() { globalThis.soak ? done() : setTimeout(look, 20); })(); })";

let site: Awaited<ReturnType<typeof startSite>>;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.close());

describe.each(["chromium", "firefox", "webkit"] as const)("in %s", (name) => {
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
    const tabs: Tab[] = [];
    for (let at = 0; at < TABS; at += 1) {
      const tab = await browser.open(at === 0 ? site.address : `${site.address}/?part=tab`);
      await tab.run(OPENED);
      tabs.push(tab);
    }
    const until = Date.now() + MINUTES * 60_000;
    for (let round = 1; Date.now() < until; round += 1) {
      for (const [at, tab] of tabs.entries()) await tab.run(`soak.begin(${SEED * 1e6 + round * 10 + at})`);
      for (const tab of tabs) await tab.run("soak.ended()");
      for (const [at, tab] of tabs.entries()) {
        const { wasm, ...counts } = await tab.run<Sample>("soak.sample()");
        const sample = { wasm: wasm / MEGABYTE, ...counts, ...(await tab.memory()) };
        for (const [what, value] of Object.entries(sample)) {
          const title = `tab ${at + 1}, ${what}`;
          series.set(title, [...(series.get(title) ?? []), value]);
        }
      }
    }
    for (const tab of tabs) expect(await tab.run("soak.errors")).toEqual([]);
    expect(Math.min(...[...series.values()].map(({ length }) => length))).toBeGreaterThanOrEqual(10);
    for (const [title, values] of series) {
      const what = title.split(", ")[1] as keyof typeof SLACK;
      expect(gained(values), `${title} has grown: see build/soak/${name}.svg`).toBeLessThanOrEqual(SLACK[what]);
    }
  });
});
