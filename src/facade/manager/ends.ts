import { report } from "../errors.js";
import { completionOf } from "../job/completion.js";
import type { AnyJob } from "../job/record.js";
import type { Completion, JobManagerOptions, Unsubscribe } from "../types.js";
import { releaseStamp } from "../wasm/stamp.js";

// biome-ignore lint/suspicious/noExplicitAny: completions of every type.
type OnEnd = (job: AnyJob, completion: Completion<any>) => void;

/** Who is told of the ends of a manager's jobs, with the completion itself. One that throws is reported. */
export class Ends {
  private readonly onError: JobManagerOptions["onError"];
  /** Each subscription is one of its own, also of the same function twice. */
  private readonly entries = new Set<{ readonly listener: OnEnd }>();

  constructor(onError: JobManagerOptions["onError"]) {
    this.onError = onError;
  }

  add(listener: OnEnd): Unsubscribe {
    const entry = { listener };
    this.entries.add(entry);
    return () => {
      this.entries.delete(entry);
    };
  }

  /** The job has ended, and its promises have been settled. */
  tell(job: AnyJob, hasFailed: boolean): void {
    const { onError, entries } = this;
    if (entries.size === 0 && (onError === undefined || !hasFailed)) return;
    releaseStamp();
    const completion = completionOf(job)!;
    try {
      if (completion.type === "Failed") onError?.(completion.error, job);
    } catch (error) {
      report(error);
    }
    for (const entry of [...entries]) {
      if (!entries.has(entry)) continue;
      try {
        entry.listener(job, completion);
      } catch (error) {
        report(error);
      }
    }
  }
}
