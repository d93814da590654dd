import type { JobRecord } from "jobgate";
import type { Tone } from "../shared/components.tsx";

/** How a status is shown everywhere on the page. */
export const statusTones: Record<JobRecord["status"], Tone> = {
  pending: "calm",
  running: "active",
  completed: "good",
  failed: "bad",
  cancelled: "calm",
};

export function statusOf({ status, attempt }: JobRecord, stopping: boolean): { text: string; tone: Tone } {
  if (stopping) return { text: "stopping…", tone: "warn" };
  if (status === "pending" && attempt > 0) return { text: "will retry", tone: "warn" };
  return { text: status, tone: statusTones[status] };
}

export function barTone({ status }: JobRecord): Tone {
  return statusTones[status];
}
