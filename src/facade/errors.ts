import type { ParamError } from "./types.js";

/** Every error that the package makes of its own. `name` is the class name, `code` is stable. */
export class JobgateError extends Error {
  override name: string = "JobgateError";
  readonly code: string = "E_JOBGATE";
}

/** E_ENGINE: the engine has broken; E_NOT_READY: it has not been given its wasm, or can't compile it here. Not for users to make. */
export class EngineError extends JobgateError {
  override name: string = "JobgateError";
  constructor(
    message: string,
    override readonly code: "E_ENGINE" | "E_NOT_READY",
    options?: { cause: unknown },
  ) {
    super(message, options);
  }
}

/** E_DUPLICATE: the key is taken and `onDuplicate` is "reject". */
export class DuplicateJobError extends JobgateError {
  override name: string = "DuplicateJobError";
  override readonly code: string = "E_DUPLICATE";
}

/** E_QUEUE_FULL: `maxPending` jobs are waiting. */
export class QueueFullError extends JobgateError {
  override name: string = "QueueFullError";
  override readonly code: string = "E_QUEUE_FULL";
}

/** E_CLOSED: the manager was closed and takes no new jobs. */
export class ManagerClosedError extends JobgateError {
  override name: string = "ManagerClosedError";
  override readonly code: string = "E_CLOSED";
}

/** E_STOP_TIMEOUT: the body had not settled within `stop`'s timeout. The job is still stopping. */
export class JobStopTimeoutError extends JobgateError {
  override name: string = "JobStopTimeoutError";
  override readonly code: string = "E_STOP_TIMEOUT";
}

/** E_NON_RETRIABLE: thrown by a body to end its job without the retries that are left. */
export class NonRetriableError extends JobgateError {
  override name: string = "NonRetriableError";
  override readonly code: string = "E_NON_RETRIABLE";
}

/** E_UNKNOWN_TYPE: no job type of that name. */
export class UnknownJobTypeError extends JobgateError {
  override name: string = "UnknownJobTypeError";
  override readonly code: string = "E_UNKNOWN_TYPE";
}

/** E_WORKER_CRASHED: the worker that ran the job died. */
export class WorkerCrashedError extends JobgateError {
  override name: string = "WorkerCrashedError";
  override readonly code: string = "E_WORKER_CRASHED";
}

/** E_INVALID_PARAMS: a typed job's params are wrong; `errors` lists every fault. */
export class InvalidParamsError extends JobgateError {
  override name: string = "InvalidParamsError";
  override readonly code: string = "E_INVALID_PARAMS";
  readonly errors: readonly ParamError[] = [];
}

export function invalidParams(errors: readonly ParamError[]): InvalidParamsError {
  const error = new InvalidParamsError(
    errors.map(({ param, message }) => `${param || "params"}: ${message}`).join("; "),
  );
  return Object.assign(error, { errors });
}

/** Tells the page of an error that belongs to nobody's call: a listener's, a continuation's. Never throws. */
export function report(error: unknown): void {
  try {
    globalThis.reportError(error);
  } catch {
    // There is none here, or it is one of the page's own that throws.
    queueMicrotask(() => {
      throw error;
    });
  }
}
