import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch } from "./support/browser.ts";
import { layoutShift, openPage } from "./support/page.ts";
import { startSite } from "./support/site.mjs";

/** What each page shows when it has all that it waits for. */
const pages = {
  "": "h1",
  "try.html": "h1",
  "dashboard.html": "[data-storage=disk]",
  "chat.html": "h1",
  "recipes.html": "h1",
};

/** A phone's, a window's beside another, a desktop's. */
const widths = [390, 800, 1280];

let site: Awaited<ReturnType<typeof startSite>>;
let browser: Browser;

beforeAll(async () => {
  // The only one that measures it.
  [site, browser] = await Promise.all([startSite(), launch("chromium")]);
});

afterAll(() => Promise.all([site?.close(), browser?.close()]));

describe.each(Object.entries(pages))("/%s", (page, complete) => {
  test.each(widths)("stays where it was while it loads, %i pixels wide", async (width) => {
    const visit = await openPage(browser, `${site.address}/${page}`, { viewport: { width, height: 800 } });
    await visit.page.locator(complete).first().waitFor();
    // 0.1 counts as good; a line of small text that moves by its own length is a tenth of this.
    expect(await layoutShift(visit.page)).toBeLessThan(0.02);
    await visit.close();
  });
});
