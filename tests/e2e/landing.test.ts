import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { announced } from "./support/announcements.ts";
import { browserNames, contextOptions, launch, type Preferences } from "./support/browser.ts";
import {
  axeVariants,
  holdRequests,
  layoutShift,
  type OpenPage,
  openPage,
  seriousFindings,
  slowAnswers,
} from "./support/page.ts";
import { startSite } from "./support/site.mjs";

/** Of the live job's download, in bytes a second: two minutes. */
const RATE = 200_000;

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

  test("a live job: started once, watched, stopped, and its barrier opens", () =>
    visit(async ({ page }) => {
      const live = page.getByTestId("live-job");
      await slowAnswers(page, RATE);
      await live.getByRole("button", { name: "Start a download" }).click();
      await live.getByText("JOB_CREATED").waitFor();
      await live.getByRole("button", { name: "Start it again" }).click();
      await live.getByText("JOB_ALREADY_RUNNING").waitFor();
      await page
        .getByTestId("live-said")
        .getByText(/(0\.[1-9]|[1-9]\.\d|1\d\.\d) MB of 24\.0 MB/)
        .waitFor();
      await announced(page, "The download: running");
      const letTheServerSay = await holdRequests(page, "GET", /^\/download-log/);
      await live.getByRole("button", { name: "Stop", exact: true }).click();
      await announced(page, "The download: stopping");
      await letTheServerSay();
      await page.locator("[data-testid=barrier][data-open=true]").waitFor();
      await announced(page, "The download: cancelled");
      await page.getByTestId("live-said").getByText("connection closed early").waitFor();
    }));

  test("nothing on it moves: neither while it loads nor when its job runs", () =>
    visit(async ({ page }) => {
      const places = () =>
        page
          .locator(".panel")
          .evaluateAll((panels) => panels.map((panel) => Math.round(panel.getBoundingClientRect().top + scrollY)));
      const before = await places();
      const live = page.getByTestId("live-job");
      await slowAnswers(page, RATE);
      await live.getByRole("button", { name: "Start a download" }).click();
      await page
        .getByTestId("live-said")
        .getByText(/(0\.[2-9]|[1-9]\.\d|1\d\.\d) MB of 24\.0 MB/)
        .waitFor(); // after a second
      expect(await places()).toEqual(before);
      await live.getByRole("button", { name: "Stop", exact: true }).click();
      await page.locator("[data-testid=barrier][data-open=true]").waitFor();
      expect(await places()).toEqual(before);
      expect(await layoutShift(page)).toBe(0);
      const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
      console.log(`the landing page's first contentful paint in ${name}: ${Math.round(paint ?? Number.NaN)} ms`);
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
          .evaluateAll((links) => links.map((link) => [(link as HTMLAnchorElement).href, link.textContent]));
      const here = await listed();
      expect(here).toHaveLength(13);
      const recipes = here.map(([href, title]) => ({ hash: new URL(href ?? "").hash, title: title ?? "" }));
      await page.locator(".recipe-links a").first().click();
      await page.locator(`${recipes[0]?.hash}:target`).waitFor();
      await expect.poll(() => listed()).toEqual(here);
      for (const { hash, title } of recipes) {
        await page.locator(hash).getByRole("heading", { level: 2, name: title, exact: true }).waitFor();
      }
    }));

  test("each guide it names is there", () =>
    visit(async ({ page }) => {
      const links = await page
        .locator(".guide-links a")
        .evaluateAll((links) => links.map((link) => [(link as HTMLAnchorElement).href, link.textContent]));
      expect(links.length).toBe(readdirSync(join(import.meta.dirname, "../../docs/guides")).length);
      for (const [href, title] of links) {
        const answer = await fetch(href ?? "");
        expect(answer.status).toBe(200);
        expect(await answer.text()).toContain(`<title>${title} | jobgate</title>`);
      }
    }));

  test.each(
    axeVariants(name, [
      ["light", 1160],
      ["dark", 1160],
      ["light", 360],
    ] as const),
  )("in the %s theme, %d pixels wide: axe finds nothing serious, nothing scrolls sideways", (theme, width) =>
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
