import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, oneBrowser } from "./support/browser.ts";
import { openPage } from "./support/page.ts";
import { startSite } from "./support/site.mjs";

let site: Awaited<ReturnType<typeof startSite>>;

beforeAll(async () => {
  site = await startSite();
});

afterAll(() => site?.close());

test.each(oneBrowser)(
  "the documentation, in %s: from the landing page to a guide, by search to the reference, all under its policy",
  async (name) => {
    const browser = await launch(name);
    const { page, complaints, violations } = await openPage(browser, site.address);
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Docs" }).click();
    await page.getByRole("navigation").getByRole("link", { name: "Sizes and slim" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Sizes and slim" }).waitFor();
    await page.getByRole("button", { name: "Search" }).click();
    // What is typed before the index is there is searched for never.
    await page.locator("#tsd-search-status:empty").waitFor({ state: "attached" });
    await page.getByRole("combobox").fill("retryAfter");
    await page
      .getByRole("option", { name: /retryAfter/ })
      .first()
      .click();
    await page.getByRole("heading", { level: 1, name: /retryAfter/ }).waitFor();
    expect(complaints).toEqual([]);
    expect(await violations()).toEqual([]);
    await page.getByRole("link", { name: "Demos" }).first().click();
    await page.getByRole("heading", { level: 1, name: "The job manager for web apps" }).waitFor();
    await browser.close();
  },
);
