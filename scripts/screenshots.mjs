// Takes the README's pictures of the demo pages into www/screenshots; arguments name some of them.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import buildSite, { startSite } from "../tests/e2e/support/site.mjs";
import { launchOptions } from "./browsers.mjs";
import { main, root } from "./run.mjs";

const folder = join(root, "www/screenshots");

const tryIt = { path: "/try.html", fill: fillTryPage };
const dashboard = { path: "/dashboard.html", fill: fillDashboard };
const chat = { path: "/chat.html", fill: fillChat };
const shots = [
  { ...tryIt, name: "light", viewport: { width: 1160, height: 940 }, colorScheme: "light" },
  { ...tryIt, name: "dark", viewport: { width: 1160, height: 940 }, colorScheme: "dark" },
  { ...tryIt, name: "narrow", viewport: { width: 390, height: 1300 }, colorScheme: "light" },
  { ...dashboard, name: "dashboard-light", viewport: { width: 1440, height: 1000 }, colorScheme: "light" },
  { ...dashboard, name: "dashboard-narrow", viewport: { width: 390, height: 1300 }, colorScheme: "light" },
  { ...chat, name: "chat-light", viewport: { width: 1160, height: 900 }, colorScheme: "light" },
  { ...chat, name: "chat-dark", viewport: { width: 1160, height: 900 }, colorScheme: "dark" },
  { ...chat, name: "chat-narrow", viewport: { width: 390, height: 1150 }, colorScheme: "light" },
  {
    ...dashboard,
    fill: fillWithMany,
    name: "dashboard-many",
    viewport: { width: 1920, height: 1080 },
    colorScheme: "dark",
  },
];

/** One job that failed and recovered, one that was stopped half-way, two that run. */
async function fillTryPage(page) {
  const card = (text) => page.getByTestId("job").filter({ hasText: text });
  const start = async (key, work) => {
    await page.getByRole("textbox", { name: "Key" }).fill(key);
    await page.getByLabel("What to run").selectOption(work);
    await page.getByRole("button", { name: "Start", exact: true }).click();
  };
  await start("prices", "flaky");
  await start("holiday.zip", "download");
  await card("holiday.zip")
    .getByText(/^3\.\d MB of/)
    .waitFor();
  await card("holiday.zip").getByRole("button", { name: "Stop" }).click();
  await card("holiday.zip").getByText("barrier open").waitFor();
  await card("holiday.zip").getByRole("button", { name: "Register" }).click();
  await card("prices").getByText("answered on attempt 3").waitFor();
  await start("primes", "primes");
  await start("report", "download");
  await card("report")
    .getByText(/^3\.\d MB of/)
    .waitFor();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByTestId("answer").getByText("JOB_ALREADY_RUNNING").waitFor();
}

/** Chooses a type, fills its fields, and starts that many. */
async function startJobs(page, type, params = {}, copies = 1) {
  await page.locator(`.type input[value=${type}]`).check();
  for (const [name, value] of Object.entries(params)) {
    await page.locator(`[data-param=${name}] :is(input, textarea)`).fill(value);
  }
  const more = page.locator(".form-panel details");
  if (copies > 1) {
    if ((await more.getAttribute("open")) === null) await more.locator("summary").click();
    await page.getByLabel("Copies", { exact: true }).fill(String(copies));
  } else if ((await more.getAttribute("open")) !== null) {
    await page.getByLabel("Copies", { exact: true }).fill("1");
    await more.locator("summary").click();
  }
  await page.locator(".form-panel [type=submit]").click();
}

/** Jobs of several types: some ended, some tried again, one failed, three that run and some that wait. */
async function fillDashboard(page) {
  await page.locator("[data-storage=disk]").waitFor();
  await startJobs(page, "report", { title: "Annual report", pages: "24" }, 2);
  await startJobs(page, "flaky", { failures: "1", seconds: "1.2" }, 3);
  await startJobs(page, "sieve", { limit: "100000000" }, 2);
  await startJobs(page, "countdown", { seconds: "4" }, 6);
  await startJobs(page, "report", { title: "Minutes of the meeting", pages: "60" }, 5);
  await page.locator(".queue-row[data-job='2'] .badge[data-tone=good]").waitFor();
  await page.locator(".queue-row[data-job='2']").click();
  await page.waitForFunction(() => Number(document.querySelector("[data-testid=stat-completed]")?.textContent) > 10);
  await page.getByRole("button", { name: "Fit", exact: true }).click();
  await page.evaluate(() => scrollTo(0, 0));
}

/** A thousand jobs and a few. */
async function fillWithMany(page) {
  await page.locator("[data-storage=disk]").waitFor();
  await startJobs(page, "flaky", { failures: "2", seconds: "0.5" }, 4);
  await startJobs(page, "report", { title: "Annual report", pages: "30" }, 6);
  await startJobs(page, "countdown", { seconds: "3" }, 12);
  await startJobs(page, "prime", { limit: "30000" }, 40);
  await startJobs(page, "echo", { message: "Good morning", delay: "1" }, 1000);
  const many = () => Number(document.querySelector("[data-testid=stat-completed]")?.textContent) > 80;
  await page.waitForFunction(many, undefined, { timeout: 120_000 });
  await page.locator(".queue-row").nth(1).click();
  await page.getByRole("button", { name: "Fit", exact: true }).click();
  await page.evaluate(() => scrollTo(0, 0));
}

/** One conversation that was answered, one that failed, one that is being answered, and one whose tool asks. */
async function fillChat(page) {
  const composer = page.getByLabel("Message", { exact: true });
  const status = (text) => page.getByTestId("status").getByText(text, { exact: true }).waitFor();
  const say = async (prompt) => {
    await composer.fill(prompt);
    await composer.press("Enter");
  };
  const begin = () => page.getByRole("button", { name: "New conversation" }).click();
  await say("Fail once, please");
  await status("failed");
  await begin();
  await say("What time is it?");
  await status("done");
  await begin();
  await say("A long answer, please");
  await begin();
  await say("Lorem ipsum please, twice");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.locator(".tool").nth(1).waitFor();
  await status("asks you");
  await page.evaluate(() => scrollTo(0, 0));
}

main(async () => {
  mkdirSync(folder, { recursive: true });
  const names = process.argv.slice(2);
  const wanted = shots.filter(({ name }) => names.length === 0 || names.includes(name));
  await buildSite();
  const site = await startSite();
  const browser = await chromium.launch(launchOptions.chromium);
  try {
    for (const { name, path, fill, ...options } of wanted) {
      const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
      const page = await context.newPage();
      await page.goto(site.address + path);
      await fill(page);
      await page.screenshot({ path: join(folder, `${name}.png`) });
      await context.close();
      console.log(`www/screenshots/${name}.png`);
    }
  } finally {
    await browser.close();
    await site.close();
  }
});
