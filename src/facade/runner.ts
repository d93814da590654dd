// "jobgate/runner": a queue of typed jobs. Names, params and results are plain data, so a job can be listed, streamed,
// stored and started from anywhere.

export { type JobHandler, jobHandler } from "./http/handler.js";
export { jobFetch } from "./http/job-fetch.js";
export type { HandlerOptions } from "./http/options.js";
export type { HandledQueue, RequestedOptions } from "./http/queue.js";
export { builtinJobTypes } from "./runner/builtins/names.js";
export { QueueClient } from "./runner/client.js";
export { type ReconnectOptions, reconnecting } from "./runner/reconnecting.js";
export { remote } from "./runner/remote.js";
export { JobRunner } from "./runner/runner.js";
export type {
  ClientMessage,
  ClientSnapshot,
  CreateOptions,
  Greeting,
  Histogram,
  JobQueue,
  JobType,
  ParamSpec,
  QueueClientOptions,
  QueueCreateOptions,
  QueuePort,
  QueueSnapshot,
  RunnerOptions,
  ServerMessage,
  TaskContext,
  TypeDescription,
  Validation,
  WatchEvent,
} from "./runner/types.js";
