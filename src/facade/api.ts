// Everything that "jobgate" and "jobgate/slim" share.

import { JobManager as Manager } from "./manager.js";
import type { JobManagerConstructor, JobManager as PublicManager } from "./types.js";

export {
  DuplicateJobError,
  InvalidParamsError,
  JobgateError,
  JobStopTimeoutError,
  ManagerClosedError,
  NonRetriableError,
  QueueFullError,
  UnknownJobTypeError,
  WorkerCrashedError,
} from "./errors.js";
export { gate } from "./gate.js";
export { subject } from "./subject.js";
export type {
  Completion,
  CompletionType,
  Continuations,
  Gate,
  Job,
  JobContext,
  JobEvent,
  JobFactory,
  JobManagerConstructor,
  JobManagerOptions,
  JobRecord,
  JobStatus,
  ManagedJob,
  ManagerStats,
  Millis,
  ParamError,
  Priority,
  Progress,
  RetryOptions,
  RunJobResult,
  RunOptions,
  Subject,
  Unsubscribe,
} from "./types.js";

/** Runs jobs, one a key at a time. */
export const JobManager: JobManagerConstructor = Manager;
export type JobManager<Key = string, State = unknown, Action = never, Result = unknown> = PublicManager<
  Key,
  State,
  Action,
  Result
>;
