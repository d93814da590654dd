import { JobgateError } from "../errors.js";
import { messageOf } from "../support/look.js";

/** For who looks after this process, which goes on: what belongs to nobody's call must not end a worker with all its jobs. */
export function warn(error: unknown): void {
  const warning = new Error(messageOf(error), { cause: error });
  warning.name = "JobgateWarning";
  process.emitWarning(warning);
}

/** All that who asked is told of what went wrong here: its own words may be about others, or about this machine. */
export function internalError(cause: unknown): JobgateError {
  return new JobgateError("Internal error", { cause });
}

/** What a user's function has answered. A promise is not waited for, and what it rejects with would end the process. */
export function unwaited<T>(answer: T): T {
  if (typeof answer === "object" && answer !== null) Promise.resolve(answer).catch(warn);
  return answer;
}
