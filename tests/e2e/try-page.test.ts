import type { Browser, BrowserContextOptions } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { browserNames, contextOptions, launch, type Preferences } from "./support/browser.ts";
import { axeVariants, seriousFindings, slowAnswers } from "./support/page.ts";
import { startSite } from "./support/site.mjs";
import { TryPage } from "./support/try-page.ts";

let site: Awaited<ReturnType<typeof startSite>>;

beforeAll(async () => {
  site = await startSite();
});

afterAll(() => site?.close());

describe.each(browserNames)("the page itself, in %s", (name) => {
  let browser: Browser;
  let ownBrowser: Browser | undefined;
  let visit: TryPage | undefined;

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  afterEach(async () => {
    await visit?.close();
    visit = undefined;
    await ownBrowser?.close();
    ownBrowser = undefined;
  });

  const open = async (preferences: Preferences = {}, viewport: BrowserContextOptions["viewport"] = null) => {
    if (preferences.dark || preferences.reducedMotion) ownBrowser = await launch(name, preferences);
    const options = { ...contextOptions(preferences), viewport };
    visit = await TryPage.open(ownBrowser ?? browser, site.address, options);
    return visit;
  };

  const background = (visit: TryPage) =>
    visit.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

  /** A page with a job in each status. */
  const withJobs = async (...how: Parameters<typeof open>) => {
    const visit = await open(...how);
    await visit.choose("Running at once", "1");
    await visit.options({ Retries: "0", "Tidy up, ms": "0" });
    await visit.startFlaky("failed");
    await visit.job("failed").status("failed");
    await visit.startPrimes("completed", "10000000");
    await visit.job("completed").status("completed");
    await visit.startDownload("running-with-quite-a-long-key-that-nobody-would-want-to-type", "500000");
    await visit.startDownload("cancelled", "500000");
    await visit.job("cancelled").press("Stop");
    await visit.job("cancelled").press("Register a continuation");
    await visit.startDownload("pending", "500000");
    await visit.job("pending").status("pending");
    await visit.button("Add a listener").click();
    await visit.button("Next value").click();
    return visit;
  };

  test("the policy is strict, in the page and in the header, and breaking it is noticed", async () => {
    const visit = await open();
    const header = (await fetch(`${site.address}/try.html`)).headers.get("content-security-policy") ?? "";
    const meta = await visit.page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
    for (const policy of [header, meta ?? ""]) {
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
      expect(policy).toContain("style-src 'self';");
      expect(policy).not.toMatch(/'unsafe-inline'|'unsafe-eval'|https?:/);
    }
    expect(await visit.violations()).toEqual([]);
    await visit.page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.ranInline = true";
      document.head.append(script);
    });
    await visit.page.waitForFunction(() => window.violations.length > 0);
    expect(await visit.page.evaluate(() => "ranInline" in window)).toBe(false);
  });

  test("light and dark: the system's choice, the visitor's choice, kept over a reload", async () => {
    const inLight = await open();
    const light = await background(inLight);
    await inLight.close();
    const visit = await open({ dark: true });
    const dark = await background(visit);
    expect(dark).not.toBe(light);

    await visit.button("Light theme").click();
    expect(await background(visit)).toBe(light);
    await visit.page.reload();
    await visit.button("Dark theme").waitFor();
    expect(await background(visit)).toBe(light);
    await visit.button("Dark theme").click();
    expect(await background(visit)).toBe(dark);
  });

  test("360 pixels wide: nothing scrolls sideways", async () => {
    const visit = await withJobs({}, { width: 360, height: 740 });
    const widest = await visit.page.evaluate(() => document.documentElement.scrollWidth);
    expect(widest).toBeLessThanOrEqual(360);
  });

  test("what a slow frame measures moves nothing: a press and its release meet the same button", async () => {
    const visit = await open();
    const place = () => visit.button("Next value").evaluate((button) => button.getBoundingClientRect().top + scrollY);
    const before = await place();
    await visit.page.evaluate(() => {
      const until = performance.now() + 1200;
      while (performance.now() < until);
    });
    await visit.page
      .getByTestId("longest-gap")
      .getByText(/^\d{4,}$/)
      .waitFor();
    expect(await place()).toBe(before);
  });

  test("with the keyboard alone: start, watch, stop, register a continuation", async () => {
    const visit = await open();
    await slowAnswers(visit.page, 200_000);
    const { keyboard } = visit.page;
    const focused = () => visit.page.locator(":focus");
    const tabTo = async (wanted: string) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await keyboard.press("Tab");
        const name = await focused().evaluate(
          (element) =>
            element.getAttribute("aria-label") ??
            (element as HTMLInputElement).labels?.[0]?.textContent ??
            element.textContent,
        );
        const outline = await focused().evaluate((element) => getComputedStyle(element).outlineStyle);
        expect(outline, `the focus on “${name}” is visible`).not.toBe("none");
        if (name?.startsWith(wanted)) return;
      }
      throw new Error(`Tab never came to “${wanted}”`);
    };
    await tabTo("Skip to the page");
    await keyboard.press("Enter");
    await tabTo("Key");
    await keyboard.press("ControlOrMeta+a");
    await keyboard.type("by keyboard");
    await keyboard.press("Enter");
    await visit.job("by keyboard").status("running");
    await tabTo("Pause ");
    await keyboard.press("Enter");
    await visit.job("by keyboard").status("running, paused");
    await tabTo("Stop ");
    await keyboard.press("Space");
    await visit.job("by keyboard").status("cancelled");
    await expect.poll(() => focused().getAttribute("data-testid")).toBe("job"); // the button has gone, its card holds the focus
    await tabTo("Register a continuation on ");
    await keyboard.press("Enter");
    await visit.job("by keyboard").shows(/^registered after the end, called with Cancelled/);
    await tabTo("Events, newest first");
  });

  test.each(axeVariants(name, ["light", "dark"] as const))(
    "axe finds nothing serious in the %s theme",
    async (theme) => {
      const visit = await withJobs({ dark: theme === "dark" });
      expect(await seriousFindings(visit.page)).toEqual([]);
    },
  );

  test("what glides stands still for a visitor who asks for less motion", async () => {
    const glide = (visit: TryPage) =>
      visit.button("Start").evaluate((button) => Number.parseFloat(getComputedStyle(button).transitionDuration));
    const usual = await open();
    expect(await glide(usual)).toBeGreaterThan(0);
    await usual.close();
    expect(await glide(await open({ reducedMotion: true }))).toBe(0);
  });
});
