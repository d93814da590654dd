// Takes the README's pictures of the demo page into www/screenshots: light, dark, and narrow.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import { startSite } from "../tests/e2e/support/site.mjs";
import { launchOptions } from "./browsers.mjs";
import { main, root } from "./run.mjs";

const folder = join(root, "www/screenshots");

const shots = [
  { name: "light", viewport: { width: 1160, height: 940 }, colorScheme: "light" },
  { name: "dark", viewport: { width: 1160, height: 940 }, colorScheme: "dark" },
  { name: "narrow", viewport: { width: 390, height: 1300 }, colorScheme: "light" },
];

/** One job that failed and recovered, one that was stopped half-way, two that run. */
async function fill(page) {
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

main(async () => {
  mkdirSync(folder, { recursive: true });
  const site = await startSite();
  const browser = await chromium.launch(launchOptions.chromium);
  try {
    for (const { name, ...options } of shots) {
      const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
      const page = await context.newPage();
      await page.goto(site.address);
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
