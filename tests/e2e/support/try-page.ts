import type { Browser, BrowserContextOptions, Locator, Page } from "playwright";
import { type OpenPage, openPage } from "./page.ts";

/** The "Try it" page as a visitor handles it. Everything waits on what the page shows. */
export class TryPage {
  private constructor(private readonly opened: OpenPage) {}

  static async open(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<TryPage> {
    // The service that fails twice on purpose answers 503.
    return new TryPage(await openPage(browser, `${address}/try.html`, { ...options, expected: /\/flaky\?/ }));
  }

  get page(): Page {
    return this.opened.page;
  }

  /** What the browser complained of: errors on the console, uncaught errors. */
  get complaints(): readonly string[] {
    return this.opened.complaints;
  }

  violations(): Promise<string[]> {
    return this.opened.violations();
  }

  close(): Promise<void> {
    return this.opened.close();
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  choose(label: string, value: string): Promise<unknown> {
    return this.page.getByLabel(label, { exact: true }).selectOption(value);
  }

  /** Opens "More options" and sets its number fields by label. */
  async options(numbers: Record<string, string>): Promise<void> {
    const more = this.page.locator("details", { hasText: "More options" });
    if ((await more.getAttribute("open")) === null) await more.locator("summary").click();
    for (const [label, value] of Object.entries(numbers)) {
      const field = this.page.getByLabel(label, { exact: true });
      // Typed: what a number field held before is not replaced by `fill` in every browser.
      await field.press("ControlOrMeta+a");
      await field.pressSequentially(value);
    }
  }

  /** Presses Start and returns what the manager answered. */
  async start(key: string): Promise<string | null> {
    await this.page.getByRole("textbox", { name: "Key" }).fill(key);
    await this.button("Start").click();
    return this.page.getByTestId("answer").textContent();
  }

  async startPrimes(key: string, limit: "10000000" | "500000000" | "2000000000"): Promise<string | null> {
    await this.choose("What to run", "primes");
    await this.choose("Up to", limit);
    return this.start(key);
  }

  /** Up to a number that the page does not offer: they are counted for longer than any test waits. */
  async startEndlessPrimes(key: string): Promise<string | null> {
    await this.choose("What to run", "primes");
    const limit = "100000000000";
    await this.page
      .getByLabel("Up to", { exact: true })
      .locator("option")
      .last()
      .evaluate((option: HTMLOptionElement, limit) => {
        option.value = limit;
      }, limit);
    await this.choose("Up to", limit);
    return this.start(key);
  }

  async startDownload(key: string, rate: "500000" | "2000000" | "8000000" | ""): Promise<string | null> {
    await this.choose("What to run", "download");
    await this.choose("Speed", rate);
    return this.start(key);
  }

  async startFlaky(key: string): Promise<string | null> {
    await this.choose("What to run", "flaky");
    return this.start(key);
  }

  job(key: string): JobCard {
    const heading = this.page.getByRole("heading", { level: 3, name: new RegExp(`^${key} \\S+$`) });
    return new JobCard(this.page.getByTestId("job").filter({ has: heading }));
  }

  jobCount(): Promise<number> {
    return this.page.getByTestId("job").count();
  }

  /** Waits until the log has a line of that type with that text. */
  async logged(type: string, text: string | RegExp): Promise<void> {
    await this.page.locator(`[role=log] [data-type=${type}]`, { hasText: text }).first().waitFor();
  }

  async stat(name: string, value: number): Promise<void> {
    await this.page.getByTestId(`stat-${name}`).getByText(String(value), { exact: true }).waitFor();
  }
}

export class JobCard {
  constructor(readonly card: Locator) {}

  async status(text: string): Promise<void> {
    await this.card.locator(".badge").getByText(text, { exact: true }).waitFor();
  }

  async shows(text: string | RegExp): Promise<void> {
    await this.card.getByText(text).first().waitFor();
  }

  async press(name: "Stop" | "Pause" | "Resume" | "Register a continuation" | "Raise priority"): Promise<void> {
    await this.card.getByRole("button").getByText(name, { exact: true }).click();
  }

  percent(): Promise<number> {
    return this.card.getByRole("progressbar").evaluate((bar) => (bar as HTMLProgressElement).value);
  }

  async barrier(text: RegExp): Promise<void> {
    await this.card.getByTestId("barrier").getByText(text).first().waitFor();
  }
}
