// Everything that "jobgate" and "jobgate/slim" share.

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
export { type AnyJobManager, JobManager, type JobManagerConstructor } from "./job-manager.js";
export { retryAfter } from "./retry-after.js";
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
