// What a queue says and does when its store fails, hangs, is full, is blocked, is cleared.
import type { Browser, CDPSession } from "playwright";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Site, startSite } from "./support/site.js";
import { browserNames, launch, newProfile, openTab, type Tab } from "./support/tabs.js";

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.close());

/** What `createJob` comes to: the code of its error, or "created". */
const tried = (at: Tab, params: object = {}, options: object = {}) =>
  at.page.evaluate(
    ({ params, options }) =>
      runner.createJob("append", { ...params }, options).then(
        () => "created",
        (error) => error.code,
      ),
    { params, options },
  );

const storage = (at: Tab) => at.page.evaluate(() => runner.storage);

/** All waits are twenty times as short. */
const HURRY = "const set = setTimeout; globalThis.setTimeout = (call, wait, ...more) => set(call, wait / 20, ...more);";

describe.each(browserNames)("in %s", (name) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(name);
  });
  afterAll(() => browser?.close());

  test("a store that does not open: ready resolves, a create is refused, or the queue is this tab's alone", async () => {
    const profile = await newProfile(name, browser, site);
    const before = `indexedDB.open = undefined; Object.defineProperty(indexedDB, "open", { value() {
      throw new DOMException("The user has denied it", "SecurityError");
    } });`;
    const refused = await openTab(profile, { before, opens: false });
    expect(await tried(refused)).toBe("E_STORAGE_UNAVAILABLE");
    expect(await refused.page.evaluate(() => runner.getSnapshot())).toMatchObject({ jobs: [], connected: false });
    const alone = await openTab(profile, { before, fallback: "memory" });
    expect(await storage(alone)).toBe("memory");
    expect(await alone.ended(await alone.create("append"))).toMatchObject({ status: "completed", durable: false });
  });

  test("a store that hangs while it opens: what waits for it is told, and a tab may do without", async () => {
    const profile = await newProfile(name, browser, site);
    // It opens, and nobody is told.
    const before = `${HURRY} const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = function (...given) {
        const request = open.apply(this, given);
        request.addEventListener = () => {};
        return request;
      };`;
    const hung = await openTab(profile, { before, opens: false });
    expect(await storage(hung)).toBe("opening");
    expect(await tried(hung)).toBe("E_STORAGE_UNAVAILABLE");
    await hung.page.evaluate(() => runner.close());
    const alone = await openTab(profile, { before, fallback: "memory" });
    expect(await alone.ended(await alone.create("append"))).toMatchObject({ status: "completed", durable: false });
  });

  test("a store that an older tab blocks: a create is refused meanwhile, and all goes on when that tab has gone", async () => {
    const profile = await newProfile(name, browser, site);
    const older = await profile.context.newPage();
    await older.goto(site.address);
    // It has begun to make it anew, and does not come to an end.
    await older.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const opening = indexedDB.open("jobgate:jobgate", 1);
          opening.onupgradeneeded = () => {
            const store = opening.result.createObjectStore("unfinished");
            const goOn = () => {
              store.get(1).onsuccess = goOn;
            };
            goOn();
            resolve();
          };
        }),
    );
    const tab = await openTab(profile, { before: HURRY, opens: false });
    expect(await tried(tab)).toBe("E_STORAGE_UNAVAILABLE");
    expect(await storage(tab)).toBe("opening");
    await older.close();
    await tab.page.waitForFunction(() => runner.storage === "disk");
    expect(await tab.ended(await tab.create("append"))).toMatchObject({ status: "completed", durable: true });
    expect(site.log.filter(({ what }) => what === "append")).toHaveLength(1);
  });

  test("storage is cleared under way: the queue is lost, nobody waits for ever, and the next visit begins anew", async () => {
    const profile = await newProfile(name, browser, site);
    const owner = await openTab(profile);
    const watcher = await openTab(profile, { execute: false });
    const id = await owner.create("hold", {}, { key: "key" });
    await watcher.until(id, "status", "running");
    const end = watcher.page.evaluate(() => runner.getRunningJob("key")!.settled.then(({ type }) => type));
    const stream = watcher.page.evaluate(async (id) => {
      const reader = runner.watch(id).getReader();
      while (!(await reader.read()).done);
    }, id);
    const broken = expect(stream).rejects.toThrow(/StorageLostError/);
    const page = await profile.context.newPage();
    await page.goto(`${site.address}/clear`);
    for (const tab of [owner, watcher]) await tab.page.waitForFunction(() => runner.storage === "lost");
    expect(await end).toBe("Failed");
    await broken;
    expect(await tried(watcher)).toBe("E_STORAGE_UNAVAILABLE");
    await owner.page.waitForFunction(() => tab.aborts.length > 0);
    await watcher.page.evaluate(() => runner.close());
    expect(await owner.page.evaluate(() => tab.errors)).toEqual([]);
    await owner.page.reload();
    await owner.page.evaluate(() => tab.open());
    expect(await storage(owner)).toBe("disk");
    expect(await owner.ended(await owner.create("append"))).toMatchObject({ status: "completed" });
  });

  test("a commit that is aborted after the last success: the create rejects, and nothing was queued", async () => {
    const profile = await newProfile(name, browser, site);
    const before = `const put = IDBObjectStore.prototype.put;
      globalThis.aborted = 0;
      IDBObjectStore.prototype.put = function (value, key) {
        const request = put.call(this, value, key);
        // The last write of a transaction is that of its counter.
        if (key === "meta" && globalThis.spoils) {
          request.addEventListener("success", () => { globalThis.aborted++; this.transaction.abort(); });
        }
        return request;
      };`;
    const tab = await openTab(profile, { before, execute: false });
    const other = await openTab(profile, { execute: false });
    await tab.page.evaluate("globalThis.spoils = true");
    expect(await tried(tab)).toBe("E_STORAGE_UNAVAILABLE");
    expect(await tab.page.evaluate("globalThis.aborted")).toBe(1);
    await tab.page.evaluate("globalThis.spoils = false");
    await other.create("append", { n: 7 });
    for (const each of [tab, other]) {
      await each.page.waitForFunction(() => runner.getAllJobs().length > 0);
      expect(await each.page.evaluate(() => runner.getAllJobs().map(({ params }) => params))).toEqual([{ n: 7 }]);
    }
  });

  test("no room is left: the create says so and nothing is queued; what had been queued is done when there is", async () => {
    let devTools: CDPSession | undefined;
    const small =
      name === "firefox" ? await launch(name, { "dom.quotaManager.temporaryStorage.fixedLimit": 4096 }) : browser;
    if (small !== browser) onTestFinished(() => small.close());
    const profile = await newProfile(name, small, site);
    const page = await profile.context.newPage();
    await page.goto(site.address);
    const quota = async (quotaSize?: number) => {
      if (name !== "chromium") return;
      devTools ??= await profile.context.newCDPSession(page);
      const { origin } = new URL(site.address);
      await devTools.send("Storage.overrideQuotaForOrigin", { origin, ...(quotaSize && { quotaSize }) });
    };
    // The browser keeps in mind for a while how much room there was.
    await quota(2_000_000);
    const tab = await openTab(profile);
    const other = await openTab(profile, { execute: false });
    const held = await tab.create("hold");
    await other.until(held, "status", "running");
    const outcome = await other.page.evaluate(async () => {
      const text = Array.from({ length: 1_000_000 }, () => Math.random().toString(36)[3]).join("");
      for (let times = 0; times < 40; times++) {
        const before = runner.getQueueStats().total;
        try {
          await runner.createJob("append", { text: times + text }, { delay: 3_600_000 });
        } catch (error) {
          return { code: (error as { code: string }).code, queued: runner.getQueueStats().total - before };
        }
      }
      return undefined;
    });
    expect(outcome).toEqual({ code: "E_QUOTA", queued: 0 });
    expect(await other.record(held)).toMatchObject({ status: "running" });
    // Firefox makes no room without being started anew.
    if (name === "firefox") return;
    await quota();
    await tab.page.evaluate(() => globalThis.tab.release());
    expect(await other.ended(held)).toMatchObject({ status: "completed", interruptions: 0 });
  });

  test("a private window has a queue of its own, which is gone with it", async () => {
    // In Chromium every context of a test is one.
    const hidden = await launch(name, { "browser.privatebrowsing.autostart": true });
    onTestFinished(() => hidden.close());
    const profile = await newProfile(name, hidden, site);
    const owner = await openTab(profile, { fallback: "memory" });
    expect(["disk", "memory"]).toContain(await storage(owner));
    const id = await owner.create("hold");
    await owner.until(id, "status", "running");
    await owner.page.evaluate(() => tab.release());
    expect(await owner.ended(id)).toMatchObject({ status: "completed" });
    await profile.context.close();
    const next = await openTab(await newProfile(name, hidden, site));
    expect(await next.page.evaluate(() => runner.getAllJobs())).toEqual([]);
  });
});
