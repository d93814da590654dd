// "jobgate/server" (Node): the same job types, records and protocol on BullMQ over Redis or Valkey, for jobs that must
// outlive every browser or need many machines.

export type { ServerJobType, ServerOptions } from "./server/types.js";
