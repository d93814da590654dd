import type { BrowserContext, Locator, Page } from "playwright";
import { expect } from "vitest";
import { announced, hearAnnouncements } from "./announcements.ts";

type Storage = "opening" | "disk" | "memory" | "outdated" | "lost" | "page" | "server" | "away";

const asImage = (element: Element) => (element as HTMLCanvasElement).toDataURL();

/** The dashboard in one tab, as a visitor handles it. Everything waits on what the page shows. */
export class DashboardPage {
  /** What the browser complained of: errors on the console, uncaught errors, violations of the policy. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {}

  /** `hash`: for a job that is linked to. `storage`: what the page is to say of it. */
  static async open(
    context: BrowserContext,
    address: string,
    hash = "",
    storage: Storage = "disk",
  ): Promise<DashboardPage> {
    context.setDefaultTimeout(50_000); // sooner than the test's own, so that the message says what was missing
    const page = await context.newPage();
    const opened = new DashboardPage(page);
    page.on("pageerror", (error) => opened.complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") opened.complaints.push(message.text());
    });
    await hearAnnouncements(page);
    await page.goto(`${address}/dashboard.html${hash}`);
    await opened.storage(storage);
    return opened;
  }

  /** Chooses where jobs run. */
  runIn(place: "page" | "tabs" | "server"): Promise<void> {
    return this.page.locator(`.places input[value=${place}]`).check();
  }

  /** Waits until the page says so of its storage. */
  async storage(storage: Storage): Promise<void> {
    await this.page.locator(`[data-testid=storage][data-storage=${storage}]`).waitFor();
  }

  /** As other tabs call this one. */
  async name(): Promise<string> {
    return `tab ${await this.page.getByTestId("tab").textContent()}`;
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  chooseType(type: string): Promise<void> {
    return this.page.locator(`.type input[value="${type}"]`).check();
  }

  /** The control of a param. */
  param(name: string): Locator {
    return this.page.locator(`[data-param="${name}"] :is(input, select, textarea)`);
  }

  /** Waits until the fault beside a param's control reads so; "" for none. */
  async fault(name: string, text: string | RegExp): Promise<void> {
    await this.page.locator(`[data-param="${name}"] .field-fault`, { hasText: text }).waitFor({ state: "attached" });
  }

  async fill(params: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(params)) await type(this.param(name), value);
  }

  async option(label: string, value: string): Promise<void> {
    const more = this.page.locator(".form-panel details");
    if ((await more.getAttribute("open")) === null) await more.locator("summary").click();
    await type(this.page.getByLabel(label, { exact: true }), value);
  }

  /** Makes a job and returns its id: the page goes to it. */
  async start(type: string, params: Record<string, string> = {}): Promise<string> {
    const before = await this.selectedId();
    await this.chooseType(type);
    await this.fill(params);
    await this.button("Start job").click();
    return this.nextSelected(before);
  }

  /** The id that the address names. Asked of the page: not every driver hears of a change of the hash. */
  async selectedId(): Promise<string> {
    const hash = await this.page.evaluate(() => location.hash);
    return decodeURIComponent(hash.split("#/jobs/")[1] ?? "");
  }

  async closeDetails(): Promise<void> {
    await this.button("Close the details").click();
    await this.page.waitForFunction(() => !location.hash.startsWith("#/jobs/"));
  }

  /** Waits until the address names another job. */
  async nextSelected(before: string): Promise<string> {
    const old = `#/jobs/${encodeURIComponent(before)}`;
    await this.page.waitForFunction((old) => location.hash.startsWith("#/jobs/") && location.hash !== old, old);
    return this.selectedId();
  }

  /** Makes that many alike. */
  async startMany(type: string, params: Record<string, string>, copies: number): Promise<void> {
    await this.chooseType(type);
    await this.fill(params);
    await this.option("Copies", String(copies));
    const all = this.page.locator(".filters label").first().locator(".segment-count");
    const before = Number((await all.textContent())?.replace(",", ""));
    await this.button(`Start ${copies.toLocaleString("en")} jobs`).click();
    await all.getByText((before + copies).toLocaleString("en"), { exact: true }).waitFor();
    await this.option("Copies", "");
  }

  async stat(name: string, value: number | RegExp): Promise<void> {
    const text = typeof value === "number" ? new RegExp(`^${value}$`) : value;
    await this.page.getByTestId(`stat-${name}`).getByText(text).waitFor();
  }

  get grid(): Locator {
    return this.page.getByRole("grid", { name: "Jobs" });
  }

  row(id: string): Locator {
    return this.page.locator(`.queue-row[data-job="${id}"]`);
  }

  async rowStatus(id: string, text: string): Promise<void> {
    await this.row(id).locator(".badge").getByText(text, { exact: true }).waitFor();
  }

  /** Returns how to see which statuses rows have shown since. */
  async watchStatuses(): Promise<() => Promise<string[]>> {
    const shown = await this.page.evaluateHandle(() => {
      const shown = new Set<string>();
      new MutationObserver(() => {
        for (const { textContent } of document.querySelectorAll(".queue-row .badge")) shown.add(textContent ?? "");
      }).observe(document.body, { childList: true, characterData: true, subtree: true });
      return shown;
    });
    return () => shown.evaluate((shown) => [...shown]);
  }

  /** The ids of the rows that are drawn, from top to bottom. */
  async ids(): Promise<string[]> {
    const rows = await this.page
      .locator(".queue-row")
      .evaluateAll((rows) => rows.map((row) => [Number(row.ariaRowIndex), row.getAttribute("data-job") ?? ""]));
    return (rows as [number, string][]).sort(([a], [b]) => a - b).map(([, id]) => id);
  }

  /** Waits until the rows that are drawn are these, from top to bottom. */
  shows(...ids: string[]): Promise<void> {
    return expect.poll(() => this.ids(), { timeout: 50_000 }).toEqual(ids);
  }

  /** Waits until assistive technology has been told so. */
  announced(text: string | RegExp): Promise<void> {
    return announced(this.page, text);
  }

  filter(name: string): Promise<void> {
    return this.page.locator(`.segments input[value=${name}]`).check();
  }

  sortBy(column: string): Promise<void> {
    return this.page.locator(`.queue-head .queue-${column} button`).click();
  }

  /** The timeline as it is painted, once it stands still. */
  async picture(): Promise<string> {
    const canvas = this.page.locator(".timeline canvas");
    let [before, painted] = ["", await canvas.evaluate(asImage)];
    while (painted !== before) {
      await this.frames();
      [before, painted] = [painted, await canvas.evaluate(asImage)];
    }
    return painted;
  }

  /** Until the page has painted what it knows of by now. */
  frames(): Promise<void> {
    return this.page.evaluate(async () => {
      for (let at = 0; at < 3; at += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    });
  }

  /** Points at what ran last in the timeline's first lane, and returns where that is. */
  async hoverBar(): Promise<{ readonly x: number; readonly y: number }> {
    const canvas = this.page.locator(".timeline canvas");
    await canvas.scrollIntoViewIfNeeded();
    const { x = 0, y = 0, width = 0 } = (await canvas.boundingBox()) ?? {};
    const lane = y + 70;
    // Now is near the right edge; what ran last ends there, or a little before. What has just begun is small, and grows.
    for (let round = 0; round < 10; round += 1) {
      for (let back = 0.02; back < 0.6; back += 0.02) {
        const at = { x: x + width * (1 - back), y: lane };
        await this.page.mouse.move(at.x, at.y);
        await this.frames();
        if ((await this.page.locator(".timeline-pointed").count()) > 0) return at;
      }
    }
    throw new Error("there is nothing to point at");
  }

  get details(): Locator {
    return this.page.locator(".details-panel");
  }

  async detailStatus(text: string): Promise<void> {
    await this.details.locator(".panel-head .badge").getByText(text, { exact: true }).waitFor();
  }

  /** One of the details' buttons. */
  press(name: "Cancel" | "Retry" | "Priority up" | "Priority down" | "Copy the result"): Promise<void> {
    return this.details.getByRole("button", { name, exact: true }).click();
  }
}

/** What a number field held before is not replaced by `fill` in every browser: there it is typed. */
async function type(field: Locator, value: string): Promise<void> {
  if ((await field.getAttribute("type")) !== "number") return field.fill(value);
  await field.press("ControlOrMeta+a");
  if (value === "") await field.press("Delete");
  else await field.pressSequentially(value);
}
