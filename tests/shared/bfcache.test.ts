// A page that the browser puts away whole, and brings back: what drives browsers for tests has to be told to allow it.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Site, startSite } from "./support/site.js";
import { browserNames, launch, newProfile, openTab } from "./support/tabs.js";

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.close());

/** Creates a job as soon as it is back. */
const before = `addEventListener("pageshow", ({ persisted }) => {
  if (persisted) void runner.createJob("append", { text: "back" });
});`;

describe.each(browserNames)("in %s", (name) => {
  test("a page that was put away is a tab like others when it is back", async () => {
    const allowed = { "fission.bfcacheInParent": true, "browser.sessionhistory.max_total_viewers": 8 };
    const browser = await launch(name, allowed, ["--disable-back-forward-cache"]);
    onTestFinished(() => browser.close());
    const profile = await newProfile(name, browser, site);
    const started = (id: string, epoch: number) =>
      site.until((entry) => entry.what === "start" && entry.id === id && entry.epoch >= epoch);
    const away = await openTab(profile, { before });
    await away.page.goto(`${site.address}/elsewhere`);
    await away.page.evaluate(() => history.back());
    const back = await site.until(({ detail }) => (detail as { text?: string } | undefined)?.text === "back");
    expect(back.tab).toBe(away.name);

    const other = await openTab(profile);
    await other.ended(back.id);
    const id = await other.create("hold");
    const first = await started(id, 1);
    const [owner, heir] = first.tab === away.name ? [away, other] : [other, away];
    await owner.close();
    expect((await started(id, 2)).tab).toBe(heir.name);
  });
});
