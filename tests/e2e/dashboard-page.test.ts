import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { browserNames, contextOptions, launch, type Preferences } from "./support/browser.ts";
import { DashboardPage } from "./support/dashboard-page.ts";
import { axeVariants, seriousFindings } from "./support/page.ts";
import { startSite } from "./support/site.mjs";

interface Shift {
  readonly value: number;
  readonly sources: readonly { readonly node: Node | null }[];
}

let site: Awaited<ReturnType<typeof startSite>>;

beforeAll(async () => {
  site = await startSite();
});

afterAll(() => site?.close());

/** Then: how long the page's thread had a processor since, in ms. Only Chromium tells. */
async function threadTime(page: Page): Promise<(() => Promise<number>) | undefined> {
  if (page.context().browser()?.browserType().name() !== "chromium") return undefined;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const read = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return 1000 * (metrics.find((metric) => metric.name === "TaskDuration")?.value ?? Number.NaN);
  };
  const before = await read();
  return async () => (await read()) - before;
}

/**
 * What moved from when the paused tab goes on to run its jobs until they have ended. Not what a visitor's own input has
 * moved: those who choose and open things see them move.
 */
async function movesWhileJobsRun(tab: DashboardPage, ended: () => Promise<void>): Promise<string[]> {
  await tab.detailStatus("pending");
  await tab.page.locator(".details-panel h2").scrollIntoViewIfNeeded();
  await tab.frames();
  const moves = await tab.page.evaluateHandle(() => {
    const moves: string[] = [];
    new PerformanceObserver((list) => {
      for (const { sources, value } of list.getEntries() as (PerformanceEntry & Shift)[]) {
        const what = sources.map(({ node }) => (node as Element | null)?.className ?? node?.nodeName);
        if (value > 0.002) moves.push(`${value.toFixed(4)} ${what.join(" ")}`);
      }
    }).observe({ type: "layout-shift", buffered: false });
    return moves;
  });
  await tab.button("Resume this tab").evaluate((button: HTMLButtonElement) => button.click());
  await ended();
  await tab.frames();
  return moves.evaluate((moves) => moves.splice(0, Infinity));
}

