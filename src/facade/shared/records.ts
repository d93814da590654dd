// What is told of stored jobs: records, and events of what has changed.

import { fieldOf, messageOf, textOf } from "../support/look.js";
import { deserialize } from "../support/serialize.js";
import type { JobEvent, JobRecord, ManagerStats } from "../types.js";
import { AT, CANCELLED, COMPLETED, FAILED, isOver, PENDING, RUNNING, STATUS } from "./numbers.js";
import type { StoredJob } from "./rows.js";
import type { SharedRecord } from "./types.js";

/** What has become of a job: its row before, if it was known, and now, if it is still. */
export interface Change {
  readonly before: StoredJob | undefined;
  readonly after: StoredJob | undefined;
  /** What `log` has said. */
  readonly event?: JobEvent;
  /** The engine has broken, the store is gone, or the runner was closed: nothing follows. */
  readonly failure?: Error;
}

/** For whoever makes one. */
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

export function recordOf(job: StoredJob, durable: boolean, waiting: SharedRecord["waiting_for"]): SharedRecord {
  const { id, type, params, row, key, owner, progress, error } = job;
  const status = STATUS[row[AT.status]!]!;
  const started_at = row[AT.started_at]!;
  const completed_at = row[AT.ended_at]!;
  const ready_at = row[AT.ready_at]!;
  const record: Partial<Mutable<SharedRecord>> = { id, type, params, status, progress };
  if (status === "completed") record.result = job.result;
  if (status === "failed") record.error = errorRecord(error);
  const reason = status === "cancelled" ? reasonText(job) : undefined;
  if (reason !== undefined) record.reason = reason;
  record.priority = row[AT.priority]!;
  record.attempt = row[AT.attempt]!;
  record.created_at = row[AT.created_at]!;
  if (started_at !== 0) record.started_at = started_at;
  if (completed_at !== 0) record.completed_at = completed_at;
  if (ready_at !== 0) record.ready_at = ready_at;
  if (status === "running" && row[AT.stop] === 1) record.stopping = true;
  if (key !== undefined) record.key = key;
  record.version = row[AT.version]!;
  record.durable = durable;
  record.interruptions = row[AT.interruptions]!;
  if (status === "running" && owner !== undefined) record.owner = { tab: owner, epoch: row[AT.epoch]! };
  if (waiting !== undefined) record.waiting_for = waiting;
  return Object.freeze(record) as SharedRecord;
}

export function errorRecord(error: StoredJob["error"]): NonNullable<JobRecord["error"]> {
  const thrown = deserialize(error);
  const code = fieldOf(thrown, "code");
  return {
    name: textOf(fieldOf(thrown, "name") ?? "Error"),
    message: messageOf(thrown),
    ...(typeof code === "string" && { code }),
  };
}

/** In words. */
export function reasonText(job: StoredJob): string | undefined {
  return job.reason === undefined ? undefined : messageOf(deserialize(job.reason));
}

/** What a change comes to, for those who hear events. */
export function eventsOf({ before, after, event }: Change, record: () => JobRecord): JobEvent[] {
  if (event !== undefined) return [event];
  if (after === undefined) return before === undefined ? [] : [{ type: "job_removed", job_id: before.id }];
  const { id: job_id, row } = after;
  const events: JobEvent[] = [];
  const status = row[AT.status]!;
  if (before === undefined) events.push({ type: "job_created", job: record() });
  if (status === RUNNING && before?.row[AT.epoch] !== row[AT.epoch]) {
    events.push({ type: "job_started", job_id, started_at: row[AT.started_at]!, attempt: row[AT.attempt]! });
  }
  if (before !== undefined && before.progress !== after.progress) {
    const { percent, message } = after.progress;
    const { progress } = before;
    const isNew = progress.percent !== percent || progress.message !== message;
    if (isNew) events.push({ type: "job_progress", job_id, percent, message });
  }
  if (status === PENDING && before !== undefined && before.row[AT.failures] !== row[AT.failures]) {
    const error = errorRecord(after.error);
    events.push({ type: "job_retrying", job_id, attempt: row[AT.attempt]!, error, retry_at: row[AT.ready_at]! });
  }
  if (status === RUNNING && row[AT.stop] === 1 && before?.row[AT.stop] === 0) {
    const reason = reasonText(after);
    events.push({ type: "job_stopping", job_id, ...(reason !== undefined && { reason }) });
  }
  if (!isOver(row) || (before !== undefined && isOver(before.row))) return events;
  if (status === COMPLETED) events.push({ type: "job_completed", job_id, result: after.result });
  if (status === FAILED) events.push({ type: "job_failed", job_id, error: errorRecord(after.error) });
  const reason = reasonText(after);
  if (status === CANCELLED) events.push({ type: "job_cancelled", job_id, ...(reason !== undefined && { reason }) });
  return events;
}

/** Running in the order of their starts, then those that are pending, as given, then ended ones, newest first. */
export function listed(jobs: Iterable<StoredJob>, pending: readonly StoredJob[]): StoredJob[] {
  const running: StoredJob[] = [];
  const ended: StoredJob[] = [];
  for (const job of jobs) {
    if (job.row[AT.status] === RUNNING) running.push(job);
    else if (isOver(job.row)) ended.push(job);
  }
  running.sort((one, other) => one.row[AT.started_at]! - other.row[AT.started_at]!);
  ended.sort((one, other) => other.ended! - one.ended!);
  return [...running, ...pending, ...ended];
}

export function statsOf(jobs: Iterable<StoredJob>): ManagerStats {
  const counts = [0, 0, 0, 0, 0, 0];
  for (const { row } of jobs) {
    counts[row[AT.status]!]! += 1;
    counts[5]! += 1;
  }
  const [pending, running, completed, failed, cancelled, total] = counts as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { pending, running, completed, failed, cancelled, total };
}
