import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { browserNames, launch } from "./support/browser.ts";
import { startTabsSite } from "./support/tabs/site.ts";

declare const client: import("jobgate/runner").QueueClient;

let site: Awaited<ReturnType<typeof startTabsSite>>;

beforeAll(async () => {
  site = await startTabsSite();
});

afterAll(() => site?.close());

describe.each(browserNames)("one runner in a SharedWorker, in %s", (name) => {
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(50_000); // sooner than the test's own, so that the message says what was missing
  });

  afterEach(() => context.close());

  async function openTab(): Promise<Page> {
    const tab = await context.newPage();
    await tab.goto(site.address);
    await tab.locator("body[data-connected=true]").waitFor({ state: "attached" });
    return tab;
  }

  const jobsOf = (tab: Page) => tab.evaluate(() => client.getSnapshot().jobs);
  const status = (tab: Page, id: string, word: string) =>
    tab.locator(`li[data-status=${word}]`, { hasText: id }).waitFor();

  test("open multiple browser tabs, verify sync", async () => {
    const [first, second] = [await openTab(), await openTab()];
    const { id } = await first.evaluate(() => client.createJob("countdown", { seconds: 60 }));
    await status(second, id, "running");
    const other = await second.evaluate(() => client.createJob("echo", { message: "<img src=x>", delay: 1 }));
    await status(first, other.id, "completed");
    await status(second, other.id, "completed");

    await second.evaluate((id) => client.cancelJob(id), id);
    await status(first, id, "cancelled");
    await status(second, id, "cancelled");
    const [here, there] = [await jobsOf(first), await jobsOf(second)];
    expect(here).toEqual(there);
    expect(here.map((job) => job.status)).toEqual(["cancelled", "completed"]);
    expect(here[1]?.result).toMatchObject({ message: "<img src=x>" });
  });

  test("a tab that comes back, or comes late, recovers the state; one that closes disturbs none", async () => {
    const first = await openTab();
    const second = await openTab();
    const { id } = await first.evaluate(() => client.createJob("countdown", { seconds: 60 }));
    await status(second, id, "running");
    // One tab stays: a SharedWorker goes with its last page.
    await second.reload();
    await status(second, id, "running");
    await first.close();
    const late = await openTab();
    await status(late, id, "running");
    await late.evaluate((id) => client.cancelJob(id), id);
    await status(second, id, "cancelled");
    await second.evaluate(() => client.clearCompleted());
    await late.waitForFunction(() => client.getSnapshot().jobs.length === 0);
  });
});
