// Jobs and what happens to them as plain data.

import { fieldOf, messageOf, reasonText, textOf } from "../support/look.js";
import { wallNow } from "../support/time.js";
import type { JobEvent, JobRecord, Progress } from "../types.js";
import { EVENT } from "../wasm/wire.js";
import { completionOf, readyAtOf } from "./completion.js";
import type { AnyJob, Told } from "./record.js";

type ErrorRecord = NonNullable<JobRecord["error"]>;

export function idOf({ manager, key, id }: AnyJob): string {
  return manager.entry.describe && key !== undefined ? textOf(key) : id;
}

export function recordOf(job: AnyJob): JobRecord {
  const completion = completionOf(job);
  const readyAt = readyAtOf(job);
  const reason = completion?.type === "Cancelled" ? reasonText(completion.reason) : undefined;
  return {
    id: idOf(job),
    type: job.name,
    params: null,
    status: job.status,
    progress: job.progress,
    ...(completion?.type === "Normal" && { result: completion.result }),
    ...(completion?.type === "Failed" && { error: errorRecord(completion.error) }),
    ...(reason !== undefined && { reason }),
    priority: job.priority,
    attempt: job.attempt,
    created_at: job.createdAt,
    ...(job.startedAt !== undefined && { started_at: job.startedAt }),
    ...(job.finishedAt !== undefined && { completed_at: job.finishedAt }),
    ...(readyAt !== undefined && { ready_at: readyAt }),
    ...(job.stopping && { stopping: true }),
    ...job.manager.entry.describe?.(job),
  };
}

/** As it was when it was created, also if it has gone on since. */
function newRecordOf(job: AnyJob): JobRecord {
  const { id, type, params, priority, created_at, ready_at } = recordOf(job);
  return {
    id,
    type,
    params,
    status: "pending",
    progress: { percent: 0, message: "" },
    priority,
    attempt: 0,
    created_at,
    ...(ready_at !== undefined && { ready_at }),
  };
}

export function errorRecord(error: unknown): ErrorRecord {
  const name = fieldOf(error, "name");
  const code = fieldOf(error, "code");
  return {
    name: typeof name === "string" ? name : "Error",
    message: messageOf(error),
    ...(typeof code === "string" && { code }),
  };
}

/** How an ended job ended. */
export function endEventOf(job: AnyJob): JobEvent {
  const completion = completionOf(job)!;
  const job_id = idOf(job);
  if (completion.type === "Normal") return { type: "job_completed", job_id, result: completion.result };
  if (completion.type === "Failed") return { type: "job_failed", job_id, error: errorRecord(completion.error) };
  const reason = reasonText(completion.reason);
  return { type: "job_cancelled", job_id, ...(reason !== undefined && { reason }) };
}

export function toldOf(event: number, job: AnyJob, payload: unknown): Told {
  return { event: eventOf(event, job, payload), job };
}

function eventOf(event: number, job: AnyJob, payload: unknown): JobEvent {
  const job_id = idOf(job);
  switch (event) {
    case EVENT.created:
      return { type: "job_created", job: newRecordOf(job) };
    case EVENT.started:
      return {
        type: "job_started",
        job_id,
        started_at: job.startedAt ?? wallNow(),
        attempt: Math.max(job.attempt, 1),
      };
    case EVENT.progress: {
      const { percent, message } = payload as Progress;
      return { type: "job_progress", job_id, percent, message };
    }
    case EVENT.log:
      return { type: "job_log", job_id, message: payload as string, at: wallNow() };
    case EVENT.retrying:
      return {
        type: "job_retrying",
        job_id,
        attempt: job.attempt,
        error: errorRecord(job.cold?.lastError),
        retry_at: readyAtOf(job) ?? wallNow(),
      };
    case EVENT.stopping: {
      const reason = reasonText(job.cold?.timeoutError ?? job.stopReason);
      return { type: "job_stopping", job_id, ...(reason !== undefined && { reason }) };
    }
    case EVENT.removed:
      return { type: "job_removed", job_id };
    default:
      return endEventOf(job);
  }
}
