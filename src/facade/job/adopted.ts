// A factory that returns a job of its own: that one's end is the end, its state and actions pass through. It may be made
// by hand and do anything, so each of its parts is touched once, guarded.

import { report } from "../errors.js";
import { fieldOf } from "../support/look.js";
import { CHANNEL } from "../wasm/listeners.js";
import { endValueOf } from "./completion.js";
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

/** A hand-made one may lead on for ever. */
const FARTHEST = 1000;

/** Whether it would wait for its own end: it is the adopted one, or that one's, and so on. */
function leadsBack(job: AnyJob, adopted: unknown): boolean {
  let at = adopted;
  for (let steps = 0; at !== undefined && steps < FARTHEST; steps += 1) {
    if (at === job) return true;
    at = fieldOf(fieldOf(at, "cold"), "adopted");
  }
  return false;
}

export function adopt(
  job: AnyJob,
  attempt: number,
  adopted: AdoptedJob,
  settle: (rejected: boolean, value: unknown) => void,
): void {
  if (leadsBack(job, adopted)) {
    settle(true, new TypeError(`The factory of job "${job.name}" returned that very job: it would never end`));
    return;
  }
  const cold = job.coldData();
  cold.adopted = adopted;
  stateOf(job, adopted);
  try {
    cold.leaveAdopted = adopted.onStateChange?.((state) => job.setState(state, attempt));
    adopted.onStopped(() => {
      if (cold.adopted !== adopted) return;
      letGoOfAdopted(job);
      settle(false, undefined);
    });
    listenTo(job, CHANNEL.action, (action) => adopted.dispatch?.(action));
  } catch (error) {
    letGoOfAdopted(job);
    settle(true, error);
    return;
  }
  if (job.stopping) stopAdopted(adopted, endValueOf(job));
}

/** If there is one. Its last state stays. */
export function letGoOfAdopted(job: AnyJob): void {
  const { cold } = job;
  if (cold?.adopted === undefined) return;
  const { adopted, leaveAdopted } = cold;
  stateOf(job, adopted);
  cold.adopted = undefined;
  cold.leaveAdopted = undefined;
  try {
    if (typeof leaveAdopted === "function") leaveAdopted();
  } catch (error) {
    report(error);
  }
}

export function stopAdopted(adopted: AdoptedJob, reason: unknown): void {
  try {
    Promise.resolve(adopted.stop(reason)).then(undefined, report);
  } catch (error) {
    report(error);
  }
}
