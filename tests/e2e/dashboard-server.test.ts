// The dashboard's switch of where its jobs run, at the example's own server and where there is none.
import { join } from "node:path";
import type { Browser, BrowserContext } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Example, startExample } from "../server/support/example.ts";
import { launch, oneBrowser } from "./support/browser.ts";
import { DashboardPage } from "./support/dashboard-page.ts";
import { describeDashboard } from "./support/dashboards.ts";
import { seriousFindings } from "./support/page.ts";

const ON_SERVER = "?server=/&in=server";
/** Half of it is left at worst, for a worker that a busy machine puts aside keeps its job. */
const LOCK = 25_000;
let example: Example;

beforeAll(async () => {
  example = await startExample({ SITE: join(import.meta.dirname, "../../www/dist"), LOCK: `${LOCK}` });
}, 180_000);

afterAll(() => example?.stop());

describe.each(oneBrowser)("the dashboard at a server, in %s", { timeout: 180_000 }, (name) => {
  let browser: Browser;
  let context: BrowserContext;
  let tabs: DashboardPage[];

  beforeAll(async () => {
    browser = await launch(name);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    context = await browser.newContext();
    tabs = [];
  });
  afterEach(async () => {
    await context.close();
    expect(tabs.flatMap(({ complaints }) => complaints)).toEqual([]);
  });

  const open = async (search = ON_SERVER, storage: Parameters<typeof DashboardPage.open>[3] = "server") => {
    const tab = await DashboardPage.open(context, example.address, search, storage);
    tabs.push(tab);
    return tab;
  };
  const where = (tab: DashboardPage, id: string) => tab.row(id).locator(".runs-in");
  const textOf = (tab: DashboardPage, id: string) => where(tab, id).textContent();

  test("the server sends its visitors to the dashboard, which runs jobs there", async () => {
    const { status, headers } = await fetch(example.address, { redirect: "manual" });
    expect([status, headers.get("location")]).toEqual([302, `/dashboard.html${ON_SERVER}`]);
    const tab = await open();
    await tab.option("Retries", "1");
    const id = await tab.start("flaky", { failures: "1", seconds: "3" });
    await expect.poll(() => textOf(tab, id)).toMatch(/^runs in: server/);
    // Ids of one visitor begin alike: the queue shows what tells them apart.
    expect(id).toMatch(/^\w+-\d+$/);
    const cell = tab.row(id).locator(".queue-id");
    expect([await cell.textContent(), await cell.getAttribute("title")]).toEqual([id.split("-")[1], id]);
    await tab.details
      .locator(".attempts li")
      .first()
      .getByText(/, worker .+-\d+$/)
      .waitFor();
    await tab.details.getByText("Attempt 1 gives up").waitFor();
    await tab.detailStatus("completed");
    await tab.details.getByText("Attempt 2 begins").waitFor();
    await expect.poll(() => tab.details.locator(".attempts li").count()).toBe(2);
    const builtin = await tab.start("prime", { limit: "10000" });
    await tab.rowStatus(builtin, "completed");
  });

  test("the same types run in the page, in all tabs and on the server, chosen with the keyboard", async () => {
    const tab = await open("?server=/&in=page", "page");
    const types = () => tab.page.locator(".type-name").allTextContents();
    const here = await types();
    const one = await tab.start("report", { pages: "4" });
    await tab.detailStatus("completed");
    await tab.page.locator(".places input[value=page]").focus();
    await tab.page.keyboard.press("ArrowRight");
    await tab.storage("disk");
    await tab.announced("Jobs run in: all tabs");
    expect(await types()).toEqual(here);
    await tab.row(one).waitFor({ state: "detached" });
    const two = await tab.start("report", { pages: "4" });
    await tab.detailStatus("completed");
    await tab.page.locator(".places input[value=tabs]").focus();
    await tab.page.keyboard.press("ArrowRight");
    await tab.storage("server");
    await tab.announced("Jobs run in: server");
    expect(await types()).toEqual(here);
    await tab.row(two).waitFor({ state: "detached" });
    await tab.start("report", { pages: "4" });
    await tab.detailStatus("completed");
    // The address says where.
    await tab.page.reload();
    await tab.storage("server");
    await tab.stat("completed", 1);
    await tab.runIn("tabs");
    await tab.row(two).waitFor();
  });

  test("a worker that is killed in front of it: the job goes on elsewhere, in every tab's picture", async () => {
    const [tab, other] = [await open(), await open()];
    const id = await tab.start("countdown", { seconds: "60" });
    await expect.poll(() => textOf(tab, id)).toMatch(/^runs in: server, worker .+-\d+$/);
    const first = (await textOf(tab, id))!;
    await expect.poll(() => textOf(other, id)).toBe(first);
    process.kill(Number(/\d+$/.exec(first)![0]), "SIGKILL");
    const attempts = tab.details.locator(".attempts li");
    // Its lock runs out, and locks are looked at as often as they last.
    await attempts
      .nth(1)
      .getByText("running", { exact: true })
      .waitFor({ timeout: 2 * LOCK + 40_000 });
    const second = (await attempts.nth(1).locator("span").first().textContent())!.replace(
      "Attempt 2",
      "runs in: server",
    );
    expect(second).not.toBe(first);
    await expect.poll(() => textOf(tab, id)).toBe(second);
    await expect.poll(() => textOf(other, id)).toBe(second);
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");
    await other.rowStatus(id, "cancelled");
    await expect.poll(() => attempts.allTextContents()).toHaveLength(2);
    const [lost, last] = await attempts.allTextContents();
    expect(lost).toContain(first.replace("runs in: server, ", ""));
    expect(lost).toContain("its worker went away: taken over");
    expect(last).toContain("cancelled");
  });

  test("another browser sees none of it, and axe finds nothing serious", async () => {
    const tab = await open();
    await tab.stat("completed", 0);
    await tab.start("countdown", { seconds: "1" });
    await tab.detailStatus("completed");
    expect(await seriousFindings(tab.page)).toEqual([]);
  });
});

describeDashboard("the dashboard where no server is", { browsers: oneBrowser }, (visit) => {
  test("says so, and runs jobs in the page and in all tabs", async () => {
    const tab = await visit.open();
    const server = tab.page.getByRole("radio", { name: "server", exact: true });
    expect(await server.isDisabled()).toBe(true);
    const hint = await server.evaluate((input) => input.ariaDescription ?? input.getAttribute("aria-describedby"));
    expect(await tab.page.locator(`[id="${hint}"]`).textContent()).toContain("No server here");
    const shared = await tab.start("prime", { limit: "10000" });
    await tab.runIn("page");
    await tab.storage("page");
    const own = await tab.start("prime", { limit: "20000" });
    await tab.detailStatus("completed");
    await tab.shows(own);
    await tab.runIn("tabs");
    await tab.shows(shared);
  });
});
