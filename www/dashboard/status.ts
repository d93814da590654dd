import type { JobRecord } from "jobgate";
import type { Tone } from "../shared/components.tsx";
import { isFinished } from "./store.ts";

/** How a status is shown everywhere on the page. */
export const statusTones: Record<JobRecord["status"], Tone> = {
  pending: "calm",
  running: "active",
  completed: "good",
  failed: "bad",
  cancelled: "calm",
};

export function statusOf(job: JobRecord, stopping: boolean): { text: string; tone: Tone } {
  const { status, attempt } = job;
  if (stopping && !isFinished(job)) return { text: "stopping…", tone: "warn" };
  if (status === "pending" && attempt > 0) return { text: "will retry", tone: "warn" };
  return { text: status, tone: statusTones[status] };
}

export function barTone({ status }: JobRecord): Tone {
  return statusTones[status];
}
