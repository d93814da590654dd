// "jobgate/react": thin hooks over useSyncExternalStore.

import { useEffect, useRef } from "react";
import type { JobManager } from "./manager/job-manager.js";
import { JobWatch } from "./react/job-watch.js";
import { useTracked } from "./react/use-tracked.js";
import type { QueueClient } from "./runner/client.js";
import type { JobRunner } from "./runner/runner.js";
import type { JobFactory, JobRecord, JobStatus, ManagedJob, ManagerStats, Progress, RunOptions } from "./types.js";

/** What `useJob` gives. `run` and `stop` stay the same functions as long as manager and key do. */
export interface UseJob<S, A, R> {
  /** The one that stands under the key, else the last one seen by this component, else the manager's retained one. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the key is.
  readonly job: ManagedJob<any, S, A, R> | undefined;
  readonly state: S | undefined;
  readonly status: JobStatus | "idle";
  /** Pending or running. */
  readonly isActive: boolean;
  readonly progress: Progress;
  /** Of the last job that completed under the key: it stays while the next one runs, and if that one fails. */
  readonly result: R | undefined;
  /** 0 before the first start. */
  readonly attempt: number;
  /** While the job waits for a delay or for its next attempt: until when, epoch ms. */
  readonly readyAt: number | undefined;
  /** What the latest failed attempt threw, while another may follow. */
  readonly lastError: unknown;
  /** Of a job that failed; why one was cancelled is in `job.completion`. */
  readonly error: unknown;
  /**
   * The manager's `runJob` under the key; throws what that throws. For handlers and effects, not while rendering. Returns
   * the job, or the one that runs already: await its `result`, or don't, nothing is unhandled.
   */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the key is.
  run<T extends R = R>(factory: JobFactory<S, A, T>, options?: RunOptions<S>): ManagedJob<any, S, A, T>;
  /** The manager's `stopJob`: resolves when the job has ended. */
  stop(reason?: unknown): Promise<void>;
}

/** What `useJobs` gives. */
export interface UseJobs<K, S, A, R> {
  /** Pending, running and retained ones, oldest first. */
  readonly jobs: readonly ManagedJob<K, S, A, R>[];
  readonly stats: ManagerStats;
}

/** What `useQueue` gives. */
export interface UseQueue {
  readonly jobs: readonly JobRecord[];
  readonly stats: ManagerStats;
}

const NOTHING = Object.freeze({
  jobs: Object.freeze([]),
  stats: Object.freeze({ pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0, total: 0 }),
});

/**
 * The job under a key, also one that another component starts there later. Unmounting does not stop it. Keys compare as
 * a `Map` compares: an object has to be the same one each time the component is drawn, so don't make it inline.
 *
 * The component is drawn again only when something has changed that it reads from this: one that shows `status` is not
 * drawn for each progress. So read it while rendering; a handler that wants the newest asks `job`. On the server, and
 * until the server's HTML has been taken over, it is idle. If the engine itself has failed, the jobs that were alive are
 * shown as failed with its error, and a component that comes later throws that error.
 *
 * @see [Recipe: a stream that outlives its page](https://github.com/jobgate/jobgate/blob/main/www/recipes/answer.ts)
 */
export function useJob<K, S, A, R>(manager: JobManager<K, S, A, R>, key: K): UseJob<S, A, R> {
  // The one last shown. No memo: hot reload empties memos, and with it would go the last job seen.
  const shown = useRef<JobWatch<K, S, A, R>>(undefined);
  const watch = shown.current?.isOf(manager, key) ? shown.current : new JobWatch(manager, key);
  useEffect(() => {
    shown.current = watch;
  }, [watch]);
  return useTracked(watch, watch.idle);
}

/**
 * All jobs of a manager and its statistics. The component is drawn again when a job is created, changes in status or is
 * forgotten; one that reads only `stats`, when a number in it changes. On the server there are none.
 */
export function useJobs<K, S, A, R>(manager: JobManager<K, S, A, R>): UseJobs<K, S, A, R> {
  return useTracked<UseJobs<K, S, A, R>>(manager, NOTHING);
}

/**
 * All jobs of a runner, here or at a port's other end, and its statistics. The component is drawn again when any job
 * changes, its progress too; one that reads only `stats`, when a number in it changes. On the server there are none.
 */
export function useQueue(queue: JobRunner | QueueClient): UseQueue {
  return useTracked<UseQueue>(queue, NOTHING);
}
