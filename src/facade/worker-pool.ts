// "jobgate/worker-pool": jobs that compute, in web workers.

export { WorkerPool } from "./pool/pool.js";
export type { PoolStats, WorkerPoolOptions } from "./pool/types.js";
