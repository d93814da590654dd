import { abortReason } from "./abort.js";
import type { AnyJob } from "./extras.js";
import type { Unsubscribe } from "./types.js";

/** Jobs by the caller's signal that stops them. */
const followers = new WeakMap<AbortSignal, Set<AnyJob>>();

/**
 * The signal's abort stops the job, with its reason. However many jobs follow a signal, it has one listener of ours,
 * and none once the last has ended: platforms take longer for each one that is there already.
 */
export function follow(signal: AbortSignal, job: AnyJob): Unsubscribe {
  let jobs = followers.get(signal);
  if (jobs === undefined) {
    jobs = new Set();
    followers.set(signal, jobs);
    signal.addEventListener("abort", onAbort, { once: true });
  }
  const following = jobs.add(job);
  return () => {
    following.delete(job);
    if (following.size > 0 || followers.get(signal) !== following) return;
    followers.delete(signal);
    signal.removeEventListener("abort", onAbort);
  };
}

function onAbort(event: Event): void {
  const signal = event.currentTarget as AbortSignal;
  const jobs = followers.get(signal);
  followers.delete(signal);
  for (const job of jobs ?? []) job.askToStop(abortReason(signal));
}
