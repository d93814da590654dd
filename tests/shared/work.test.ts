// What a job is promised whichever tab runs it: steps, naps, actions and state survive take-overs; networks, clocks,
// versions and hints may be wrong.
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Entry, type Site, startSite } from "./support/site.js";
import { browserNames, launch, newProfile, openTab, type Tab } from "./support/tabs.js";

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.close());

const told = (what: string, id: string, epoch = 1): Promise<Entry> =>
  site.until((entry) => entry.what === what && entry.id === id && entry.epoch >= epoch);
const words = () => site.log.map(({ what }) => what);

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const shiftedBy = (millis: number) => `const { now } = Date; Date.now = () => now() + ${millis};`;

describe.each(browserNames)("in %s", (name) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(name);
  });
  afterAll(() => browser?.close());

  test("steps that were recorded are not called again, the state is there, and one key is sent along", async () => {
    const profile = await newProfile(name, browser, site);
    const owner = await openTab(profile);
    const pid = await owner.process();
    // The third is never heard of: the tab dies in it.
    site.onDeath(owner.name, () => process.kill(pid, "SIGKILL"));
    await owner.page.evaluate(() => {
      globalThis.tab.diesIn = "step 3";
    });
    const id = await owner.create("steps", { n: 4 }, { key: "key" });
    const heir = await openTab(profile);
    expect(await heir.ended(id)).toMatchObject({ status: "completed", interruptions: 1 });
    expect(words()).toEqual(["start", "step 1", "step 2", "start", "step 3", "step 4", "end"]);
    expect(site.log.filter(({ what }) => what === "start").map(({ detail }) => detail)).toEqual([undefined, { at: 2 }]);
    const keys = site.log.filter(({ what }) => what !== "start" && what !== "end").map((entry) => entry.idempotencyKey);
    expect(new Set(keys).size).toBe(4);
  });

  test("what is left of a nap is slept elsewhere, and no more than that", async () => {
    const profile = await newProfile(name, browser, site);
    const owner = await openTab(profile);
    const id = await owner.create("sleeps", { millis: HOUR });
    const first = await told("start", id);
    await told("asleep", id);
    // By its clock three seconds of the nap are left; one of its own would not end.
    const heir = await openTab(profile, { before: shiftedBy(HOUR - 3000) });
    await heir.until(id, "status", "running");
    await owner.crash();
    expect((await told("start", id, 2)).tab).toBe(heir.name);
    const end = await told("end", id, 2);
    expect(end.at - first.at).toBeGreaterThan(2900);
    expect(await heir.ended(id)).toMatchObject({ status: "completed" });
  });

  test("actions come in order, from any tab; one whose tab dies before it is done with comes again", async () => {
    const profile = await newProfile(name, browser, site);
    const owner = await openTab(profile);
    const pid = await owner.process();
    site.onDeath(owner.name, () => process.kill(pid, "SIGKILL"));
    const id = await owner.create("actions", {}, { key: "key" });
    await told("start", id);
    const other = await openTab(profile, { execute: false });
    await other.page.evaluate(async () => {
      const job = runner.getRunningJob<unknown, unknown>("key")!;
      for (const action of [1, 2, "die", 3, "end"]) await job.dispatch(action as never);
    });
    await site.until(({ detail }) => detail === "die");
    const heir = await openTab(profile, { dies: false });
    expect(await heir.ended(id)).toMatchObject({ status: "completed" });
    const actions = site.log.filter(({ what }) => what === "action").map(({ detail }) => detail);
    expect(actions).toEqual([1, 2, "die", "die", 3, "end"]);
  });

  test("a stop that is asked for where the owner is dead ends the job without running it again", async () => {
    const profile = await newProfile(name, browser, site);
    const owner = await openTab(profile);
    const id = await owner.create("hold", {}, { key: "key" });
    await told("start", id);
    const other = await openTab(profile, { execute: false });
    await other.until(id, "status", "running");
    await owner.freeze();
    const stopping = other.page.evaluate(() => runner.stopJob("key", "enough"));
    await other.until(id, "stopping", true);
    await owner.kill();
    await stopping;
    expect(await other.record(id)).toMatchObject({ status: "cancelled" });
    expect(words()).toEqual(["start"]);
  });

  // Each tab of Firefox is a process that takes its time to start.
  const many = name === "chromium" ? 12 : 4;
  test(`${many} tabs at once: one of them has the job, and each is given it`, async () => {
    const profile = await newProfile(name, browser, site);
    const tabs = await Promise.all(Array.from({ length: many }, () => openTab(profile)));
    const at = Date.now() + 1500;
    const run = (each: Tab) =>
      each.page.evaluate(async (at) => {
        await new Promise((resolve) => setTimeout(resolve, at - Date.now() - 20));
        while (Date.now() < at);
        const { type, job } = await runner.runJob("key", "hold");
        return { type, id: job.record.id };
      }, at);
    const outcomes = await Promise.all(tabs.map(run));
    expect(new Set(outcomes.map(({ id }) => id)).size).toBe(1);
    expect(outcomes.filter(({ type }) => type === "JOB_CREATED")).toHaveLength(1);
    for (const each of tabs) await each.page.evaluate(() => tab.release());
    await Promise.all(tabs.map((each) => each.ended(outcomes[0]!.id)));
    expect(words()).toEqual(["start", "end"]);
  });

  test("tabs that hear no hints do the same, only slower", async () => {
    const profile = await newProfile(name, browser, site);
    const before = "BroadcastChannel.prototype.postMessage = () => { globalThis.unheard = true; };";
    const owner = await openTab(profile, { before, takeOverAfter: 60_000 });
    const other = await openTab(profile, { before, takeOverAfter: 60_000, execute: false });
    const id = await other.create("hold", {}, { key: "key" });
    await told("start", id);
    await other.until(id, "status", "running");
    await other.page.evaluate(() => runner.stopJob("key", "enough"));
    expect(await owner.ended(id)).toMatchObject({ status: "cancelled" });
    const heirless = await other.create("hold");
    await told("start", heirless);
    const heir = await openTab(profile, { before, takeOverAfter: 60_000 });
    await heir.until(heirless, "status", "running");
    await owner.close();
    await site.until(({ what, id, tab }) => what === "start" && id === heirless && tab === heir.name);
    expect(await other.page.evaluate("globalThis.unheard")).toBe(true);
  });

  test.each([-DAY, DAY])("a tab whose clock is wrong by %i ms disturbs nobody", async (wrong) => {
    const profile = await newProfile(name, browser, site);
    const astray = await openTab(profile, { before: shiftedBy(wrong), takeOverAfter: 60_000 });
    const id = await astray.create("hold");
    await told("start", id);
    const right = await openTab(profile, { takeOverAfter: 60_000 });
    await right.until(id, "status", "running");
    // Neither takes the other's job away, both do what is delayed.
    const delayed = await astray.create("append", { n: 1 }, { delay: 700 });
    const other = await right.create("append", { n: 2 }, { delay: 700 });
    for (const each of [delayed, other]) {
      expect(await right.ended(each)).toMatchObject({ status: "completed" });
      await astray.ended(each);
    }
    const nap = await astray.create("sleeps", { millis: 300 });
    expect(await right.ended(nap)).toMatchObject({ status: "completed" });
    expect(await right.record(id)).toMatchObject({ status: "running", interruptions: 0, owner: { epoch: 1 } });
    await astray.close();
    expect((await told("start", id, 2)).tab).toBe(right.name);
  });

  test("two builds: older tabs leave newer jobs to tabs that can, newer ones bring older jobs along", async () => {
    const profile = await newProfile(name, browser, site);
    const older = await openTab(profile, { version: 1 });
    const newer = await openTab(profile, { version: 2, migrates: "throws", execute: false });
    const id = await newer.create("append", { n: 5 });
    await older.until(id, "waiting_for", "type");
    const first = await older.create("append", { n: 6 });
    expect(await newer.ended(first)).toMatchObject({ result: 6, version: 1 });

    const idle = await openTab(profile, { version: 1, execute: false });
    await older.close();
    const waiting = await idle.create("append", { n: 7 });
    const broken = await openTab(profile, { version: 2, migrates: "throws" });
    expect(await broken.ended(id)).toMatchObject({ status: "completed", result: 5, version: 2 });
    await broken.until(waiting, "waiting_for", "migration");
    const able = await openTab(profile, { version: 2, migrates: "adds" });
    expect(await able.ended(waiting)).toMatchObject({ status: "completed", result: 2, version: 2 });
  });

  test("a job that needs the network waits offline, runs when it is back, and is not kept waiting by a lie", async () => {
    const profile = await newProfile(name, browser, site);
    const tab = await openTab(profile, { type: { requires: { online: true } } });
    await profile.context.setOffline(true);
    await tab.page.waitForFunction(() => navigator.onLine === false);
    const id = await tab.create("append", { n: 1 });
    await tab.until(id, "waiting_for", "online");
    await profile.context.setOffline(false);
    expect(await tab.ended(id)).toMatchObject({ status: "completed", attempt: 1 });
    await tab.close();

    const before = 'Object.defineProperty(Navigator.prototype, "onLine", { get: () => false });';
    const liar = await openTab(profile, { before, type: { requires: { online: true, maxWait: 500 } } });
    expect(await liar.page.evaluate(() => navigator.onLine)).toBe(false);
    const other = await liar.create("append", { n: 2 });
    expect(await liar.ended(other)).toMatchObject({ status: "completed", attempt: 1 });
  });

  test("a server that is down while the network is there: retries, and done once in the end", async () => {
    const profile = await newProfile(name, browser, site);
    const tab = await openTab(profile, { type: { requires: { online: true } } });
    site.isDown = true;
    onTestFinished(() => {
      site.isDown = false;
    });
    const id = await tab.create("append", { n: 1 }, { retry: { limit: Infinity, delay: 100, maxDelay: 100 } });
    await tab.page.waitForFunction((id) => (runner.getJob(id)?.attempt ?? 0) >= 2, id);
    expect(site.log).toEqual([]);
    expect(await tab.page.evaluate(() => navigator.onLine)).toBe(true);
    site.isDown = false;
    expect(await tab.ended(id)).toMatchObject({ status: "completed", result: 1 });
    expect(words()).toEqual(["append"]);
  });
});
