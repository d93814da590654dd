// What a client knows of a runner's jobs: the latest state it was sent, and every event since, in the order that the
// runner's engine says.

import { hasEnded } from "../support/has-ended.js";
import type { JobRecord, ManagerStats } from "../types.js";
import { compareRanks, isRank, type Rank } from "./rank.js";
import { SortedList } from "./sorted-list.js";
import type { AnyServerMessage } from "./types.js";

interface Entry {
  readonly record: JobRecord;
  readonly rank: Rank;
  /** Where two are listed alike. */
  readonly arrival: number;
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
  /** Of the latest message; undefined of a runner of version 1. */
  seq: number | undefined = undefined;
  /** Whose numbers these are, where a queue has several ends that count for themselves. */
  instance: string | undefined = undefined;
  private readonly entries = new Map<string, Entry>();
  private readonly listed = new SortedList<Entry>(
    (one, other) => compareRanks(one.rank, other.rank) || one.arrival - other.arrival,
  );
  private arrivals = 0;

  /** The id of the job that has changed; an empty one: any, or the statistics; undefined: nothing has changed. */
  apply(message: AnyServerMessage): string | undefined {
    if (!this.isNext(message)) return undefined;
    switch (message.type) {
      case "queue_state":
        this.replace(message.jobs, message.ranks);
        this.stats = Object.freeze(message.stats);
        this.instance = message.instance;
        return "";
      case "job_created":
        this.put(message.job, message.rank);
        return message.job.id;
      case "job_started": {
        const { started_at, attempt, worker_id } = message;
        return this.move(message, { status: "running", started_at, attempt, worker_id, ...NO_WAIT });
      }
      case "job_stopping":
        return this.change(message.job_id, { stopping: true });
      case "job_progress": {
        const { percent, message: words } = message;
        return this.change(message.job_id, { progress: { percent, message: words } });
      }
      case "job_moved": {
        const { priority, ready_at } = message;
        return this.move(message, { priority, ready_at });
      }
      case "job_retrying":
        return this.move(message, {
          ...NO_WAIT,
          status: "pending",
          attempt: message.attempt,
          ready_at: message.retry_at,
        });
      case "job_completed":
        return this.end(message, { status: "completed", result: message.result });
      case "job_failed":
        return this.end(message, { status: "failed", error: message.error });
      case "job_cancelled":
        return this.end(message, { status: "cancelled", reason: message.reason });
      case "job_removed":
        return this.remove(message.job_id) ? message.job_id : undefined;
      case "stats_update":
        this.stats = Object.freeze(message.stats);
        return "";
      default:
        return undefined;
    }
  }

  get(id: string): JobRecord | undefined {
    return this.entries.get(id)?.record;
  }

  /** Running, then pending in the order they will start, then finished, newest first: as the runner lists them. */
  list(): JobRecord[] {
    return Array.from(this.listed, ({ record }) => record);
  }

  /** What a runner tells again was known before; what it tells others before it tells its state is part of that. */
  private isNext({ type, seq }: AnyServerMessage & { readonly seq?: unknown }): boolean {
    if (typeof seq !== "number" || type === "ok") return true;
    if (type !== "queue_state" && !(seq >= (this.seq ?? Infinity))) return false;
    this.seq = seq;
    return true;
  }

  private replace(jobs: readonly JobRecord[], ranks: readonly Rank[] = []): void {
    this.entries.clear();
    this.listed.clear();
    const first = this.arrivals;
    this.arrivals += jobs.length;
    const finished = jobs.findIndex(hasEnded);
    // As they are listed, which is quickest; without ranks, the first of the finished counts as what came last of all.
    for (const [at, job] of jobs.entries()) {
      const isFinished = finished >= 0 && at >= finished;
      this.put(job, ranks[at], first + (isFinished ? finished + jobs.length - 1 - at : at));
    }
  }

  private put(record: JobRecord, rank: unknown, arrival = this.arrivals++): void {
    this.remove(record.id);
    const entry = { record: Object.freeze(record), rank: isRank(rank) ? rank : guess(record, arrival), arrival };
    this.entries.set(record.id, entry);
    this.listed.add(entry);
  }

  private remove(id: string): boolean {
    const entry = this.entries.get(id);
    if (entry !== undefined) this.listed.delete(entry);
    return this.entries.delete(id);
  }

  /** It stays where it is. */
  private change(id: string, change: Partial<JobRecord>): string | undefined {
    const entry = this.entries.get(id);
    return entry === undefined ? undefined : this.move({ job_id: id, rank: entry.rank }, change);
  }

  private move({ job_id, rank }: { job_id: string; rank?: Rank }, change: Changes): string | undefined {
    const entry = this.entries.get(job_id);
    if (entry === undefined) return undefined;
    this.put(changed(entry.record, change), rank);
    return job_id;
  }

  private end(message: { job_id: string; completed_at?: number; rank?: Rank }, change: Changes): string | undefined {
    const { completed_at } = message;
    return this.move(message, { ...NO_WAIT, ...change, ...(completed_at !== undefined && { completed_at }) });
  }
}

type Changes = { readonly [Field in keyof JobRecord]?: JobRecord[Field] | undefined };

const NO_WAIT: Changes = { ready_at: undefined, stopping: undefined };

/** A field that becomes undefined goes. */
function changed(record: JobRecord, change: Changes): JobRecord {
  const fields = Object.entries({ ...record, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields) as unknown as JobRecord;
}

/** A runner of version 1 says no ranks, and sends its state where the order has changed. */
function guess({ status, ready_at, priority }: JobRecord, arrival: number): Rank {
  if (status === "running") return [0, arrival];
  if (status !== "pending") return [4, -arrival];
  const level = Number.isFinite(priority) ? -priority : 0;
  return Number.isFinite(ready_at) ? [2, ready_at!, level, arrival] : [1, level, arrival];
}
