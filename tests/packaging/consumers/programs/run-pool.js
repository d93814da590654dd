import { JobManager, WorkerCrashedError } from "jobgate";
import { WorkerPool } from "jobgate/worker-pool";

/** A built-in job in a worker, and one that no worker can be had for. */
export async function runPool(options) {
  const manager = new JobManager();
  const pool = new WorkerPool({ ...options, size: 1 });
  const { type, result, error } = await manager.runJob("primes", pool.job("prime", { limit: 100 })).job.settled;
  const { spawned } = pool.stats;
  await pool.close();
  const without = new WorkerPool({ spawn: () => undefined });
  const refused = await manager.runJob("refused", without.job("prime")).job.settled;
  const shared = refused.error instanceof WorkerCrashedError ? "one engine" : `two engines: ${refused.error}`;
  return { "jobgate/worker-pool": `${type} ${result?.count ?? error}, ${spawned} worker, ${shared}` };
}
