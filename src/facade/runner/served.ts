import type { JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import type { CreateOptions, QueueSnapshot, TypeDescription, WatchEvent } from "./types.js";

/** As much of a runner as is asked of it over a port or as a queue. */
export interface ServedRunner {
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
