// What is told of a job that stood so and stands so now.

import { hasEnded } from "../../support/has-ended.js";
import type { JobEvent, JobRecord } from "../../types.js";

/** Neither: it is listed elsewhere, or has another priority. */
export type Change = JobEvent | undefined;

/** What two records do not say. */
export interface Circumstances {
  /** It is at another place of the list. */
  readonly hasMoved: boolean;
  /** Why it was asked to end. */
  readonly reason: string | undefined;
  /** What an attempt has failed with since; undefined: its worker was lost, or has handed it back. */
  readonly failure: JobRecord["error"];
}

/** In the order in which it happened, as far as is known. */
export function changesBetween(
  before: JobRecord | undefined,
  after: JobRecord,
  { hasMoved, reason, failure }: Circumstances,
): Change[] {
  const { id: job_id } = after;
  if (before === undefined) return [{ type: "job_created", job: after }];
  if (before.created_at !== after.created_at || (hasEnded(before) && !hasEnded(after))) {
    return [
      { type: "job_removed", job_id },
      { type: "job_created", job: after },
    ];
  }
  if (hasEnded(before)) return [];
  const told: Change[] = [];
  const { started_at, attempt, worker_id, progress } = after;
  const isAnother = before.attempt !== attempt || before.worker_id !== worker_id;
  const runs = after.status === "running";
  if (runs && isAnother && before.status === "running" && failure !== undefined) {
    told.push({ type: "job_retrying", job_id, attempt: before.attempt, error: failure, retry_at: Date.now() });
  }
  if (
    started_at !== undefined &&
    ((runs && (before.status !== "running" || isAnother)) || (hasEnded(after) && isAnother))
  ) {
    const by = worker_id !== undefined && { worker_id };
    told.push({ type: "job_started", job_id, started_at, attempt, ...by });
  }
  if (after.stopping && !(before.stopping && !isAnother)) {
    told.push({ type: "job_stopping", job_id, ...(reason !== undefined && { reason }) });
  }
  if (progress.percent !== before.progress.percent || progress.message !== before.progress.message) {
    told.push({ type: "job_progress", job_id, ...progress });
  }
  switch (after.status) {
    case "pending":
      if (before.status === "running") {
        const retry_at = after.ready_at ?? Date.now();
        told.push({ type: "job_retrying", job_id, attempt, error: failure, retry_at });
      }
      if (before.status === "running" ? after.ready_at === undefined : hasMoved || isElsewhere(before, after)) {
        told.push(undefined);
      }
      break;
    case "running":
      if (before.priority !== after.priority) told.push(undefined);
      break;
    case "completed":
      told.push({ type: "job_completed", job_id, result: after.result });
      break;
    case "failed":
      told.push({ type: "job_failed", job_id, error: after.error });
      break;
    case "cancelled":
      told.push({ type: "job_cancelled", job_id, ...(reason !== undefined && { reason }) });
  }
  return told;
}

function isElsewhere(before: JobRecord, after: JobRecord): boolean {
  return before.priority !== after.priority || before.ready_at !== after.ready_at;
}

const FIELDS = [
  "type",
  "status",
  "priority",
  "attempt",
  "created_at",
  "started_at",
  "completed_at",
  "ready_at",
  "worker_id",
  "stopping",
] as const;

/** What it was made of and what came of it never change. */
export function isSame(one: JobRecord | undefined, other: JobRecord): boolean {
  if (one === undefined) return false;
  const { percent, message } = other.progress;
  return (
    FIELDS.every((field) => one[field] === other[field]) &&
    one.progress.percent === percent &&
    one.progress.message === message
  );
}
