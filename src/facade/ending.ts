// What happens when a job has ended: promises, continuations, and letting go of everything.

import { runContinuations } from "./continuations.js";
import type { AnyJob } from "./extras.js";
import { releaseStamp, stamp } from "./stamp.js";
import { completionOf } from "./support.js";
import { jobs } from "./tables.js";
import { CAUSE, END } from "./wire.js";

export function end(job: AnyJob, completion: number, cause: number, forgotten: boolean): void {
  if (cause === CAUSE.replaced && !job.stopAsked) {
    job.noteStop(new DOMException("Replaced by a newer job under the same key", "AbortError"));
  }
  job.end = completion;
  job.finished = stamp();
  job.factory = undefined;
  job.manager.keys.leave(job);
  jobs[job.slot] = undefined;
  if (forgotten) job.manager.forget(job.slot, job);
  else job.manager.retain(job);
  if (job.more !== undefined) settle(job);
}

function settle(job: AnyJob): void {
  const more = job.more!;
  more.unhook?.();
  more.unhook = undefined;
  more.adopted = undefined;
  more.mailbox = undefined;
  more.listeners?.clear();
  more.listeners = undefined;
  if (more.result !== undefined) job.settleResult();
  more.settled?.resolve(completionOf(job)!);
  more.barrier?.resolve();
  if (more.continuations !== undefined) {
    releaseStamp();
    runContinuations(job);
  }
}

/** The engine has broken: nothing will ever end this job, so it ends here, failed, and tells nobody but its promises. */
export function breakOff(job: AnyJob, error: Error): void {
  if (job.end !== 0) return;
  job.end = END.failed;
  job.value = error;
  job.slot = -1;
  const more = job.more;
  if (more === undefined) return;
  more.unhook?.();
  more.result?.reject(error);
  more.settled?.resolve(completionOf(job)!);
  more.barrier?.reject(error);
  for (const close of more.streams ?? []) close(error);
}
