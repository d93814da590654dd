import {
  DuplicateJobError,
  invalidParams,
  JobgateError,
  ManagerClosedError,
  QueueFullError,
  UnknownJobTypeError,
} from "../errors.js";
import { areFaults } from "./server-message.js";
import type { ServerMessage } from "./types.js";

/**
 * E_UNKNOWN_JOB, E_NOT_FINISHED: what a runner's call named; E_REFUSED, E_CLOSED, E_DISCONNECTED: what became of a
 * client's request; E_FORBIDDEN: a gateway's `may` has said no.
 */
export class RunnerError extends JobgateError {
  override name: string = "JobgateError";
  constructor(
    message: string,
    override readonly code:
      | "E_UNKNOWN_JOB"
      | "E_NOT_FINISHED"
      | "E_REFUSED"
      | "E_CLOSED"
      | "E_DISCONNECTED"
      | "E_FORBIDDEN",
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Where a runner's refusal comes from another page, worker or copy of the package: by name. */
const CLASSES = new Map(
  Object.entries({ DuplicateJobError, ManagerClosedError, QueueFullError, UnknownJobTypeError, TypeError, RangeError }),
);

/** Of a runner's own errors, by the protocol's code. */
const NAMED = new Map<number, RunnerError["code"]>([
  [403, "E_FORBIDDEN"],
  [404, "E_UNKNOWN_JOB"],
  [409, "E_NOT_FINISHED"],
  [503, "E_DISCONNECTED"],
]);

/** What a runner has said no with, as its own call would have thrown it. */
export function refusalOf({ error, errors, name, code }: ServerMessage & { type: "error" }): Error {
  if (areFaults(errors)) return invalidParams(errors);
  const Class = name === undefined ? undefined : CLASSES.get(name);
  if (Class !== undefined) return new Class(error);
  return new RunnerError(error, (name === "JobgateError" ? NAMED.get(code) : undefined) ?? "E_REFUSED");
}
