import { type Browser, chromium, firefox, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchOptions } from "../../scripts/browsers.mjs";
import { installConsumer } from "./support/consumer.js";
import { readmeOutput, serveBuilt, serveForDevelopment } from "./support/site.js";

const consumers = [
  { what: "the README's first lines", script: "readme.ts", outcome: "came to its end" },
  { what: "a page", script: "page.js", outcome: "Normal 42" },
  { what: "a module worker", script: "module-worker.js", outcome: "Normal 42" },
  { what: "a service worker", script: "service-worker-page.js", outcome: "Normal 42" },
  { what: "a page with ./slim and the binary's URL", script: "slim.js", outcome: "Normal 42" },
];

const folder = await installConsumer("web");
const site = await serveBuilt(
  folder,
  consumers.map(({ script }) => script),
);
const development = await serveForDevelopment(folder);
afterAll(() => Promise.all([site.close(), development.close()]));

/** Opens a page, and returns what it reports, what it prints and whatever went wrong in it. */
async function visit(page: Page, address: string) {
  const faults: string[] = [];
  const printed: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => (message.type() === "error" ? faults : printed).push(message.text()));
  await page.goto(address);
  const outcome = page.locator("body[data-outcome]");
  await outcome.waitFor({ state: "attached" }).catch(() => {
    throw new Error(`the page reported nothing; errors: ${faults.join("; ") || "none"}`);
  });
  return { outcome: await outcome.getAttribute("data-outcome"), printed, faults };
}

describe.each([
  { name: "Chromium", launch: () => chromium.launch(launchOptions.chromium) },
  { name: "Firefox", launch: () => firefox.launch(launchOptions.firefox) },
])("in $name", ({ launch }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  it.each(consumers)("$what, built, under a strict Content-Security-Policy", async ({ script, outcome }) => {
    const page = await browser.newPage();
    expect(await visit(page, `${site.url}${script}.html`)).toMatchObject({ outcome, faults: [] });
    await page.close();
  });

  it.each(consumers.slice(0, 3))("$what, served by Vite for development", async ({ script, outcome }) => {
    const page = await browser.newPage();
    expect(await visit(page, `${development.url}${script}.html`)).toMatchObject({ outcome, faults: [] });
    await page.close();
  });

  it("the README's first lines print what it says", async () => {
    const page = await browser.newPage();
    const { printed } = await visit(page, `${site.url}readme.ts.html`);
    expect(readmeOutput.length).toBeGreaterThan(0);
    expect(printed).toEqual(expect.arrayContaining(readmeOutput));
    await page.close();
  });

  it("a policy that forbids WebAssembly is obeyed, loudly", async () => {
    const page = await browser.newPage();
    const failed = page.waitForEvent("pageerror");
    await page.goto(`${site.url}forbidden.html`);
    expect((await failed).name).toBe("CompileError");
    await page.close();
  });
});
