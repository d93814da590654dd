import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContextOptions, Page } from "playwright";
import { hearAnnouncements } from "./announcements.ts";

declare global {
  interface Window {
    violations: string[];
  }
}

/** A page in a context of its own, with all that the browser complained of. */
export interface OpenPage {
  readonly page: Page;
  /** Errors on the console and uncaught errors. */
  readonly complaints: string[];
  /** Violations of the content security policy. */
  violations(): Promise<string[]>;
  close(): Promise<void>;
}

/** `expected` are addresses whose refusals the page brings about on purpose: browsers report those as errors. */
export async function openPage(
  browser: Browser,
  url: string,
  { expected, ...options }: BrowserContextOptions & { expected?: RegExp } = {},
): Promise<OpenPage> {
  const context = await browser.newContext(options);
  await context.addInitScript(() => {
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => {
      window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  context.setDefaultTimeout(50_000); // sooner than the test's own, so that the message says what was missing
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    const foreseen = expected?.test(message.location().url) || expected?.test(message.text());
    if (message.type() === "error" && !foreseen) complaints.push(message.text());
  });
  await hearAnnouncements(page);
  await page.goto(url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return {
    page,
    complaints,
    violations: () => page.evaluate(() => window.violations),
    close: () => context.close(),
  };
}

/** From here on the page asks for files so slow, in bytes a second, that a busy machine, too, finds them on their way. */
export function slowAnswers(page: Page, rate = 4): Promise<void> {
  return page.evaluate((rate) => {
    const { fetch } = window;
    window.fetch = (input, init) =>
      fetch(typeof input === "string" ? input.replace(/rate=\d+/, `rate=${rate}`) : input, init);
  }, rate);
}

/** From here on the page sends no such request, until what is returned is called or the request's signal aborts. */
export async function holdRequests(page: Page, method: string, address: RegExp): Promise<() => Promise<void>> {
  const release = await page.evaluateHandle(
    ([method, address]) => {
      const { fetch } = window;
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      window.fetch = async (input, init = {}) => {
        const { method: asked = "GET", signal } = init;
        if (asked === method && address.test(String(input))) {
          signal?.throwIfAborted();
          await new Promise<void>((resolve, reject) => {
            signal?.addEventListener("abort", () => reject(signal.reason));
            void released.then(resolve);
          });
        }
        return fetch(input, init);
      };
      return release;
    },
    [method, address] as const,
  );
  return () => release.evaluate((release) => release());
}

/** As Chromium has it; what follows a press within half a second is not counted. */
interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
}

/** How far things have moved by themselves since the page began, as a score: https://web.dev/articles/cls. 0 elsewhere. */
export function layoutShift(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const shifts = await new Promise<readonly PerformanceEntry[]>((resolve) => {
      const observer = new PerformanceObserver((list) => resolve(list.getEntries()));
      const knows = PerformanceObserver.supportedEntryTypes.includes("layout-shift");
      if (knows) observer.observe({ type: "layout-shift", buffered: true });
      // Without a shift nobody is called: whatever was buffered is by then.
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(observer.takeRecords())));
    });
    return (shifts as readonly LayoutShift[])
      .filter(({ hadRecentInput }) => !hadRecentInput)
      .reduce((sum, { value }) => sum + value, 0);
  });
}

/** What axe reads is the same in each engine: the second looks at the last variant alone. */
export const axeVariants = <T>(browser: string, variants: readonly T[]): readonly T[] =>
  browser === "chromium" ? variants : variants.slice(-1);

/** What axe finds serious or critical, a line each. What it reads is the same in each engine: one is asked. */
export async function seriousFindings(page: Page): Promise<string[]> {
  if (page.context().browser()?.browserType().name() !== "chromium") return [];
  // Its usual mode reads what it found once more, in another page, for frames of other origins.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  const { violations, passes } = await axe.analyze();
  if (passes.length < 10) throw new Error(`axe looked at nearly nothing: ${passes.length} rules`);
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}
