// A tab behind another one, as a user has it: what drives browsers for tests keeps every page in front and awake.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, expect, it } from "vitest";
import { launchOptions } from "../../scripts/browsers.mjs";
import { installConsumer } from "./support/consumer.ts";

/** As strict as the worker of a hidden page allows. */
const policy =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; " +
  "require-trusted-types-for 'script'; trusted-types jobgate";
const profile = mkdtempSync(join(tmpdir(), "jobgate-hidden-"));
let browser: ChildProcess | undefined;
afterAll(async () => {
  if (browser !== undefined) {
    // Its children write to the profile, too. All of them hold its stderr: that closes with the last one.
    const gone = new Promise((resolve) => browser!.once("close", resolve));
    process.kill(-browser.pid!, "SIGKILL");
    await gone;
  }
  rmSync(profile, { recursive: true });
});

/** Starts Chromium as it is and returns the address of its DevTools. */
function startChromium(): Promise<string> {
  const { executablePath } = launchOptions.chromium;
  const args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
  browser = spawn(executablePath, [...args, "--remote-debugging-port=0", `--user-data-dir=${profile}`], {
    stdio: ["ignore", "ignore", "pipe"],
    // A process group of its own.
    detached: true,
  });
  const { stderr } = browser;
  return new Promise((resolve, reject) => {
    let said = "";
    stderr!.on("data", (text) => {
      said += text;
      const [, address] = /ws:\/\/(.+?)\//.exec(said) ?? [];
      if (address !== undefined) resolve(`http://${address}`);
    });
    browser!.once("close", () => reject(new Error(`Chromium has ended: ${said}`)));
  });
}

it("a page's jobs keep their time while its tab is hidden and its own timers do not", async () => {
  const folder = await installConsumer("web");
  const { outputFiles } = await build({
    entryPoints: [join(folder, "hidden.js")],
    bundle: true,
    format: "esm",
    write: false,
  });
  let tell: (outcome: Record<string, boolean>) => void;
  const told = new Promise<Record<string, boolean>>((resolve) => {
    tell = resolve;
  });
  const server = createServer(async (request, response) => {
    const isScript = request.url === "/hidden.js";
    response.setHeader("Content-Security-Policy", policy);
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? outputFiles[0]?.text : '<!doctype html><script type="module" src="/hidden.js"></script>');
    if (request.method !== "POST") return;
    let body = "";
    for await (const text of request) body += text;
    tell(JSON.parse(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const devTools = await startChromium();
  const open = (address: string) => fetch(`${devTools}/json/new?${address}`, { method: "PUT" });
  await open(`http://localhost:${(server.address() as AddressInfo).port}/`);
  // In front of it.
  const front = (await (await open("about:blank")).json()) as { id: string };
  await fetch(`${devTools}/json/activate/${front.id}`);

  const outcome = await told;
  server.closeAllConnections();
  server.close();
  // Ten waits of 40 ms on a hidden page's own timers take ten seconds.
  expect(outcome).toEqual({ hidden: true, paced: true, timeouts: true, retries: true });
});
