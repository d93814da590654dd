// A tab dies before, amid and after each of the writes of a job's life; the job is done all the same.
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Site, startSite } from "./support/site.js";
import { browserNames, launch, newProfile, openTab } from "./support/tabs.js";

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.close());

type Moment = "before" | "amid" | "after";

/** Dies at its write of that number: counted from when it is told to. */
const dying = (name: string, moment: Moment) => `
  globalThis.writes = 0;
  globalThis.last = 0;
  const die = () => {
    const request = new XMLHttpRequest();
    request.open("GET", "/die?tab=${encodeURIComponent(name)}", false);
    request.send();
  };
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    const isLast = mode === "readwrite" && globalThis.last > 0 && ++globalThis.writes === globalThis.last;
    if (isLast && "${moment}" === "before") die();
    const made = transaction.call(this, stores, mode, options);
    if (isLast && "${moment}" === "after") made.addEventListener("complete", die);
    if (isLast && "${moment}" === "amid") made.addEventListener("success", (event) => {
      if (event.target.source?.name === "meta" && event.target.result === "meta") die();
    }, true);
    return made;
  };`;

/** The writes of one life: create, claim, start … Each in Chromium; in Firefox, whose tabs take longer to open, some. */
const WRITES = {
  chromium: Array.from({ length: 12 }, (_, index) => index + 1),
  firefox: { before: [2, 5], amid: [1, 4], after: [2, 3] },
};

describe.each(browserNames)("in %s", (name) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(name);
  });
  afterAll(() => browser?.close());

  test.each(["before", "amid", "after"] as const)("%s each write", async (moment) => {
    const profile = await newProfile(name, browser, site);
    const heir = await openTab(profile, { execute: false });
    // A tab that dies leaves a page that can be loaded anew, but with another process.
    let deaths = 0;
    const writes = name === "chromium" ? WRITES.chromium : WRITES.firefox[moment];
    for (const write of writes) {
      const from = site.log.length;
      const id = `${moment} ${write}`;
      const victim = await openTab(profile, { before: (name) => dying(name, moment), execute: true });
      const pid = await victim.process();
      const died = new Promise<void>((resolve) => {
        site.onDeath(victim.name, () => {
          process.kill(pid, "SIGKILL");
          resolve();
        });
      });
      const given = { id, write };
      const created = victim.page
        .evaluate(async ({ id, write }) => {
          Object.assign(globalThis, { last: write });
          await runner.createJob("steps", { n: 2 }, { id });
        }, given)
        .then(
          () => true,
          () => false,
        );
      const ended = victim.ended(id).catch(() => undefined);
      const isDead = await Promise.race([died.then(() => true), ended.then((record) => record === undefined)]);
      if (isDead) deaths++;
      const wasAcknowledged = await created;
      await victim.close();
      const able = await openTab(profile);
      const isThere = await able.page.evaluate((id) => runner.getJob(id) !== undefined, id);
      if (wasAcknowledged) expect(isThere).toBe(true);
      if (isThere) {
        expect(await heir.ended(id)).toMatchObject({ status: "completed", result: "done", attempt: 1 });
        const entries = site.log.slice(from).filter((entry) => entry.id === id);
        const runs = new Set(entries.map(({ epoch }) => epoch)).size;
        expect(runs).toBeLessThanOrEqual(isDead ? 2 : 1);
        // An effect comes again only where the tab died between it and its record.
        const repeated = ["step 1", "step 2"].map((step) => entries.filter(({ what }) => what === step).length);
        expect(repeated.toSorted().join()).toMatch(isDead ? /^1,[12]$/ : /^1,1$/);
      }
      await able.close();
      if (!isDead) break;
    }
    // The control: one for each write of a whole life, or for each that was chosen.
    expect(deaths).toBeGreaterThanOrEqual(Math.min(writes.length, 5));
  });
});
