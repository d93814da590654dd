// What a job does when its tab closes, is loaded anew, crashes or hangs.
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stateOf } from "./support/processes.mjs";
import { type Site, startSite } from "./support/site.js";
import { browserNames, launch, newProfile, openTab, type Profile } from "./support/tabs.js";

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

  const started = (id: string, epoch: number) =>
    site.until((entry) => entry.what === "start" && entry.id === id && entry.epoch >= epoch);

  /** A job that runs in the only tab. */
  async function alone(profile: Profile, options: object = {}) {
    const owner = await openTab(profile, options);
    // Found by what it computes, which is long enough to be taken for hung.
    await owner.process();
    const id = await owner.create("hold");
    const { epoch } = await started(id, 1);
    return { owner, id, epoch };
  }

  /** A job that runs in one tab, and another tab that could. */
  async function running(profile: Profile) {
    const { owner, id } = await alone(profile);
    const heir = await openTab(profile);
    await heir.until(id, "status", "running");
    return { owner, heir, id };
  }

  // Of an owner that is alone until it stands still, and of the heir that is opened then: nobody takes over before.
  const hasty = { takeOverAfter: 1000 };

  /** A job amid a request that is not answered. */
  async function requesting(profile: Profile) {
    const owner = await openTab(profile);
    const requested = owner.page.waitForRequest(/never/);
    const id = await owner.create("request");
    await requested;
    return { owner, id };
  }

  const end = async (heir: Awaited<ReturnType<typeof openTab>>, id: string) => {
    await heir.page.evaluate(() => tab.release());
    return heir.ended(id);
  };

  test("a tab is closed: another goes on with its job, and no attempt is counted", async () => {
    const profile = await newProfile(name, browser, site);
    const { owner, heir, id } = await running(profile);
    await owner.close();
    const second = await started(id, 2);
    expect(second.tab).toBe(heir.name);
    expect(await end(heir, id)).toMatchObject({ status: "completed", attempt: 1, result: heir.name });
    expect(site.log.filter(({ what }) => what === "end")).toMatchObject([{ epoch: second.epoch, tab: heir.name }]);
  });

  test("a tab is loaded anew: the only one there goes on with its own job", async () => {
    const profile = await newProfile(name, browser, site);
    const owner = await openTab(profile);
    const id = await owner.create("hold");
    const first = await started(id, 1);
    await owner.page.reload();
    await owner.page.evaluate(() => tab.open());
    const second = await started(id, 2);
    expect(second.idempotencyKey).toBe(first.idempotencyKey);
    expect(await end(owner, id)).toMatchObject({ status: "completed", attempt: 1 });
  });

  test("a tab is loaded anew, and what it wrote to the disk on its way out is dropped: its job is handed over", async () => {
    const profile = await newProfile(name, browser, site);
    // As Chromium does with one in some hundred.
    const before = "IDBTransaction.prototype.commit = function () { this.abort(); };";
    const owner = await openTab(profile, { before });
    const id = await owner.create("hold");
    await started(id, 1);
    await owner.page.reload();
    await owner.page.evaluate(() => tab.open());
    await started(id, 2);
    expect(await end(owner, id)).toMatchObject({ status: "completed", attempt: 1, interruptions: 0 });
  });

  test("a tab is loaded anew more often than a tab may die: its job goes on each time", async () => {
    const profile = await newProfile(name, browser, site);
    const owner = await openTab(profile, { maxInterruptions: 3 });
    const id = await owner.create("hold");
    let { epoch } = await started(id, 1);
    for (let times = 1; times <= 4; times++) {
      await owner.page.reload();
      await owner.page.evaluate(() => tab.open({ maxInterruptions: 3 }));
      ({ epoch } = await started(id, epoch + 1));
    }
    expect(await end(owner, id)).toMatchObject({ status: "completed", attempt: 1, interruptions: 0 });
  });

  test("a tab is loaded anew amid a request, which the browser ends first: its job has not failed, and goes on", async () => {
    const profile = await newProfile(name, browser, site);
    const { owner, id } = await requesting(profile);
    await owner.page.reload();
    await owner.page.evaluate(() => tab.open());
    expect(await owner.ended(id)).toMatchObject({ status: "completed", attempt: 1, interruptions: 0 });
    // What goes may have begun it once more on its way out.
    const anew = site.log.filter(({ page }) => page !== site.log[0]!.page);
    expect(anew).toMatchObject([{ what: "start", epoch: expect.any(Number) }]);
    expect(anew[0]!.epoch).toBeGreaterThan(1);
  });

  test("a tab is closed by its user amid a request: another goes on with its job", async () => {
    const profile = await newProfile(name, browser, site);
    const { owner, id } = await requesting(profile);
    const heir = await openTab(profile);
    await heir.until(id, "status", "running");
    await owner.page.close({ runBeforeUnload: true });
    expect(await heir.ended(id)).toMatchObject({ status: "completed", attempt: 1, interruptions: 0 });
  });

  test("a runner is closed: its body hears why, and another tab goes on at once", async () => {
    const profile = await newProfile(name, browser, site);
    const { owner, heir, id } = await running(profile);
    await owner.page.evaluate(() => runner.close());
    await started(id, 2);
    expect(await end(heir, id)).toMatchObject({ status: "completed", attempt: 1, interruptions: 0 });
  });

  test("a tab crashes: another goes on with its job", async () => {
    const profile = await newProfile(name, browser, site);
    const { owner, heir, id } = await running(profile);
    await owner.crash();
    await started(id, 2);
    expect(await end(heir, id)).toMatchObject({ status: "completed", attempt: 1, interruptions: 1 });
  });

  test("a body that crashes its tab three times is not run a fourth time", async () => {
    const profile = await newProfile(name, browser, site);
    const watcher = await openTab(profile, { execute: false });
    const id = await watcher.create("crash");
    let deaths = 0;
    for (let times = 1; times <= 3; times++) {
      const victim = await openTab(profile, { execute: false });
      const pid = await victim.process();
      site.onDeath(victim.name, () => {
        deaths++;
        process.kill(pid, "SIGKILL");
      });
      await victim.page.evaluate(async () => {
        await runner.close();
        void tab.open();
      });
      await watcher.until(id, "interruptions", times);
    }
    expect(deaths).toBe(3);
    expect(await watcher.ended(id)).toMatchObject({
      status: "failed",
      interruptions: 3,
      error: { code: "E_CRASH_LOOP" },
    });
    const late = await openTab(profile);
    await late.ended(await late.create("append"));
    expect(site.log.filter(({ what }) => what === "start")).toHaveLength(3);
  });

  test("a tab is frozen: it is replaced, and when it wakes up its signal aborts and it writes no more", async () => {
    const profile = await newProfile(name, browser, site);
    const { owner, id, epoch } = await alone(profile, hasty);
    await owner.freeze();
    const heir = await openTab(profile, hasty);
    await started(id, epoch + 1);
    expect(stateOf(await owner.process())).toBe("T");
    expect(await end(heir, id)).toMatchObject({ status: "completed", interruptions: 1, result: heir.name });
    await owner.thaw();
    const reason = await owner.page.evaluate((id) => tab.ended(id).then(() => tab.aborts), id);
    expect(reason).toEqual(["LostOwnershipError"]);
    // It would have said that it has ended.
    await owner.page.evaluate(() => tab.release());
    await owner.ended(await owner.create("append"));
    expect(site.log.filter(({ what }) => what === "end")).toMatchObject([{ tab: heir.name }]);
    expect(await heir.record(id)).toMatchObject({ status: "completed", result: heir.name });
    expect(await owner.page.evaluate(() => tab.errors)).toEqual([]);
  });

  test("a tab that was about to go has stayed, and is frozen: that is an interruption, and no handover", async () => {
    const profile = await newProfile(name, browser, site);
    const { owner, id, epoch } = await alone(profile, hasty);
    await owner.page.evaluate(() => dispatchEvent(new Event("beforeunload")));
    await owner.freeze();
    const heir = await openTab(profile, hasty);
    await started(id, epoch + 1);
    expect(await end(heir, id)).toMatchObject({ status: "completed", interruptions: 1, result: heir.name });
    await owner.thaw();
    await owner.ended(id);
    expect(await owner.page.evaluate(() => tab.aborts)).toEqual(["LostOwnershipError"]);
  });

  test("a page that computes for ever is replaced as one that is frozen", async () => {
    const profile = await newProfile(name, browser, site);
    const { owner, id, epoch } = await alone(profile, hasty);
    const goOn = await owner.compute();
    const heir = await openTab(profile, hasty);
    expect((await started(id, epoch + 1)).tab).toBe(heir.name);
    expect(await end(heir, id)).toMatchObject({ status: "completed", interruptions: 1, result: heir.name });
    await goOn();
    await owner.ended(id);
    expect(await owner.page.evaluate(() => tab.aborts)).toEqual(["LostOwnershipError"]);
  });
});
