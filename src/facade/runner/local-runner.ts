import type { JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import type { CreateOptions, QueueSnapshot, WatchEvent } from "./types.js";

/** A runner as its ports and its queue use it. */
export interface LocalRunner {
  createJob(type: string, params?: Record<string, unknown>, options?: CreateOptions): JobRecord;
  getJob(id: string): JobRecord | undefined;
  cancelJob(id: string, reason?: unknown): boolean;
  setPriority(id: string, priority: Priority): boolean;
  retryJob(id: string): JobRecord;
  clearCompleted(): number;
  getQueueStats(): ManagerStats;
  watch(id: string): ReadableStream<WatchEvent>;
  subscribe(listener: () => void): Unsubscribe;
  getSnapshot(): QueueSnapshot;
}
