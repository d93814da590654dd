import type { StopBarrier } from "../shared/Barrier.tsx";
import type { WorkJob } from "./manager.ts";
import { perJob } from "./per-job.ts";

export const stopBarriers = perJob<StopBarrier>();

/** Asks, and keeps when the barrier opened. A job that was asked before keeps its first barrier. */
export function askToStop(job: WorkJob, reason?: unknown): void {
  if (stopBarriers.get(job)) return;
  const askedAt = performance.now();
  stopBarriers.set(job, { askedAt, openAfter: undefined });
  void job.stop(reason).then(() => stopBarriers.set(job, { askedAt, openAfter: performance.now() - askedAt }));
}
