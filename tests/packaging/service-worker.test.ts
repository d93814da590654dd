// The queue of all tabs behind a service worker that the browser stops, from the package, as apps bundle it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { type Browser, type BrowserContext, chromium, firefox, type Page } from "playwright";
import * as vite from "vite";
import { afterAll, describe, expect, it } from "vitest";
import { launchOptions } from "../../scripts/browsers.mjs";
import { installConsumer } from "./support/consumer.ts";
import { strictPolicy, writePage } from "./support/site.ts";
import { serveFolder } from "./support/static.ts";

// biome-ignore lint/suspicious/noExplicitAny: what rest-page.js gives.
declare const rest: any;

const folder = await installConsumer("web");

/** Pages and workers are entries of their own; what an app's bundler is told. */
const bundled = {
  esbuild: async (out: string) => {
    const entryPoints = ["rest-page.js", "rest-worker.js"].map((name) => join(folder, name));
    await esbuild({ entryPoints, outdir: out, bundle: true, format: "esm", splitting: false, logLevel: "error" });
  },
  Vite: async (out: string) => {
    for (const name of ["rest-page", "rest-worker"]) {
      await vite.build({
        root: folder,
        configFile: false,
        logLevel: "warn",
        build: {
          outDir: out,
          emptyOutDir: false,
          rolldownOptions: {
            input: join(folder, `${name}.js`),
            output: { entryFileNames: `${name}.js`, codeSplitting: false },
          },
        },
      });
    }
  },
};

const browsers = {
  Chromium: {
    launch: () => chromium.launch(launchOptions.chromium),
    async stop(page: Page, context: BrowserContext) {
      const devtools = await context.newCDPSession(page);
      await devtools.send("ServiceWorker.enable");
      await devtools.send("ServiceWorker.stopAllWorkers");
    },
  },
  Firefox: {
    // It stops a worker that nobody has asked for half a second.
    launch: () =>
      firefox.launch({
        ...launchOptions.firefox,
        firefoxUserPrefs: {
          ...launchOptions.firefox.firefoxUserPrefs,
          "dom.serviceWorkers.idle_timeout": 500,
          "dom.serviceWorkers.idle_extended_timeout": 500,
        },
      }),
    async stop() {},
  },
};

const open: Browser[] = [];
afterAll(async () => {
  for (const browser of open) await browser.close();
});

const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"type":"held"}' };
const ask = (page: Page, path: string, init: object = {}) =>
  page.evaluate(([path, init]) => rest.ask(path, init), [path, init] as const);

describe.each(Object.keys(bundled) as (keyof typeof bundled)[])("bundled by %s", (bundler) => {
  it.each(Object.keys(browsers) as (keyof typeof browsers)[])("in %s", async (name) => {
    const out = join(folder, `rest-by-${bundler}`);
    mkdirSync(out, { recursive: true });
    await bundled[bundler](out);
    writePage(out, "rest-page.js");
    const site = await serveFolder(out, strictPolicy);
    const browser = await browsers[name].launch();
    open.push(browser);
    const context = await browser.newContext();
    context.setDefaultTimeout(150_000);
    const page = await context.newPage();

    // Before the worker controls the page, as after a reload with Shift: the page answers itself.
    await page.goto(`${site.url}rest-page.html`);
    expect(await page.evaluate(() => rest.ready())).toBe(false);
    const first = await ask(page, "/api/jobs", post);
    expect(first.status).toBe(201);
    await page.waitForFunction((id) => rest.runs(id), first.body.id);
    await page.evaluate((id) => rest.end(id, 1), first.body.id);
    // What has not been recorded when the page goes would run again.
    await expect.poll(async () => (await ask(page, `/api/jobs/${first.body.id}`)).body.status).toBe("completed");

    // From here on the worker does: its store is the page's.
    await page.reload();
    expect(await page.evaluate(() => rest.ready())).toBe(true);
    expect((await ask(page, `/api/jobs/${first.body.id}`)).body).toMatchObject({ status: "completed", result: 1 });
    expect((await ask(page, "/api/job-types")).body).toMatchObject([{ name: "held" }]);
    const { body } = await ask(page, "/api/jobs", post);
    await page.waitForFunction((id) => rest.runs(id), body.id);
    const born = await page.evaluate(() => rest.born());
    await page.evaluate((id) => rest.listen(id), body.id);
    await page.waitForFunction(() => rest.heard.length > 0);
    await page.evaluate((id) => rest.progress(id, 30), body.id);
    await page.waitForFunction(() => rest.heard.some(({ event }: { event: string }) => event === "progress"));

    // Mid-stream: what is heard after that begins with the present state.
    const before = await page.evaluate(() => rest.heard.length);
    await browsers[name].stop(page, context);
    await page.waitForFunction(() => rest.breaks() > 0);
    await page.waitForFunction((before) => rest.heardAgain(before), before);
    expect(await page.evaluate(() => rest.born())).not.toBe(born);
    await page.evaluate((id) => rest.end(id, "well"), body.id);
    await page.waitForFunction(() => rest.heard.at(-1).event === "complete");
    const heard = await page.evaluate((before) => rest.heardAgain(before), before);
    expect(heard[0]).toEqual({ event: "status", data: { status: "running", started_at: expect.any(Number) } });
    expect(heard[1]).toEqual({ event: "progress", data: { percent: 30, message: "" } });
    expect(heard.at(-1)).toMatchObject({ data: { status: "completed", result: "well" } });
    await context.close();
    await site.close();
  });
});
