// "jobgate/server" (Node): the same job types, records and protocol on BullMQ over Redis or Valkey, for jobs that must
// outlive every browser or need many machines.

export type { WatchEvent } from "./runner/types.js";
export { QueueGateway } from "./server/gateway/gateway.js";
export type { Action, GatewayOptions } from "./server/gateway/types.js";
export type { QueueWorkerOptions, ServerJobType, ServerOptions } from "./server/types.js";
export { QueueWorker } from "./server/worker.js";
