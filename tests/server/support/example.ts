// examples/server as its README says, away from the checkout, with the package as packed.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { freePort } from "../../../scripts/free-port.mjs";

const root = join(import.meta.dirname, "../../..");

export interface Example {
  readonly address: string;
  /** Lines of its output so far. */
  lines(): string[];
  stop(): Promise<void>;
}

/** `npm install && npm start`, with more of an environment. */
export async function startExample(more: Readonly<Record<string, string>>): Promise<Example> {
  const folder = mkdtempSync(join(tmpdir(), "jobgate-example-"));
  const others = (source: string) => !source.includes("node_modules");
  cpSync(join(root, "examples/server"), folder, { recursive: true, filter: others });
  const packed = join(root, "build/jobgate.tgz");
  const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  execFileSync("npm", ["install", packed, ...options], { cwd: folder, stdio: "inherit" });
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const { REDIS_URL: _, ...env } = process.env;
  const running = spawn("npm", ["start"], {
    cwd: folder,
    env: { ...env, PORT: `${port}`, ...more },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  running.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const isThere = async () => expect((await fetch(`${address}/healthz`)).status).toBe(200);
  await vi.waitFor(isThere, { timeout: 60_000, interval: 200 });
  return {
    address,
    lines: () => output.split("\n"),
    async stop() {
      const gone = new Promise((resolve) => running.once("exit", resolve));
      process.kill(-running.pid!, "SIGTERM");
      await gone;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
