// A Redis of the test's own: on a free port of this machine, with its files in a folder that goes with it.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis, type RedisOptions } from "ioredis";
import { freePort } from "../../../scripts/free-port.mjs";

export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Of the server as it runs now. */
  readonly pid: number;
  /** For looking at what is stored, and for settings. */
  readonly client: Redis;
  /** Ends it by this signal, and resolves when it is gone. Its files stay. */
  kill(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again with its files; resolves when it answers. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** As `redis`: what is asked has longer than a Redis or a test's process may stand still. One that is away is noticed as ever. */
export const patient = (url: string) => ({
  duplicate: (own: RedisOptions) =>
    new Redis(url, own.commandTimeout === undefined ? own : { ...own, commandTimeout: 60_000 }),
});

/** As `redis`, patient: one of its scripts is asked, and answered, by way of the test. */
export const byWayOf = (url: string, script: string, way: (ask: () => Promise<unknown>) => Promise<unknown>) => ({
  duplicate(own: RedisOptions) {
    const made = patient(url).duplicate(own);
    const define = made.defineCommand.bind(made);
    made.defineCommand = (name, definition) => {
      define(name, definition);
      if (name !== script) return;
      const commands = made as unknown as Record<string, (...words: unknown[]) => Promise<unknown>>;
      const command = commands[name]!;
      commands[name] = (...words) => way(() => command.apply(made, words));
    };
    return made;
  },
});

export async function startRedis(...settings: string[]): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), "jobgate-redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on("error", () => {});
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const options = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"];
    // It writes at once and leaves the disk to the system, which a killed process does not lose: where it waits for the
    // disk it answers before it has written.
    const policy = ["--appendfsync", "no", "--maxmemory-policy", "noeviction", ...settings];
    server = spawn(process.env.REDIS_SERVER ?? "redis-server", [...options, ...policy], { stdio: "ignore" });
    const failed = new Promise<never>((_, reject) => {
      server?.once("error", reject);
      server?.once("exit", (code) => reject(new Error(`redis-server has ended with ${code}`)));
    });
    failed.catch(() => {});
    await Promise.race([client.ping(), failed]);
  }

  async function kill(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    await gone;
  }

  async function stop(): Promise<void> {
    client.disconnect();
    await kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }

  await start();
  return {
    url,
    port,
    get pid() {
      return server?.pid ?? 0;
    },
    client,
    kill,
    start,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