describe.each(browserNames)("the dashboard's page, in %s", { timeout: 180_000 }, (name) => {
  let browser: Browser;
  let ownBrowser: Browser | undefined;
  let context: BrowserContext | undefined;

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  afterEach(async () => {
    await context?.close();
    context = undefined;
    await ownBrowser?.close();
    ownBrowser = undefined;
  });

  const open = async (preferences: Preferences = {}, viewport: BrowserContextOptions["viewport"] = null) => {
    if (preferences.dark || preferences.reducedMotion) ownBrowser = await launch(name, preferences);
    context = await (ownBrowser ?? browser).newContext({ ...contextOptions(preferences), viewport });
    await context.addInitScript(() => {
      window.violations = [];
      addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    return DashboardPage.open(context, site.address);
  };

  /** A page with a job in each status, and one chosen. */
  const withJobs = async (...how: Parameters<typeof open>) => {
    const tab = await open(...how);
    await tab.option("Retries", "0");
    await tab.start("flaky", { failures: "9", seconds: "0.1" });
    await tab.detailStatus("failed");
    await tab.start("countdown", { seconds: "60" });
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");
    await tab.start("prime", { limit: "10000" });
    await tab.detailStatus("completed");
    await tab.startMany("countdown", { seconds: "60" }, 4);
    await tab.stat("running", 3);
    const words = "a-message-with-quite-a-long-word-that-nobody-would-want-to-type-".repeat(3);
    await tab.option("Copies", "1");
    await tab.chooseType("echo");
    await tab.fill({ message: words, delay: "99" });
    await tab.fault("delay", "from 1 to 30");
    await tab.page.getByText("The timeline as text").click();
    await tab.page.locator(".timeline-text a").first().waitFor();
    return tab;
  };

  test("the policy is strict, and nothing on the page breaks it", async () => {
    const tab = await withJobs();
    const meta = await tab.page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
    // It fetches what a visitor names: over TLS, or from the visitor's own machine.
    expect(meta).toBe(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
        "connect-src 'self' https: http://localhost:* http://127.0.0.1:* ws://localhost:* ws://127.0.0.1:*; " +
        "img-src 'self' data:; worker-src 'self' blob:; " +
        "base-uri 'none'; form-action 'none'",
    );
    expect(await tab.page.evaluate(() => window.violations)).toEqual([]);
    expect(tab.complaints).toEqual([]);
  });

  test.each(
    axeVariants(name, [
      { theme: "light", viewport: { width: 1440, height: 900 } },
      { theme: "dark", viewport: { width: 1440, height: 900 } },
      { theme: "light", viewport: { width: 360, height: 740 } },
    ]),
  )("axe finds nothing serious: $theme, $viewport.width wide", async ({ theme, viewport }) => {
    const tab = await withJobs({ dark: theme === "dark" }, viewport);
    expect(await seriousFindings(tab.page)).toEqual([]);
  });

  test("360 pixels wide: nothing scrolls sideways, and a chosen job comes into view", async () => {
    const tab = await withJobs({}, { width: 360, height: 740 });
    expect(await tab.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await tab.grid.scrollIntoViewIfNeeded();
    await tab.row("1").click();
    await tab.detailStatus("failed");
    await tab.page.waitForFunction(() => {
      const { top = -1 } = document.querySelector(".details-panel h2")?.getBoundingClientRect() ?? {};
      return top >= 0 && top < innerHeight;
    });
  });

  test("with the keyboard alone: make a job, find it, open it, cancel it, come back", async () => {
    const tab = await open();
    const { keyboard } = tab.page;
    const focused = () => tab.page.locator(":focus");
    const tabTo = async (wanted: string) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await keyboard.press("Tab");
        const name = await focused().evaluate(
          (element) =>
            element.getAttribute("aria-label") ??
            (element as HTMLInputElement).labels?.[0]?.textContent ??
            element.textContent,
        );
        if (name?.startsWith(wanted)) return;
      }
      throw new Error(`Tab never came to “${wanted}”`);
    };
    await tabTo("countdown");
    await keyboard.press("ArrowDown");
    await tab.param("limit").waitFor();
    await keyboard.press("ArrowUp");
    await tabTo("seconds");
    await keyboard.press("ControlOrMeta+a");
    await keyboard.type("60");
    await keyboard.press("Enter");
    await tab.rowStatus("1", "running");
    await keyboard.press("Enter");
    await tab.rowStatus("2", "running");
    await tabTo("Jobs");
    await keyboard.press("End");
    await keyboard.press("ArrowUp");
    await expect.poll(() => tab.grid.getAttribute("aria-activedescendant")).toBe("row-1");
    await keyboard.press("Enter");
    await tab.details.getByText("Job 1").waitFor();
    await expect.poll(() => focused().textContent()).toBe("Job 1");
    await tabTo("Cancel");
    await keyboard.press("Enter");
    await tab.detailStatus("cancelled");
    await expect.poll(() => focused().textContent()).toBe("Cancel"); // it has nothing to do any more, and keeps the focus
    await keyboard.press("Escape");
    await expect.poll(() => focused().getAttribute("aria-label")).toBe("Jobs");
    await keyboard.press("Home");
    await keyboard.press("Enter");
    await tab.details.getByText("Job 2").waitFor();
  });

  test("a thousand jobs: a few rows are drawn, the list scrolls to its end, and nothing moves about", async () => {
    const tab = await open({}, { width: 1440, height: 900 });
    await tab.button("Pause this tab").click();
    await tab.button("Resume this tab").waitFor();
    await tab.startMany("echo", { message: "many", delay: "1" }, 1000);
    await tab.stat("pending", /^1,000$/);
    await tab.row("1").waitFor();
    await expect.poll(() => tab.grid.getAttribute("aria-rowcount")).toBe("1001");
    const spent = await threadTime(tab.page);
    const { drawn, ids, moved, frames } = await tab.page.evaluate(async () => {
      const grid = document.querySelector<HTMLElement>("[role=grid]");
      if (!grid) throw new Error("no grid");
      const seen = new Set<string>();
      let [drawn, moved, frames] = [0, 0, 0];
      const watch = (type: string, note: (entry: PerformanceEntry) => void) => {
        if (PerformanceObserver.supportedEntryTypes.includes(type)) {
          new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type });
        }
      };
      watch("layout-shift", (entry) => {
        moved += (entry as PerformanceEntry & { value: number }).value;
      });
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      while (grid.scrollTop + grid.clientHeight < grid.scrollHeight - 1) {
        grid.scrollTop += 150; // 200 rows a second
        await frame();
        frames += 1;
        const rows = grid.querySelectorAll(".queue-row");
        drawn = Math.max(drawn, rows.length);
        for (const row of rows) seen.add(row.getAttribute("data-job") ?? "");
      }
      await frame();
      for (const row of grid.querySelectorAll(".queue-row")) seen.add(row.getAttribute("data-job") ?? "");
      return { drawn, ids: seen.size, moved, frames };
    });
    expect(ids).toBe(1000);
    expect(drawn).toBeLessThan(80);
    expect(moved).toBeLessThan(0.001); // of a score of which 0.1 counts as good
    expect(frames).toBeGreaterThan(50);
    if (spent) {
      const each = (await spent()) / frames;
      console.log(`${name}: ${each.toFixed(1)} ms of the page's thread a frame, in ${frames} frames of scrolling`);
      // Three frames, generously: a loaded machine takes longer, but not much more of its processors' time.
      expect(each).toBeLessThan(50);
    }
    await tab.row("1000").waitFor();
    await tab.row("1000").click();
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");
  });

  // Of layout shifts only Chromium tells.
  test.each(name === "chromium" ? [1440, 360] : [])(
    "jobs that run, are tried again, fail and finish move nothing: %d wide",
    async (width) => {
      const tab = await open({}, { width, height: 900 });
      await tab.option("Retries", "2");
      await tab.button("Pause this tab").click();
      await tab.button("Resume this tab").waitFor();
      await tab.start("flaky", { failures: "1", seconds: "1.5" });
      await tab.start("report", { pages: "30" });
      const moves = await movesWhileJobsRun(tab, async () => {
        await tab.detailStatus("completed");
        await tab.stat("completed", 2);
      });
      await tab.button("Pause this tab").click();
      await tab.button("Resume this tab").waitFor();
      await tab.start("flaky", { failures: "9", seconds: "1.5" });
      moves.push(...(await movesWhileJobsRun(tab, () => tab.detailStatus("failed"))));
      expect(moves).toEqual([]);
    },
  );

  test("the timeline moves while jobs live, stands still else, and is zoomed by buttons, keys and wheel", async () => {
    const tab = await open();
    const canvas = tab.page.locator(".timeline canvas");
    const paintings = () => canvas.evaluate((element) => Number(element.dataset.paintings));
    const span = tab.page.getByTestId("span");
    await tab.start("countdown", { seconds: "60" });
    await tab.rowStatus("1", "running");
    const before = await paintings();
    await tab.page.waitForFunction(
      (before) => Number(document.querySelector<HTMLElement>(".timeline canvas")?.dataset.paintings) > before + 5,
      before,
    );
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");
    // Numbers that grow old are told for a minute and change nothing in the picture.
    await tab.stat("throughput", 1);
    await tab.frames(); // the one that shows it, and the last of the picture
    const still = await paintings();
    const frames = (many: number) =>
      tab.page.evaluate(async (many) => {
        for (let at = 0; at < many; at += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
      }, many);
    await frames(30);
    expect(await paintings()).toBeLessThanOrEqual(still + 1);

    await tab.button("Zoom in").click();
    await span.getByText("18.8 s shown").waitFor();
    await tab.button("Zoom out").click();
    await span.getByText("30.0 s shown").waitFor();
    const timeline = tab.page.getByLabel("Timeline of the last jobs");
    await timeline.press("+");
    await span.getByText("18.8 s shown").waitFor();
    await timeline.press("-");
    await expect.poll(() => tab.button("Now").getAttribute("aria-disabled")).toBe("true");
    await timeline.press("ArrowLeft");
    await expect.poll(() => tab.button("Now").getAttribute("aria-disabled")).toBe(null);
    await timeline.press("End");
    await expect.poll(() => tab.button("Now").getAttribute("aria-disabled")).toBe("true");
    await timeline.hover();
    await tab.page.mouse.wheel(0, -400);
    await tab.page.waitForFunction(() => document.querySelector("[data-testid=span]")?.textContent !== "30.0 s shown");
    await tab.button("Fit").click();

    await tab.page.getByText("The timeline as text").click();
    const cells = tab.page.locator(".timeline-text tbody tr").first().locator("td");
    const shown = async () => (await cells.allTextContents()).filter((_, at) => at < 2 || at === 5);
    await expect.poll(shown).toEqual(["1", "countdown", "cancelled"]);
  });

  test("with less motion wished for, the timeline moves on in steps", async () => {
    const tab = await open({ reducedMotion: true });
    await tab.start("countdown", { seconds: "60" });
    await tab.rowStatus("1", "running");
    const { painted, seconds } = await tab.page.evaluate(async () => {
      const canvas = document.querySelector<HTMLElement>(".timeline canvas");
      const [first, began] = [Number(canvas?.dataset.paintings), performance.now()];
      for (let at = 0; at < 50; at += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
      return { painted: Number(canvas?.dataset.paintings) - first, seconds: (performance.now() - began) / 1000 };
    });
    // A countdown tells a number a second, and so does the picture: far fewer than frames, unless those are slow.
    expect(painted).toBeLessThan(Math.max(25, 3 * seconds));
  });
});
