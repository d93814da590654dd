// One job, as any queue has it watched.

import type { WatchEvent } from "../runner/types.js";
import { eventQueue } from "../support/event-queue.js";
import type { Unsubscribe } from "../types.js";
import { AT, isOver, RUNNING } from "./numbers.js";
import { type Change, eventsOf, reasonText, recordOf } from "./records.js";
import type { StoredJob } from "./rows.js";
import type { SharedRecord } from "./types.js";

/** Who tells what becomes of a job. */
export interface JobSource {
  readonly durable: boolean;
  listen(id: string, listener: (change: Change) => void): Unsubscribe;
}

function statusOf({ row }: StoredJob): WatchEvent {
  const started_at = row[AT.started_at]!;
  const status = row[AT.status] === RUNNING ? "running" : "pending";
  return { event: "status", data: { status, ...(started_at !== 0 && { started_at }) } };
}

function endEvent(job: StoredJob, record: SharedRecord): WatchEvent {
  const { status, result, error, started_at = 0, completed_at = 0 } = record;
  if (status === "completed") {
    const duration = Math.max(completed_at - started_at, 0) / 1000;
    return { event: "complete", data: { status, result, duration } };
  }
  if (status === "failed") return { event: "failed", data: { status, error } };
  const reason = reasonText(job);
  return { event: "cancelled", data: { status: "cancelled", ...(reason !== undefined && { reason }) } };
}

/** Its present state first, then what follows, then the end. */
export function watchStream(source: JobSource, job: StoredJob): ReadableStream<WatchEvent> {
  let leave: Unsubscribe = () => {};
  const queue = eventQueue<WatchEvent>(() => leave());
  const end = (ended: StoredJob) => {
    queue.push(endEvent(ended, recordOf(ended, source.durable, undefined)));
    queue.close();
  };
  if (isOver(job.row)) {
    end(job);
    return queue.stream;
  }
  queue.push(statusOf(job));
  const { percent, message } = job.progress;
  if (percent !== 0 || message !== "") queue.push({ event: "progress", data: { percent, message } });
  leave = source.listen(job.id, (change) => {
    const { before, after } = change;
    if (after === undefined || after.incarnation !== job.incarnation) {
      leave();
      if (change.failure !== undefined) queue.fail(change.failure);
      else queue.close();
      return;
    }
    const hasEnded = isOver(after.row);
    const isOther = before?.row[AT.status] !== after.row[AT.status] || before?.row[AT.epoch] !== after.row[AT.epoch];
    if (isOther && !hasEnded) queue.push(statusOf(after), "status");
    for (const event of eventsOf(change, () => recordOf(after, source.durable, undefined))) {
      if (event.type !== "job_progress") continue;
      queue.push({ event: "progress", data: { percent: event.percent, message: event.message } }, "progress");
    }
    if (!hasEnded) return;
    leave();
    end(after);
  });
  return queue.stream;
}
