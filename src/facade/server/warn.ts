import { messageOf } from "../support/look.js";

/** For who looks after this process, which goes on: what belongs to nobody's call must not end a worker with all its jobs. */
export function warn(error: unknown): void {
  const warning = new Error(messageOf(error), { cause: error });
  warning.name = "JobgateWarning";
  process.emitWarning(warning);
}
