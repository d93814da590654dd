// What happens when a job has ended: promises, continuations, and letting go of everything.

import { releaseStamp, stamp } from "../wasm/stamp.js";
import { CAUSE, END, ENDED, LOW_MASK } from "../wasm/wire.js";
import { letGoOfAdopted } from "./adopted.js";
import { abortForGood } from "./body.js";
import { completionOf, valueBy } from "./completion.js";
import type { AnyJob } from "./record.js";
import { jobs } from "./tables.js";
import { breakSleeps } from "./waits.js";

/** `how` and `why` as the engine writes them; then its continuations: where they begin, how many they are. */
export function end(job: AnyJob, how: number, why: number, first: number, count: number): void {
  const cause = why & LOW_MASK;
  // First what nothing can keep from being done: after it, no number of the engine's leads to this job any more.
  const { slot, manager, factory } = job;
  job.end = how;
  job.finished = stamp();
  job.factory = undefined;
  jobs[slot] = undefined;
  job.outcome = how === END.cancelled ? undefined : valueBy(job, cause);
  if ((why & ENDED.forgotten) !== 0) manager.letGo(slot, job);
  else manager.roster.retain(job, manager.keys.isKeyed(job));
  manager.keys.leave(job);
  // Its body has not settled.
  if ((why & ENDED.abandoned) !== 0) job.coldData().abandoned = true;
  if (job.cold !== undefined) settle(job, cause, first, count);
  manager.ends.tell(job, how === END.failed);
  if (typeof factory === "object" && factory.ended !== undefined) {
    releaseStamp();
    factory.ended(job);
  }
}

function settle(job: AnyJob, cause: number, first: number, count: number): void {
  const cold = job.cold!;
  const { unhook, listeners, actionListeners } = cold;
  cold.unhook = undefined;
  cold.mailbox = undefined;
  cold.lastError = undefined;
  cold.listeners = undefined;
  cold.actionListeners = undefined;
  cold.continuations = undefined;
  if (cold.result !== undefined) job.settleResult();
  cold.settled?.resolve(completionOf(job)!);
  cold.barrier?.resolve();
  actionListeners?.clear();
  unhook?.();
  letGoOfAdopted(job);
  breakSleeps(job, undefined);
  if (cause === CAUSE.timeout) abortForGood(job);
  if (count > 0) {
    releaseStamp();
    listeners?.call(first, count, job);
  }
  listeners?.clear();
}

/** The engine has broken: nothing will ever end this job, so it ends here, failed, and tells nobody but its promises. */
export function breakOff(job: AnyJob, error: Error): void {
  if (job.end !== 0) return;
  job.end = END.failed;
  job.outcome = error;
  job.slot = -1;
  const cold = job.cold;
  if (cold === undefined) return;
  cold.result?.reject(error);
  cold.settled?.resolve(completionOf(job)!);
  cold.barrier?.reject(error);
  breakSleeps(job, error);
  for (const close of cold.streams ?? []) close(error);
  cold.unhook?.();
}
