// Four tabs that open, close, crash and freeze at random while they work: `npm run soak:shared` for two minutes.
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stateOf } from "./support/processes.mjs";
import { type Site, startSite } from "./support/site.js";
import { browserNames, launch, newProfile, openTab, type Tab } from "./support/tabs.js";

/** Of each browser. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 15);
const SEED = Number(process.env.SOAK_SEED ?? 1);
const TABS = 4;
const OPTIONS = { takeOverAfter: 1000, maxInterruptions: 1000, retain: 100_000 };

function chance(seed: number) {
  let state = seed >>> 0;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.close());

describe.each(browserNames)("in %s", (name) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(name);
  });
  afterAll(() => browser?.close());

  test(`for ${SECONDS} s, with seed ${SEED}`, { timeout: (SECONDS + 240) * 1000 }, async () => {
    const profile = await newProfile(name, browser, site);
    const below = chance(SEED);
    const tabs: Tab[] = [];
    const acknowledged = new Set<string>();
    const closed = new Set<string>();
    const faults = { closed: 0, crashed: 0, frozen: 0 };
    const calls: Promise<unknown>[] = [];

    async function open(): Promise<void> {
      tabs.push(await openTab(profile, { ...OPTIONS, findsProcess: true }));
    }
    async function create(tab: Tab, many: number): Promise<void> {
      const type = ["append", "steps", "work"][below(3)]!;
      const ids = await tab.page.evaluate(
        ({ type, many }) =>
          Promise.all(Array.from({ length: many }, async () => (await runner.createJob(type, { n: 2 })).id)),
        { type, many },
      );
      for (const id of ids) acknowledged.add(id);
    }
    async function disturb(tab: Tab): Promise<void> {
      const what = (["closed", "crashed", "frozen"] as const)[below(3)]!;
      const pid = await tab.process();
      // A browser may have put two into one process.
      const same = [];
      for (const each of tabs) if ((await each.process()) === pid) same.push(each);
      const gone = what === "closed" && stateOf(pid) !== undefined ? [tab] : same;
      if (stateOf(pid) === undefined) {
        // It went with another that was killed.
        faults.crashed++;
        await Promise.all(same.map((each) => each.close()));
      } else {
        faults[what]++;
        if (what === "frozen") {
          // At any moment: amid a write, too, which holds up all others meanwhile.
          process.kill(pid, "SIGSTOP");
          await new Promise((resolve) => setTimeout(resolve, 500 + below(2000)));
          await tab.thaw();
          return;
        }
        if (what === "closed") {
          closed.add(tab.name);
          await tab.close();
        } else await tab.kill();
      }
      for (const each of gone) {
        tabs.splice(tabs.indexOf(each), 1);
        await open();
      }
    }

    for (let count = 0; count < TABS; count++) await open();
    const until = performance.now() + SECONDS * 1000;
    while (performance.now() < until) {
      const tab = tabs[below(tabs.length)]!;
      // A tab that goes meanwhile takes its call with it.
      calls.push(create(tab, 1 + below(5)).catch(() => {}));
      if (below(3) === 0) await disturb(tabs[below(tabs.length)]!);
      else await new Promise((resolve) => setTimeout(resolve, below(300)));
    }

    // Nothing hangs: neither what was asked for, nor any job.
    await Promise.all(calls);
    const records = await Promise.all([...acknowledged].map((id) => tabs[0]!.ended(id)));
    console.log(`${name}: ${records.length} jobs, ${JSON.stringify(faults)}`);
    expect(Math.min(...Object.values(faults), 1)).toBeGreaterThanOrEqual(SECONDS < 60 ? 0 : 1);
    for (const { id, status, interruptions } of records) {
      expect({ id, status }).toEqual({ id, status: "completed" });
      const entries = site.log.filter((entry) => entry.id === id);
      expect(entries.length).toBeGreaterThan(0);
      const each = entries.map(({ epoch, what }) => `${epoch} ${what}`);
      expect(new Set(each).size).toBe(each.length);
      expect(new Set(entries.map(({ epoch }) => epoch)).size).toBeLessThanOrEqual(1 + interruptions + faults.closed);
      // Whoever was not closed, nor taken for dead, is never heard of after another has begun.
      let latest = 0;
      for (const { epoch, tab } of entries) {
        if (epoch < latest && !closed.has(tab)) expect(interruptions).toBeGreaterThan(0);
        latest = Math.max(latest, epoch);
      }
    }
    // Every tab knows the same.
    for (const tab of tabs) {
      expect(await tab.page.evaluate(() => globalThis.tab.errors)).toEqual([]);
      for (const id of [...acknowledged].slice(-5)) expect(await tab.ended(id)).toMatchObject({ status: "completed" });
    }
  });
});
