// "jobgate/worker-pool": jobs that compute, in web workers.

export { WorkerPool } from "./pool/pool.js";
export type { ExposedJobs, NodeWorker, PoolStats, WorkerPoolOptions } from "./pool/types.js";
