import type { JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import type { ServedRunner } from "./served.js";
import type { ClientSnapshot, JobQueue, QueueCreateOptions, QueueSnapshot, WatchEvent } from "./types.js";

/** A runner of this page as any other queue is: what changes something answers with a promise. Every method works detached. */
export function localQueue(runner: ServedRunner, isClosed: () => boolean): JobQueue {
  let latest: QueueSnapshot | undefined;
  let snapshot: ClientSnapshot | undefined;
  return Object.freeze({
    async createJob(
      type: string,
      params?: Record<string, unknown>,
      options: QueueCreateOptions = {},
    ): Promise<JobRecord> {
      const standing = typeof options?.id === "string" ? runner.getJob(options.id) : undefined;
      return standing ?? runner.createJob(type, params, options);
    },
    getJob: runner.getJob,
    getAllJobs: (): readonly JobRecord[] => runner.getSnapshot().jobs,
    cancelJob: async (id: string, reason?: unknown): Promise<boolean> => runner.cancelJob(id, reason),
    setPriority: async (id: string, priority: Priority): Promise<boolean> => runner.setPriority(id, priority),
    retryJob: async (id: string): Promise<JobRecord> => runner.retryJob(id),
    clearCompleted: async (): Promise<number> => runner.clearCompleted(),
    getQueueStats: (): ManagerStats => runner.getQueueStats(),
    watch: (id: string): ReadableStream<WatchEvent> => runner.watch(id),
    subscribe: (listener: () => void): Unsubscribe => runner.subscribe(listener),
    getSnapshot(): ClientSnapshot {
      const now = runner.getSnapshot();
      const connected = !isClosed();
      if (snapshot?.connected !== connected || latest !== now) {
        snapshot = Object.freeze({ ...now, connected });
        latest = now;
      }
      return snapshot;
    },
    // What `jobHandler` asks besides, where a queue has it. As of a client: why it does not come back.
    get gone(): string | undefined {
      return isClosed() ? "The runner was closed" : undefined;
    },
    getJobTypes: runner.getJobTypes,
    getWorkerStats: runner.getWorkerStats,
    eventStream: runner.eventStream,
  });
}
