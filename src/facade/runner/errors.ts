import { JobgateError } from "../errors.js";

/** E_UNKNOWN_JOB, E_NOT_FINISHED: what a runner's call named; E_REFUSED, E_CLOSED: what became of a client's request. */
export class RunnerError extends JobgateError {
  override readonly name = "JobgateError";
  constructor(
    message: string,
    override readonly code: "E_UNKNOWN_JOB" | "E_NOT_FINISHED" | "E_REFUSED" | "E_CLOSED",
  ) {
    super(message);
  }
}
