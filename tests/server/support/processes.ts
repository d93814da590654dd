import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";

export interface WorkerOptions {
  readonly redis: string;
  readonly isolate: "none" | "thread";
  readonly name?: string;
  readonly lock?: number;
  readonly maxLost?: number;
  readonly concurrency?: number;
  /** Of all types. */
  readonly type?: object;
  readonly byName?: Record<string, object>;
  readonly close?: { timeout?: number };
}

/** A worker in a process of its own, ended with the test. */
export async function startWorker(options: WorkerOptions): Promise<ChildProcess> {
  const child = fork(new URL("./worker-process.mjs", import.meta.url), [JSON.stringify(options)], {
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  child.stderr?.pipe(process.stderr);
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`the worker has ended with ${code}`)));
  });
  return child;
}

/** Asks it to end; resolves once it takes no more. */
export async function terminate(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await once(child, "message");
}

export function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}
