// What a client knows of a runner's jobs: the latest state it was sent, and every event since.

import type { JobRecord, ManagerStats } from "../types.js";
import { SortedList } from "./sorted-list.js";
import type { ServerMessage } from "./types.js";

interface Entry {
  record: JobRecord;
  /** Where it is listed among the pending: until when it has to wait, its priority, when it came there. */
  key: readonly [number, number, number];
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
  /** In the order in which they came to be so. */
  private readonly running = new Set<Entry>();
  private readonly finished = new Set<Entry>();
  private readonly pending = new SortedList<Entry>(inStartOrder);
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
        return this.remove(message.job_id);
      case "stats_update":
        this.stats = Object.freeze(message.stats);
        return true;
      default:
        return false;
    }
  }

  get(id: string): JobRecord | undefined {
    return this.entries.get(id)?.record;
  }

  /** Running, then pending in the order they will start, then finished, newest first: as the runner lists them. */
  list(): JobRecord[] {
    const list: JobRecord[] = [];
    for (const { record } of this.running) list.push(record);
    for (const { record } of this.pending) list.push(record);
    const finished = [...this.finished];
    for (let at = finished.length - 1; at >= 0; at--) list.push(finished[at]!.record);
    return list;
  }

  private replace(jobs: readonly JobRecord[]): void {
    this.entries.clear();
    this.running.clear();
    this.finished.clear();
    this.pending.clear();
    // The newest comes first among the finished.
    const finished: JobRecord[] = [];
    for (const job of jobs) {
      if (isFinished(job)) finished.push(job);
      else this.put(job);
    }
    for (const job of finished.reverse()) this.put(job);
  }

  private put(record: JobRecord): void {
    this.remove(record.id);
    const { ready_at, priority } = record;
    const entry: Entry = {
      record: Object.freeze(record),
      key: [numberOr(ready_at, -Infinity), -numberOr(priority, 0), this.places++],
    };
    this.entries.set(record.id, entry);
    this.partOf(record).add(entry);
  }

  private remove(id: string): boolean {
    const entry = this.entries.get(id);
    if (entry !== undefined) this.partOf(entry.record).delete(entry);
    return this.entries.delete(id);
  }

  private partOf({ status }: JobRecord): { add(entry: Entry): void; delete(entry: Entry): void } {
    if (status === "running") return this.running;
    return status === "pending" ? this.pending : this.finished;
  }

  private move(id: string, change: Partial<JobRecord>): boolean {
    const entry = this.entries.get(id);
    if (entry !== undefined) this.put(changed(entry.record, change));
    return entry !== undefined;
  }

  private end(message: { job_id: string; completed_at?: number }, change: Partial<JobRecord>): boolean {
    const { job_id, completed_at } = message;
    return this.move(job_id, { ...change, ready_at: undefined, ...(completed_at !== undefined && { completed_at }) });
  }
}

function isFinished({ status }: JobRecord): boolean {
  return status !== "running" && status !== "pending";
}

/** A field that becomes undefined goes. */
function changed(record: JobRecord, change: Partial<JobRecord>): JobRecord {
  const fields = Object.entries({ ...record, ...change }).filter(([, value]) => value !== undefined);
  return Object.freeze(Object.fromEntries(fields)) as unknown as JobRecord;
}

/** In the ready queue by priority and place; behind them those that have to wait first, by the ends of their waits. */
function inStartOrder({ key: one }: Entry, { key: other }: Entry): number {
  // Both may have nothing to wait for.
  if (one[0] !== other[0]) return one[0] < other[0] ? -1 : 1;
  return one[1] - other[1] || one[2] - other[2];
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}
