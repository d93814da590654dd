// The demo's pages in WebKit, which Playwright can't drive as it is installed: the main way through each.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { webkit } from "../../scripts/webkit.mjs";
import { startSite } from "../e2e/support/site.mjs";

type Driver = Awaited<ReturnType<typeof webkit>>;
type Page = Awaited<ReturnType<Driver["session"]>>;

let site: Awaited<ReturnType<typeof startSite>>;
let driver: Driver;
let page: Page;

beforeAll(async () => {
  site = await startSite();
});

afterAll(() => site?.close());

// A driver has one session at a time, and what a page stores is there as long.
beforeEach(async () => {
  driver = await webkit();
  page = await driver.session();
});

/** What the page that is looked at has complained of since it was opened. */
const complaints = (): Promise<unknown> => page.run("arguments[0](window.complaints)");

afterEach(async () => {
  const complained = await complaints().finally(() => driver.close());
  expect(complained).toEqual([]);
});

async function open(name: string): Promise<void> {
  await page.open(`${site.address}/${name}`);
  await page.run(`
    window.complaints = [];
    addEventListener("error", ({ message }) => complaints.push(message));
    addEventListener("unhandledrejection", ({ reason }) => complaints.push(String(reason)));
    addEventListener("securitypolicyviolation", ({ violatedDirective }) => complaints.push(violatedDirective));
    arguments[0]();`);
}

const button = (name: string) => `//button[normalize-space()='${name}']`;
const field = (label: string) => `//*[@id=//label[normalize-space()='${label}']/@for]`;
const badge = (text: string) => `//*[contains(@class,'badge')][normalize-space()='${text}']`;
const saying = (text: string) => `//*[contains(normalize-space(),'${text}')]`;

describe("try it", () => {
  const card = (key: string) => `//*[@data-testid='job'][.//*[@class='job-key'][.='${key}']]`;
  const download = async (key: string, speed: string) => {
    await page.fill(field("Key"), key);
    await page.click(`${field("What to run")}/option[@value='download']`);
    await page.click(`${field("Speed")}/option[@value='${speed}']`);
    await page.click(button("Start"));
  };

  test("a download runs to its end: every byte arrives", async () => {
    await open("try.html");
    await download("whole", "");
    await page.text(`${card("whole")}${badge("completed")}`);
    expect(await page.text(card("whole"))).toMatch(/Normal: 24\.0 MB, checksum [0-9a-f]{8} as the server says/);
  });

  test("one that is stopped half-way closes its connection, and then ends", async () => {
    await open("try.html");
    await download("report", "500000");
    await page.text(`${card("report")}${saying("MB of 24.0 MB")}`);
    await page.click(`${card("report")}${button("Stop")}`);
    await page.text(`${card("report")}${badge("cancelled")}`);
    await page.text(`${card("report")}${saying("connection closed early after")}`);
  });
});

describe("the dashboard", () => {
  const disk = "//*[@data-testid='storage'][@data-storage='disk']";
  const start = async (type: string, params: Record<string, string>) => {
    await page.click(`//label[.//input[@value='${type}']]`);
    for (const [name, value] of Object.entries(params)) await page.fill(`//*[@data-param='${name}']//input`, value);
    await page.click(button("Start job"));
  };
  const details = "//*[contains(@class,'details-panel')]";

  test("a countdown is submitted, and completes", async () => {
    await open("dashboard.html");
    await page.text(disk);
    await start("countdown", { seconds: "1" });
    await page.text(`${details}${badge("completed")}`);
  });

  test("opened again while the browser keeps the page that was, it goes on", async () => {
    for (const _ of ["first", "again"]) {
      await open("dashboard.html");
      await page.text(disk);
      await start("countdown", { seconds: "1" });
      await page.text(`${details}${badge("completed")}`);
    }
  });

  test("two tabs have one queue; what ran in one that is closed goes on in the other", async () => {
    await open("dashboard.html");
    await page.text(disk);
    const first = await page.tab();
    const second = await page.newTab();
    await page.switchTo(second);
    await open("dashboard.html");
    await page.text(disk);
    await page.switchTo(first);
    await start("countdown", { seconds: "20" });
    await page.text(`${details}${badge("running")}`);
    const hash = (await page.run("arguments[0](location.hash)")) as string;
    expect(await complaints()).toEqual([]);
    await page.closeTab();
    await page.switchTo(second);
    await page.text(`//*[@data-job='${decodeURIComponent(hash.slice("#/jobs/".length))}']${badge("completed")}`);
  });
});

describe("the chat with its script", () => {
  test("an answer streams, and is drawn as Markdown", async () => {
    await open("chat.html");
    await page.click(button("Introduce yourself"));
    await page.text("//*[@data-testid='status'][normalize-space()='done']");
    expect(await page.text("//article[@aria-label='Model']//pre//code")).toContain('createWorker({ name: "Ada" })');
  });
});
