import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserNames, contextOptions, launch, type Preferences } from "./support/browser.ts";
import { type OpenPage, openPage, seriousFindings } from "./support/page.ts";
import { startSite } from "./support/site.mjs";

const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");

let site: Awaited<ReturnType<typeof startSite>>;

beforeAll(async () => {
  site = await startSite();
});

afterAll(() => site?.close());

describe.each(browserNames)("the landing page, in %s", (name) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  /** Visits, and holds that the browser had nothing to complain of. */
  async function visit(look: (opened: OpenPage) => Promise<void>, preferences: Preferences = {}, width = 1160) {
    const ownBrowser = preferences.dark ? await launch(name, preferences) : undefined;
    const options = { ...contextOptions(preferences), viewport: { width, height: 800 } };
    const opened = await openPage(ownBrowser ?? browser, site.address, options);
    await look(opened);
    expect(opened.complaints).toEqual([]);
    expect(await opened.violations()).toEqual([]);
    await opened.close();
    await ownBrowser?.close();
  }

  test("its first code is the README's, and so are its sizes", () =>
    visit(async ({ page }) => {
      const code = await page.getByLabel("The first lines of code").textContent();
      expect(code).toContain("jobs.runJob(");
      expect(readme).toContain(`\`\`\`ts\n${code}\n\`\`\``);
      const sizes = await page.locator(".sizes > div").allTextContents();
      expect(sizes.length).toBeGreaterThan(2);
      for (const text of sizes) {
        const [, entry, size] = /^(jobgate[a-z/-]*)([\d.]+ KB)/.exec(text) ?? [];
        expect(readme).toContain(`| \`${entry}\` | ${size} |`);
      }
    }));

  test("every page it names is there, and names it in turn", () =>
    visit(async ({ page }) => {
      const names = await page.locator(".demos a").allTextContents();
      expect(names).toEqual(["Try it", "Dashboard", "Chat", "Recipes"]);
      for (const linked of names) {
        await page.locator(".demos").getByRole("link", { name: linked, exact: true }).click();
        await page
          .getByRole("navigation", { name: "Pages" })
          .locator("[aria-current=page]")
          .getByText(linked)
          .waitFor();
        await page.getByRole("link", { name: "jobgate", exact: true }).click();
        await page.getByRole("heading", { level: 1, name: "The job manager for web apps" }).waitFor();
      }
    }));

  test("its recipes are those of their page, and each link leads to its own", () =>
    visit(async ({ page }) => {
      const listed = () =>
        page
          .locator(".recipe-links a, nav[aria-label=Recipes] a")
          .evaluateAll((links) => links.map((link) => [(link as HTMLAnchorElement).hash, link.textContent]));
      const here = await listed();
      expect(here).toHaveLength(10);
      for (const [hash, title] of here) {
        await page
          .locator(".recipe-links")
          .getByRole("link", { name: title ?? "", exact: true })
          .click();
        await page
          .locator(`${hash}:target`)
          .getByRole("heading", { level: 2, name: title ?? "", exact: true })
          .waitFor();
        await expect.poll(() => listed()).toEqual(here);
        await page.getByRole("link", { name: "jobgate", exact: true }).click();
        await page.getByRole("heading", { level: 1, name: "The job manager for web apps" }).waitFor();
      }
    }));

  test.each([
    ["light", 1160],
    ["dark", 1160],
    ["light", 360],
  ])("in the %s theme, %d pixels wide: axe finds nothing serious, nothing scrolls sideways", (theme, width) =>
    visit(
      async ({ page }) => {
        expect(await seriousFindings(page)).toEqual([]);
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(widest).toBeLessThanOrEqual(width);
      },
      { dark: theme === "dark" },
      width,
    ),
  );
});
