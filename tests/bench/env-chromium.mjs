/** Runs cases in headless Chromium: a page for each, and a fresh one for every cold start. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { chromium } from "playwright";
import { launchOptions } from "../../scripts/browsers.mjs";
import { OUT } from "./bundle.mjs";

const ROOT = join(OUT, "chromium");
const HEADERS = {
  // Cross-origin isolated, so that performance.now ticks in microseconds.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cache-Control": "no-store",
};

export async function openChromium({ profile }) {
  const server = createServer(serve);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}/`;
  const { args, ...options } = launchOptions.chromium;
  const flags = args.filter((arg) => !arg.startsWith("--js-flags="));
  const browser = await chromium.launch({ ...options, args: [...flags, "--js-flags=--expose-gc --no-flush-bytecode"] });

  async function inFreshPage(work) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(address);
    try {
      return await work(page, context);
    } finally {
      await context.close();
    }
  }

  return {
    version: `Chromium ${browser.version()}`,
    runCase: (name, given) =>
      inFreshPage(async (page, context) => {
        const stop = profile ? await startProfile(page, context, name) : undefined;
        const result = await page.evaluate(runInPage, [`/cases/${name}.js`, given]);
        await stop?.();
        return result;
      }),
    coldStart: (name) => inFreshPage((page) => page.evaluate(startInPage, `/cold/${name}.js`)),
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

async function runInPage([file, options]) {
  const { runCase } = await import("/harness.js");
  return runCase(await import(file), options);
}

async function startInPage(file) {
  // The page's own loading is over: what follows is the import alone.
  await new Promise((resolve) => requestIdleCallback(resolve));
  const began = performance.now();
  const { first } = await import(file);
  await first;
  return performance.now() - began;
}

async function startProfile(page, context, name) {
  const session = await context.newCDPSession(page);
  await session.send("Profiler.enable");
  await session.send("Profiler.setSamplingInterval", { interval: 200 });
  await session.send("Profiler.start");
  return async () => {
    const { profile } = await session.send("Profiler.stop");
    mkdirSync(`${OUT}/profiles`, { recursive: true });
    writeFileSync(`${OUT}/profiles/chromium-${name}.cpuprofile`, JSON.stringify(profile));
  };
}

function serve(request, response) {
  const path = normalize(new URL(request.url, "http://localhost").pathname);
  if (path === "/") {
    response.writeHead(200, { ...HEADERS, "Content-Type": "text/html" });
    response.end("<!doctype html><title>bench</title>");
    return;
  }
  try {
    const body = readFileSync(join(ROOT, path));
    response.writeHead(200, { ...HEADERS, "Content-Type": "text/javascript" });
    response.end(body);
  } catch {
    response.writeHead(404, HEADERS).end();
  }
}
