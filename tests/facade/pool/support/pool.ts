import type { ManagedJob } from "jobgate";
import { WorkerPool, type WorkerPoolOptions } from "jobgate/worker-pool";
import { onTestFinished } from "vitest";
import { type AnyManager, newManager } from "../../support/manager.js";

export const spawn = () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

/**
 * A pool of the tests' own worker, closed when its test ends. Its grace is so long that nobody who listens is killed,
 * however busy the machine; a test of the kill gives a short one.
 */
export function newPool(options?: WorkerPoolOptions): WorkerPool {
  const pool = new WorkerPool({ spawn, grace: 30_000, ...options });
  onTestFinished(() => pool.close());
  return pool;
}

// biome-ignore lint/suspicious/noExplicitAny: the tests about types live in tests/types
export type PoolJob = ManagedJob<string, any, any, any>;

/** Runs jobs of a pool under a manager of their own, each under a key of its own. */
export function runner(pool: WorkerPool, manager: AnyManager = newManager()) {
  let serial = 0;
  return {
    manager,
    run(
      type: string,
      params?: unknown,
      options: Parameters<AnyManager["runJob"]>[2] & { transfer?: Transferable[] } = {},
    ): PoolJob {
      const { transfer, ...run } = options;
      serial += 1;
      return manager.runJob(`${type} ${serial}`, pool.job(type, params, transfer && { transfer }), run).job;
    },
  };
}

/** Resolves once the body has said that it runs. */
export function running(job: PoolJob): Promise<void> {
  return new Promise((resolve, reject) => {
    if (job.progress.message === "running") resolve();
    job.onProgress(({ message }) => message === "running" && resolve());
    job.onStopped(() => reject(new Error(`the job ended before it ran: ${job.status}`)));
  });
}
