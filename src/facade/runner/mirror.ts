// What a client knows of a runner's jobs: the latest state it was sent, and every event since.

import type { QueuedRecord } from "../records.js";
import type { JobRecord, ManagerStats } from "../types.js";
import type { ServerMessage } from "./types.js";

interface Entry {
  record: QueuedRecord;
  /** When it came to where it is, counted in messages. */
  place: number;
}

const NOTHING: ManagerStats = Object.freeze({
  pending: 0,
  running: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  total: 0,
});

export class Mirror {
  stats: ManagerStats = NOTHING;
  private readonly entries = new Map<string, Entry>();
  private places = 0;

  /** False: nothing has changed. */
  apply(message: ServerMessage): boolean {
    switch (message.type) {
      case "queue_state":
        this.replace(message.jobs);
        this.stats = Object.freeze(message.stats);
        return true;
      case "job_created":
        this.put(message.job);
        return true;
      case "job_started": {
        const { started_at, attempt } = message;
        return this.move(message.job_id, { status: "running", started_at, attempt, ready_at: undefined });
      }
      case "job_progress": {
        const { percent, message: words } = message;
        const entry = this.entries.get(message.job_id);
        if (entry === undefined) return false;
        entry.record = changed(entry.record, { progress: { percent, message: words } });
        return true;
      }
      case "job_retrying":
        return this.move(message.job_id, {
          status: "pending",
          attempt: message.attempt,
          ready_at: message.retry_at,
        });
      case "job_completed":
        return this.end(message, { status: "completed", result: message.result });
      case "job_failed":
        return this.end(message, { status: "failed", error: message.error });
      case "job_cancelled":
        return this.end(message, { status: "cancelled" });
      case "job_removed":
        return this.entries.delete(message.job_id);
      case "stats_update":
        this.stats = Object.freeze(message.stats);
        return true;
      default:
        return false;
    }
  }

  /** Running, then pending in the order they will start, then finished, newest first: as the runner lists them. */
  list(): JobRecord[] {
    const all = [...this.entries.values()];
    const running = all.filter(({ record }) => record.status === "running").sort((a, b) => a.place - b.place);
    const pending = all.filter(({ record }) => record.status === "pending").sort(inStartOrder);
    const finished = all.filter(({ record }) => isFinished(record)).sort((a, b) => b.place - a.place);
    return [...running, ...pending, ...finished].map(({ record }) => record);
  }

  private replace(jobs: readonly JobRecord[]): void {
    this.entries.clear();
    const active = jobs.filter((job) => !isFinished(job));
    // The newest comes first among the finished.
    for (const job of [...active, ...jobs.filter(isFinished).reverse()]) this.put(job);
  }

  private put(record: JobRecord): void {
    this.entries.set(record.id, { record: Object.freeze(record), place: this.places++ });
  }

  private move(id: string, change: Partial<QueuedRecord>): boolean {
    const entry = this.entries.get(id);
    if (entry === undefined) return false;
    entry.record = changed(entry.record, change);
    entry.place = this.places++;
    return true;
  }

  private end(message: { job_id: string; completed_at?: number }, change: Partial<QueuedRecord>): boolean {
    const { job_id, completed_at } = message;
    return this.move(job_id, { ...change, ready_at: undefined, ...(completed_at !== undefined && { completed_at }) });
  }
}

function isFinished({ status }: JobRecord): boolean {
  return status !== "running" && status !== "pending";
}

/** A field that becomes undefined goes. */
function changed(record: QueuedRecord, change: Partial<QueuedRecord>): QueuedRecord {
  const fields = Object.entries({ ...record, ...change }).filter(([, value]) => value !== undefined);
  return Object.freeze(Object.fromEntries(fields)) as unknown as QueuedRecord;
}

/** In line by priority and place; behind them those that have to wait first, by the ends of their waits. */
function inStartOrder(a: Entry, b: Entry): number {
  const until = ({ record }: Entry) => record.ready_at ?? -1;
  return until(a) - until(b) || b.record.priority - a.record.priority || a.place - b.place;
}
