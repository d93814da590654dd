import type { JobRecord } from "jobgate";
import type { Tone } from "../shared/components.tsx";
import type { Job } from "./places/place.ts";
import { isFinished } from "./store.ts";

/** How a status is shown everywhere on the page. */
export const statusTones: Record<JobRecord["status"], Tone> = {
  pending: "calm",
  running: "active",
  completed: "good",
  failed: "bad",
  cancelled: "calm",
};

export function statusOf(job: Job): { text: string; tone: Tone } {
  const { status, attempt, interruptions = 0, stopping, waiting_for, ready_at } = job;
  if (stopping && !isFinished(job)) return { text: "stopping…", tone: "warn" };
  if (waiting_for === "online") return { text: "offline", tone: "warn" };
  if (status === "pending" && attempt > 0) {
    // Only an attempt that has failed is followed by a wait.
    if (ready_at !== undefined) return { text: "will retry", tone: "warn" };
    return { text: interruptions > 0 ? "taken over" : "handed over", tone: "warn" };
  }
  return { text: status, tone: statusTones[status] };
}

/** What was said last, of a job that has done all of it. */
export const percentOf = ({ status, progress }: JobRecord): number =>
  status === "completed" ? 100 : Math.floor(progress.percent);

export function barTone({ status }: JobRecord): Tone {
  return statusTones[status];
}
