import { JobManager } from "../manager/job-manager.js";
import type { QueueCreateOptions } from "../runner/types.js";
import type { RetryOptions } from "../types.js";

type Given = Pick<QueueCreateOptions, "priority" | "timeout" | "retry" | "delay">;

/** Starts nothing, and refuses what any manager refuses. */
let manager: JobManager<string> | undefined;

/** Throws TypeError or RangeError for what no job can have, and for functions, which can't be stored. */
export function checkBounds({ priority, timeout, retry, delay }: Given): void {
  const given = {
    ...(priority !== undefined && { priority }),
    ...(timeout !== undefined && { timeout }),
    ...(retry !== undefined && { retry: withoutFunctions(retry) }),
    ...(delay !== undefined && { delay }),
  };
  if (Object.keys(given).length === 0) return;
  manager ??= new JobManager<string>({ paused: true });
  void manager.runJob("", () => {}, given).job.stop();
}

/** Functions stay where they are. */
function withoutFunctions(retry: NonNullable<Given["retry"]>): NonNullable<Given["retry"]> {
  if (typeof retry !== "object" || retry === null) return retry;
  const { retryIf, delay } = retry as RetryOptions;
  if (retryIf !== undefined) throw new TypeError("retry.retryIf can't be stored: give it to the job's type");
  if (typeof delay === "function") throw new TypeError("retry.delay can't be stored: give a number");
  return retry;
}
