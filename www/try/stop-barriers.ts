import type { WorkJob } from "./manager.ts";
import { perJob } from "./per-job.ts";

/** One stop of one job, timed with `performance.now()`. */
export interface StopBarrier {
  readonly askedAt: number;
  /** Milliseconds from asking to the opening of the barrier; undefined while it is shut. */
  readonly openAfter: number | undefined;
}

export const stopBarriers = perJob<StopBarrier>();

/** Asks, and keeps when the barrier opened. A job that was asked before keeps its first barrier. */
export function askToStop(job: WorkJob, reason?: unknown): void {
  if (stopBarriers.get(job)) return;
  const askedAt = performance.now();
  stopBarriers.set(job, { askedAt, openAfter: undefined });
  void job.stop(reason).then(() => stopBarriers.set(job, { askedAt, openAfter: performance.now() - askedAt }));
}
