import type { ParamError } from "./types.js";

/** Every error that the package makes of its own. `name` is the class name, `code` is stable. */
export class JobgateError extends Error {
  readonly code: string;
  /** @internal */
  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "JobgateError";
    this.code = code;
  }
}

/** E_DUPLICATE: the key is taken and `onDuplicate` is "reject". */
export class DuplicateJobError extends JobgateError {
  /** @internal */
  constructor(message: string) {
    super(message, "E_DUPLICATE");
    this.name = "DuplicateJobError";
  }
}

/** E_QUEUE_FULL: `maxPending` jobs are waiting. */
export class QueueFullError extends JobgateError {
  /** @internal */
  constructor(message: string) {
    super(message, "E_QUEUE_FULL");
    this.name = "QueueFullError";
  }
}

/** E_CLOSED: the manager was closed and takes no new jobs. */
export class ManagerClosedError extends JobgateError {
  /** @internal */
  constructor(message: string) {
    super(message, "E_CLOSED");
    this.name = "ManagerClosedError";
  }
}

/** E_STOP_TIMEOUT: the body had not settled within `stop`'s timeout. The job is still stopping. */
export class JobStopTimeoutError extends JobgateError {
  /** @internal */
  constructor(message: string) {
    super(message, "E_STOP_TIMEOUT");
    this.name = "JobStopTimeoutError";
  }
}

/** E_NON_RETRIABLE: thrown by a body to end its job without the retries that are left. */
export class NonRetriableError extends JobgateError {
  constructor(message = "This failure is not to be retried", options?: { cause?: unknown }) {
    super(message, "E_NON_RETRIABLE", options);
    this.name = "NonRetriableError";
  }
}

/** E_INVALID_PARAMS: a typed job's params are wrong; `errors` lists every fault. */
export class InvalidParamsError extends JobgateError {
  readonly errors: readonly ParamError[];
  /** @internal */
  constructor(errors: readonly ParamError[]) {
    super(errors.map(({ param, message }) => `${param}: ${message}`).join("; "), "E_INVALID_PARAMS");
    this.name = "InvalidParamsError";
    this.errors = errors;
  }
}

/** E_UNKNOWN_TYPE: no job type of that name. */
export class UnknownJobTypeError extends JobgateError {
  /** @internal */
  constructor(message: string) {
    super(message, "E_UNKNOWN_TYPE");
    this.name = "UnknownJobTypeError";
  }
}

/** E_WORKER_CRASHED: the worker that ran the job died. */
export class WorkerCrashedError extends JobgateError {
  /** @internal */
  constructor(message: string, options?: ErrorOptions) {
    super(message, "E_WORKER_CRASHED", options);
    this.name = "WorkerCrashedError";
  }
}

/** Tells the page of an error that belongs to nobody's call: a listener's, a continuation's. */
export function report(error: unknown): void {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else {
    queueMicrotask(() => {
      throw error;
    });
  }
}
