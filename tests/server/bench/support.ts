import { fork } from "node:child_process";

/** The value below which that part of them lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

export function percentiles(values: readonly number[]): string {
  const of = (part: number) => percentile(values, part).toFixed(0);
  return `p50 ${of(0.5)} ms, p95 ${of(0.95)} ms, p99 ${of(0.99)} ms, worst ${of(1)} ms`;
}

export const sleep = (time: number) => new Promise<void>((resolve) => setTimeout(resolve, time));

/** Calls so often a second, for so many seconds, however long a call takes; resolves when all calls have ended. */
export async function paced(perSecond: number, seconds: number, call: (at: number) => Promise<unknown>): Promise<void> {
  const calls: Promise<unknown>[] = [];
  const began = performance.now();
  const count = Math.round(perSecond * seconds);
  while (calls.length < count) {
    const due = ((performance.now() - began) / 1000) * perSecond;
    while (calls.length < Math.min(due, count)) calls.push(call(calls.length));
    await sleep(5);
  }
  await Promise.all(calls);
}

export interface BenchWorker {
  readonly pid: number;
  stop(): void;
}

/** A worker in a process of its own, whose bodies run without threads. */
export async function spawnWorker(redis: string, concurrency: number): Promise<BenchWorker> {
  const options = JSON.stringify({ redis, isolate: "none", concurrency });
  const child = fork(new URL("../support/worker-process.mjs", import.meta.url), [options]);
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`the worker has ended with ${code}`)));
  });
  return { pid: child.pid!, stop: () => void child.kill("SIGKILL") };
}
