// "jobgate/worker": for the worker's side of a pool.

export type { WorkerContext, WorkerTypes } from "./worker/context.js";
export { exposeJobs } from "./worker/expose.js";
export { transfer } from "./worker/transfer.js";
