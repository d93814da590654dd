import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchOptions } from "../../scripts/browsers.mjs";
import { inAnything, inPages, poolOutcome } from "./entries.ts";
import { bundlers, execute, installConsumer } from "./support/consumer.ts";

const next = join(bundlers, "node_modules/.bin/next");
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" as const };

/** Starts the built app on a free port; answers with its address. */
async function serve(folder: string) {
  const server = spawn(next, ["start", "--port", "0"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const close = async () => {
    if (server.exitCode !== null) return;
    server.kill();
    await once(server, "exit");
  };
  for await (const line of createInterface(server.stdout)) {
    const [address] = /http:\/\/localhost:\d+/.exec(line) ?? [];
    if (address) return { address, close };
  }
  throw new Error("next start ended without an address");
}

describe("Next's app router", async () => {
  const folder = await installConsumer("next", { inBundlers: true });
  let site: Awaited<ReturnType<typeof serve>> | undefined;

  beforeAll(async () => {
    const { code, output } = await execute(next, ["build"], { cwd: folder, env, timeout: 240_000 });
    if (code !== 0) throw new Error(`next build failed:\n${output}`);
    site = await serve(folder);
  });
  afterAll(() => site?.close());

  it("runs jobs in a server component, and in a client component that is rendered on both sides", async () => {
    const html = await (await fetch(site?.address ?? "")).text();
    expect(html).toContain('<p id="hooks">idle 0 0</p>');
    const browser = await chromium.launch(launchOptions.chromium);
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.setDefaultTimeout(150_000);
    await page.goto(site?.address ?? "");
    await page.locator("#client", { hasText: "{" }).waitFor();
    expect(JSON.parse((await page.locator("#server").textContent()) ?? "")).toEqual(inAnything);
    expect(JSON.parse((await page.locator("#client").textContent()) ?? "")).toEqual({
      ...inPages,
      ...poolOutcome,
    });
    const hooks = page.locator("#hooks");
    expect(await hooks.textContent()).toBe("running 1 1");
    expect(faults).toEqual([]);
    await browser.close();
  });
});
