// One job's events as a stream, as a client knows it.

import { type EventQueue, eventQueue } from "../support/event-queue.js";
import { hasEnded } from "../support/has-ended.js";
import type { JobRecord } from "../types.js";
import type { AnyServerMessage, WatchEvent } from "./types.js";

/** The streams of one client. */
export class Watches {
  private readonly byId = new Map<string, Set<Watch>>();

  /** Jobs that are watched. */
  get size(): number {
    return this.byId.size;
  }

  watch(record: JobRecord): ReadableStream<WatchEvent> {
    const { id } = record;
    const watches = this.byId.get(id) ?? new Set();
    const watch = new Watch(record, () => {
      watches.delete(watch);
      if (watches.size === 0 && this.byId.get(id) === watches) this.byId.delete(id);
    });
    watches.add(watch);
    this.byId.set(id, watches);
    watch.begin();
    return watch.stream;
  }

  /** A job stands so; undefined: it is gone. */
  tell(id: string, record: JobRecord | undefined, message: AnyServerMessage): void {
    for (const watch of [...(this.byId.get(id) ?? [])]) watch.tell(record, message);
  }

  /** Of all that are watched. */
  tellAll(recordOf: (id: string) => JobRecord | undefined, message: AnyServerMessage): void {
    for (const id of [...this.byId.keys()]) this.tell(id, recordOf(id), message);
  }

  fail(error: Error): void {
    for (const watches of [...this.byId.values()]) for (const watch of [...watches]) watch.fail(error);
  }
}

class Watch {
  private record: JobRecord;
  private readonly queue: EventQueue<WatchEvent>;
  private readonly onLeave: () => void;

  constructor(record: JobRecord, onLeave: () => void) {
    this.record = record;
    this.onLeave = onLeave;
    this.queue = eventQueue<WatchEvent>(onLeave);
  }

  /** The present. */
  begin(): void {
    const { record } = this;
    this.pushStatus(record, undefined);
    if (hasEnded(record)) this.end(record, undefined);
    else if (record.progress.percent > 0 || record.progress.message !== "") this.pushProgress(record);
  }

  get stream(): ReadableStream<WatchEvent> {
    return this.queue.stream;
  }

  tell(record: JobRecord | undefined, message: AnyServerMessage): void {
    const before = this.record;
    // It was let go of, and how it ended was overtaken.
    if (record === undefined) {
      this.leave();
      return;
    }
    this.record = record;
    if (hasEnded(record)) {
      this.end(record, message.type === "job_cancelled" ? message.reason : undefined);
      return;
    }
    if (record.status !== before.status || record.attempt !== before.attempt) {
      // Of a job that is tried without end, only the newest attempt.
      this.pushStatus(record, record.attempt > 1 || record.status === "pending" ? "status" : undefined);
    }
    const { percent, message: words } = before.progress;
    // The state tells it again. What a job itself says twice, it says twice.
    const isSame = record.progress.percent === percent && record.progress.message === words;
    if (message.type === "job_progress" || !isSame) this.pushProgress(record);
  }

  fail(error: Error): void {
    this.onLeave();
    this.queue.fail(error);
  }

  private pushStatus({ status, started_at }: JobRecord, key: string | undefined): void {
    const data = { status, ...(started_at !== undefined && { started_at }) };
    this.queue.push({ event: "status", data }, key);
  }

  private pushProgress({ progress: { percent, message } }: JobRecord): void {
    this.queue.push({ event: "progress", data: { percent, message } }, "progress");
  }

  private end(record: JobRecord, reason: string | undefined): void {
    this.queue.push(endEvent(record, reason ?? record.reason));
    this.leave();
  }

  private leave(): void {
    this.onLeave();
    this.queue.close();
  }
}

function endEvent({ status, result, error, started_at, completed_at }: JobRecord, reason?: string): WatchEvent {
  if (status === "completed") {
    const millis = (completed_at ?? 0) - (started_at ?? completed_at ?? 0);
    return { event: "complete", data: { status, result, duration: Math.max(millis, 0) / 1000 } };
  }
  if (status === "failed") return { event: "failed", data: { status, error } };
  return { event: "cancelled", data: { status: "cancelled", ...(reason !== undefined && { reason }) } };
}
