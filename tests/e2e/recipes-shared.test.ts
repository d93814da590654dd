import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { announced, hearAnnouncements } from "./support/announcements.ts";
import { browserNames, launch } from "./support/browser.ts";
import { holdRequests } from "./support/page.ts";
import { startSite } from "./support/site.mjs";

let site: Awaited<ReturnType<typeof startSite>>;

beforeAll(async () => {
  site = await startSite();
});

afterAll(() => site?.close());

/** Jobs that belong to the origin: what is begun in one tab goes on in another. */
describe.each(browserNames)("recipes of the shared queue, in %s", (name) => {
  let browser: Browser;
  let context: BrowserContext;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(50_000); // sooner than the test's own, so that the message says what was missing
    complaints = [];
  });

  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  async function open(): Promise<Page> {
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    await hearAnnouncements(page);
    await page.goto(`${site.address}/recipes.html`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    return page;
  }

  const press = (page: Page, recipe: string, name: string) =>
    page.getByTestId(`recipe-${recipe}`).getByRole("button", { name, exact: true }).click();
  const fromServer = async (path: string) => (await fetch(`${site.address}${path}`)).json();
  const deliveries = (of: string) => fromServer(`/api/deliveries?of=${of}`);

  /** This tab sends no more than four of an upload's parts. */
  const holdParts = (page: Page) => holdRequests(page, "PUT", /offset=(?!(0|131072|262144|393216)$)/);

  /** Starts one and waits until the server has four parts of it. Returns the file's name. */
  async function beginUpload(page: Page): Promise<string> {
    await holdParts(page);
    await press(page, "lasting-upload", "Upload 2 MB made here");
    const uploads = page.getByTestId("lasting-uploads");
    await uploads.getByText("sent 524288 of 2000000 bytes", { exact: true }).waitFor();
    return (await uploads.locator("[data-status]").first().getAttribute("data-testid"))!;
  }

  const uploaded = (page: Page, file: string) =>
    page.getByTestId(file).getByText("2000000 bytes", { exact: true }).waitFor();

  test("an upload goes on after a reload, where it was, and is on the server once", async () => {
    const page = await open();
    const file = await beginUpload(page);
    await page.reload();
    await uploaded(page, file);
    const [delivery, ...others] = await deliveries(file);
    expect(others).toEqual([]);
    expect(delivery).toMatchObject({ name: file, bytes: 2_000_000 });
    // 16 parts: at most the one that was on its way came again.
    expect(delivery.requests).toBeLessThanOrEqual(17);
    await expect
      .poll(() => page.evaluate(async () => (await (await caches.open("files to upload")).keys()).length))
      .toBe(0);
  });

  test("an upload goes on in the tab that is left", async () => {
    const [page, other] = [await open(), await open()];
    // Either may have begun it.
    const goOn = await holdParts(other);
    const file = await beginUpload(page);
    await page.close();
    await goOn();
    await uploaded(other, file);
    expect(await deliveries(file)).toHaveLength(1);
  });

  test("an upload goes on at the next visit, when no tab was left", async () => {
    const page = await open();
    const file = await beginUpload(page);
    await page.close();
    const later = await open();
    await uploaded(later, file);
    expect(await deliveries(file)).toHaveLength(1);
  });

  test("a removed upload is on the server never, and its bytes leave the shelf", async () => {
    const page = await open();
    const file = await beginUpload(page);
    await announced(page, new RegExp(`${file}: running`));
    // Neither its bar nor its steps are read out.
    expect(await page.locator("main :is([aria-live], [role=alert])", { has: page.locator("progress") }).count()).toBe(
      0,
    );
    await press(page, "lasting-upload", "Remove the unfinished");
    await page.locator(`[data-testid="${file}"][data-status="cancelled"]`).waitFor();
    await announced(page, new RegExp(`${file}: cancelled`));
    await expect
      .poll(() => page.evaluate(async () => (await (await caches.open("files to upload")).keys()).length))
      .toBe(0);
    expect(await deliveries(file)).toEqual([]);
  });

  test("an import goes on after reloads with the step that it was at: each part is sent once", async () => {
    const page = await open();
    await press(page, "import", "Import twelve parts");
    const imports = page.getByTestId("imports");
    await imports.getByText(/^(part ([4-9]|1\d) of 12|the server .+)$/).waitFor();
    const id = await imports.getAttribute("data-import");
    await page.reload();
    await imports.getByText(/^(part ([89]|1\d) of 12|the server .+)$/).waitFor();
    await page.reload();
    await imports.getByText("the server has 12 parts").waitFor();
    const { lines, requests } = await fromServer(`/api/imports/${id}`);
    expect(lines).toEqual(Array.from({ length: 12 }, (_, at) => `part ${at + 1}`));
    // Besides, at each reload the part that was on its way, with the three tries that it has more in a page that is slow
    // to go. Begun anew each time it would be 24.
    expect(requests).toBeLessThanOrEqual(20);
  });

  test("an import is one, whichever tab asks, and any tab stops it", async () => {
    const [page, other] = [await open(), await open()];
    for (const tab of [page, other]) await holdRequests(tab, "POST", /line=part\+([4-9]|1\d)$/);
    await press(page, "import", "Import twelve parts");
    await other
      .getByTestId("imports")
      .getByText(/^part \d+ of 12$/)
      .waitFor();
    await press(other, "import", "Stop the import");
    await page.locator("[data-testid=import][data-status=cancelled]").waitFor();
  });
});
