// "jobgate/queue-client": the client side of a queue alone, without engine or wasm: for pages that look on, and leave the
// work to a worker, another tab or a server.

export {
  DuplicateJobError,
  InvalidParamsError,
  JobgateError,
  ManagerClosedError,
  QueueFullError,
  UnknownJobTypeError,
} from "./errors.js";
export { QueueClient } from "./runner/client.js";
export { type ReconnectOptions, reconnecting } from "./runner/reconnecting.js";
export type {
  ClientMessage,
  ClientSnapshot,
  Greeting,
  JobQueue,
  QueueClientOptions,
  QueueCreateOptions,
  QueuePort,
  QueueSnapshot,
  ServerMessage,
  WatchEvent,
} from "./runner/types.js";
export type { JobRecord, JobStatus, ManagerStats, ParamError, Priority, Progress } from "./types.js";
