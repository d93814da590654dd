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
export { type AnyJobManager, JobManager, type JobManagerConstructor } from "./manager/job-manager.js";
export { gate } from "./primitives/gate.js";
export { subject } from "./primitives/subject.js";
export { retryAfter } from "./support/retry-after.js";
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
