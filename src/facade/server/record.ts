// How a job lies in BullMQ: what is written there, and the record that it is read as.

import type { Rank } from "../runner/rank.js";
import { fieldOf, messageOf } from "../support/look.js";
import type { JobRecord, JobStatus } from "../types.js";
import { partsOf } from "./names.js";

/** What a job's `data` is. */
export interface StoredData {
  readonly params: Record<string, unknown>;
  readonly priority: number;
  readonly timeout?: number;
  readonly retry?: StoredRetry;
}

export interface StoredRetry {
  /** Null: without end. */
  readonly limit: number | null;
  readonly delay: number;
  readonly maxDelay: number;
  readonly backoff: "fixed" | "exponential";
  readonly jitter: "full" | "none";
}

const MIDDLE = 2 ** 20;

/** BullMQ's: integers from 1 to 2^21 − 1, lower first. */
export function levelOf(priority: number): number {
  return Math.min(Math.max(MIDDLE - Math.round(priority), 1), 2 * MIDDLE - 1);
}

/** What `jgRead` answers with. */
export type StoredFields = readonly (string | null)[];

export interface StoredJob {
  readonly scope: string;
  /** It has ended, and was let go of a moment ago. */
  readonly isGone: boolean;
  readonly record: JobRecord;
  /** Where it is listed. */
  readonly rank: Rank;
  /** Why it was asked to end, in words. */
  readonly reason: string | undefined;
  /** Attempts that have failed, and what the last of them failed with, where it is to be tried again. */
  readonly failures: number;
  readonly failure: JobRecord["error"];
}

const CANCELLED = "cancelled";

/** The `failedReason` of a job that was cancelled; the scripts know it by how it begins. */
export function cancelledReason(reason: string | undefined): string {
  return JSON.stringify({ [CANCELLED]: true, ...(reason !== undefined && { reason }) });
}

export function failedReason({ name, message, code }: NonNullable<JobRecord["error"]>): string {
  return JSON.stringify({ name, message, ...(code !== undefined && { code }) });
}

/** BullMQ's words for a job whose worker was lost more often than is allowed. */
const STALLED = /stalled more than allowable limit|started more than allowable limit/;

function errorOf(reason: string): NonNullable<JobRecord["error"]> {
  const given = parsed(reason);
  const name = fieldOf(given, "name");
  const code = fieldOf(given, "code");
  if (typeof name === "string") {
    return { name, message: messageOf(given), ...(typeof code === "string" && { code }) };
  }
  if (!STALLED.test(reason)) return { name: "Error", message: reason };
  const message = "The job's workers were lost more often than is allowed";
  return { name: "WorkerCrashedError", message, code: "E_WORKER_CRASHED" };
}

/** Of what is written where a job was asked to end, or has ended so: why, in words. */
function reasonIn(json: string | null | undefined): string | undefined {
  const given = fieldOf(parsed(json), "reason");
  return typeof given === "string" ? given : undefined;
}

function parsed(json: string | null | undefined): unknown {
  try {
    return json === null || json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

const DELAY_SCALE = 0x1000;
const LISTED = { running: 0, ready: 1, delayed: 2, ended: 3 } as const;

/** The order of a queue's list, of what the store says alone. */
export function rankOf(place: string, score: number, record: JobRecord, number: number): Rank {
  if (place === "done") return [LISTED.ended, -(record.completed_at ?? 0), -number];
  if (place === "delayed") return [LISTED.delayed, score, number];
  // Those that were lost by a worker and wait again come first.
  if (place === "first") return [LISTED.ready, 0, score];
  if (place === "ready") return [LISTED.ready, score, number];
  return [LISTED.running, record.started_at ?? 0, number];
}

/** Undefined for a job that somebody else has put into the queue. */
export function toJob(stored: string, fields: StoredFields): StoredJob | undefined {
  const parts = partsOf(stored);
  const [found, score, name, data, timestamp, processedOn, finishedOn, progress, returned, failed, ats, by] = fields;
  const [started, stop, priority, number, made] = fields.slice(12);
  const isGone = found === "gone";
  const place = isGone ? "done" : found;
  const { params, priority: given } = (parsed(data) ?? {}) as Partial<StoredData>;
  if (parts === undefined || typeof place !== "string" || typeof name !== "string" || params === undefined)
    return undefined;
  const status = statusOf(place, returned, failed);
  const isEnded = place === "done";
  const readyAt = place === "delayed" ? Math.floor(Number(score) / DELAY_SCALE) : undefined;
  // BullMQ's is the latest attempt's, also of one that was handed back before it began, and says when the worker asked for
  // a job: that may be somewhat before there was one.
  const begun = started ?? (status === "pending" ? null : processedOn);
  const createdAt = Number(timestamp);
  const told = parsed(progress);
  const percent = fieldOf(told, "percent");
  const message = fieldOf(told, "message");
  const reason = status === "cancelled" ? reasonIn(failed) : reasonIn(stop);
  const failures = Number(made ?? 0);
  const failure = !isEnded && failures > 0 && failed != null ? errorOf(failed) : undefined;
  const record: JobRecord = {
    id: parts.id,
    type: name,
    params,
    status,
    progress: {
      percent: typeof percent === "number" ? percent : 0,
      message: typeof message === "string" ? message : "",
    },
    ...(status === "completed" && { result: fieldOf(parsed(returned), "result") ?? null }),
    ...(status === "failed" && { error: errorOf(failed ?? "") }),
    ...(status === "cancelled" && reason !== undefined && { reason }),
    priority: priority == null ? (given ?? 0) : Number(priority),
    attempt: Number(ats ?? 0),
    created_at: createdAt,
    ...(begun != null && { started_at: Math.max(Number(begun), createdAt) }),
    ...(isEnded && { completed_at: Number(finishedOn) }),
    ...(readyAt !== undefined && { ready_at: readyAt }),
    ...(by != null && { worker_id: by }),
    ...(place === "active" && stop != null && { stopping: true as const }),
  };
  const rank = rankOf(place, Number(score), record, Number(number ?? 0));
  return { scope: parts.scope, isGone, record, rank, reason, failures, failure };
}

function statusOf(place: string, returned: string | null | undefined, failed: string | null | undefined): JobStatus {
  if (place === "active") return "running";
  if (place !== "done") return "pending";
  if (returned != null) return "completed";
  return failed?.startsWith(`{"${CANCELLED}"`) ? "cancelled" : "failed";
}
