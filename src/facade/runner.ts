// "jobgate/runner": a queue of typed jobs. Names, params and results are plain data, so a job can be listed, streamed,
// stored and started from anywhere.

export { builtinJobTypes } from "./runner/builtins.js";
export { QueueClient } from "./runner/client.js";
export { JobRunner } from "./runner/runner.js";
export type {
  ClientMessage,
  CreateOptions,
  Histogram,
  JobType,
  ParamSpec,
  QueuePort,
  RunnerOptions,
  ServerMessage,
  TaskContext,
  WatchEvent,
} from "./runner/types.js";
