import type { JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import type { Notification } from "./events.js";
import type { Rank } from "./rank.js";
import type { CreateOptions, QueueSnapshot, TypeDescription, WatchEvent } from "./types.js";

/** At once where the queue is here, later where it is elsewhere. */
export type MaybeLater<T> = T | PromiseLike<T>;

/** As much of a queue as is asked of it over a port. What changes something has been told to all when it is answered. */
export interface ServedQueue {
  createJob(type: string, params?: Record<string, unknown>, options?: CreateOptions): MaybeLater<JobRecord>;
  getJob(id: string): JobRecord | undefined;
  cancelJob(id: string, reason?: unknown): MaybeLater<boolean>;
  setPriority(id: string, priority: Priority): MaybeLater<boolean>;
  retryJob(id: string): MaybeLater<JobRecord>;
  clearCompleted(): MaybeLater<number>;
  getSnapshot(): QueueSnapshot;
}

/** What happens in a queue, numbered. */
export interface ServedNews {
  /** Of the latest. */
  readonly seq: number;
  /** Of those that count for themselves: whose numbers these are. */
  readonly instance?: string;
  follow(listener: (notification: Notification) => void): Unsubscribe;
  /** What has been told after that number; undefined: not all of it is kept. */
  since(seq: number): readonly Notification[] | undefined;
  /** Where the job is listed. */
  rankOf(id: string): Rank;
}

/** As much of a runner as is asked of it over a port or as a queue. */
export interface ServedRunner extends ServedQueue {
  createJob(type: string, params?: Record<string, unknown>, options?: CreateOptions): JobRecord;
  getJob(id: string): JobRecord | undefined;
  cancelJob(id: string, reason?: unknown): boolean;
  setPriority(id: string, priority: Priority): boolean;
  retryJob(id: string): JobRecord;
  clearCompleted(): number;
  getQueueStats(): ManagerStats;
  watch(id: string): ReadableStream<WatchEvent>;
  eventStream(id: string, options?: { lastEventId?: string }): ReadableStream<Uint8Array>;
  getJobTypes(): readonly TypeDescription[];
  getWorkerStats(): { readonly active: number; readonly capacity: number };
  subscribe(listener: () => void): Unsubscribe;
  getSnapshot(): QueueSnapshot;
}
