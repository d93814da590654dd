// A factory that returns a job of its own: that one's end is the end, its state and actions pass through. It may be made
// by hand and do anything, so each of its parts is touched once, guarded.

import { report } from "../errors.js";
import { CHANNEL } from "../wasm/listeners.js";
import { listenTo } from "./listen.js";
import type { AdoptedJob, AnyJob } from "./record.js";

export function isJob(value: unknown): value is AdoptedJob {
  if (typeof value !== "object" || value === null) return false;
  try {
    const { stop } = value as Partial<AdoptedJob>;
    if (typeof stop !== "function") return false;
    const { onStopped, then } = value as Partial<AdoptedJob> & { then?: unknown };
    return typeof onStopped === "function" && typeof then !== "function";
  } catch {
    // What can't be looked at is a result like any other.
    return false;
  }
}

/** Its state, or the last one that could be read. */
export function stateOf(job: AnyJob, adopted: AdoptedJob): unknown {
  try {
    job.ownState = adopted.state;
  } catch {
    // Whoever made it knows.
  }
  return job.ownState;
}

export function adopt(
  job: AnyJob,
  attempt: number,
  adopted: AdoptedJob,
  settle: (rejected: boolean, value: unknown) => void,
): void {
  const cold = job.coldData();
  cold.adopted = adopted;
  stateOf(job, adopted);
  try {
    const forget: unknown = adopted.onStateChange?.((state) => job.setState(state, attempt));
    adopted.onStopped(() => {
      if (cold.adopted !== adopted) return;
      // Its last state stays when the job itself is let go.
      stateOf(job, adopted);
      cold.adopted = undefined;
      try {
        if (typeof forget === "function") forget();
      } catch (error) {
        report(error);
      }
      settle(false, undefined);
    });
    listenTo(job, CHANNEL.action, (action) => adopted.dispatch?.(action));
  } catch (error) {
    settle(true, error);
    return;
  }
  if (job.stopping) stopAdopted(adopted, job.stopReason);
}

export function stopAdopted(adopted: AdoptedJob, reason: unknown): void {
  try {
    Promise.resolve(adopted.stop(reason)).then(undefined, report);
  } catch (error) {
    report(error);
  }
}
