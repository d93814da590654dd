import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { checkRedis } from "../../../src/facade/server/connection.ts";
import { JobStore, type NewJob } from "../../../src/facade/server/store.ts";
import type { JobRecord } from "../../../src/facade/types.ts";
import { patient } from "./redis.ts";

export const unbounded = { maxPending: Infinity, retain: Infinity };

export function newJob(
  id: string,
  more: { type?: string; priority?: number; delay?: number; params?: object } = {},
): NewJob {
  const { type = "work", priority = 0, delay = 0, params = {} } = more;
  return { id, type, delay, data: { params: params as Record<string, unknown>, priority } };
}

export async function openStore(url: string, queue = "jobgate"): Promise<JobStore> {
  const store = new JobStore(checkRedis(patient(url)), queue);
  await store.ready;
  return store;
}

export async function records(store: JobStore, scope: string): Promise<JobRecord[]> {
  const all: JobRecord[] = [];
  for await (const page of store.list(scope)) for (const { record } of page) all.push(record);
  return all;
}

/** BullMQ's own, for tests of the store: each job's end is for the test to say. */
export interface Hands {
  /** Resolves when the job is active; its result then ends it. */
  taken(name: string): Promise<{ end(value: unknown): void; fail(error: Error): void }>;
  close(): Promise<void>;
}

export async function rawWorker(url: string, queue = "jobgate"): Promise<Hands> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  connection.on("error", () => {});
  const open = new Map<string, { end(value: unknown): void; fail(error: Error): void }>();
  const wanted = new Map<string, () => void>();
  const worker = new Worker(
    queue,
    (job) =>
      new Promise((resolve, reject) => {
        open.set(job.id!, { end: resolve, fail: reject });
        wanted.get(job.id!)?.();
      }),
    { connection, concurrency: 50, drainDelay: 1 },
  );
  worker.on("error", () => {});
  await worker.waitUntilReady();
  return {
    async taken(name) {
      if (!open.has(name)) await new Promise<void>((resolve) => wanted.set(name, resolve));
      return open.get(name)!;
    },
    async close() {
      for (const { fail } of open.values()) fail(new Error("over"));
      await worker.close(true);
      connection.disconnect();
    },
  };
}
