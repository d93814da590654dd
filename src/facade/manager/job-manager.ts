// The public face of a manager: an interface, so that its types say nothing of what it is made of.

import type {
  Completion,
  JobContext,
  JobEvent,
  JobFactory,
  JobManagerOptions,
  JobStatus,
  ManagedJob,
  ManagerStats,
  Millis,
  RunJobResult,
  RunOptions,
  Unsubscribe,
} from "../types.js";
import { JobManager as Manager } from "./manager.js";

/** Runs jobs, one a key at a time. Make one per kind of work and share it. Every method works detached. */
export interface JobManager<Key = string, State = unknown, Action = never, Result = unknown> {
  /**
   * Idempotent by key (compared as a Map compares). With a free slot the factory is called before runJob returns; its
   * throw is the job's failure, not the caller's. A signal that has aborted: the job is created, cancelled, and its
   * factory never runs.
   *
   * Throws before anything has changed: TypeError and RangeError name the option and its bound, DuplicateJobError,
   * QueueFullError, ManagerClosedError.
   */
  runJob<R extends Result = Result>(
    key: Key,
    factory: JobFactory<State, Action, R>,
    options?: RunOptions<State>,
  ): RunJobResult<ManagedJob<Key, State, Action, R>>;
  /** A job under no key: whatever else runs, it is created, and nobody joins it. Its `key` is undefined; otherwise as `runJob`. */
  add<R extends Result = Result>(
    factory: JobFactory<State, Action, R>,
    options?: RunOptions<State>,
  ): ManagedJob<undefined, State, Action, R>;
  /**
   * Runs `body` for each item, as a job under no key, and resolves with the results in the items' order. The next item is
   * taken only when all before it have started, so an endless or slow iterable is fine; where `maxPending` leaves no room,
   * it waits for some. Where nothing else is pending an item may be, also with `maxPending: 0`.
   *
   * The first failure, or an item's job that is stopped, stops the rest with its error or reason as theirs, closes the
   * iterator, and rejects with that very object once their stop barriers have opened. With `settle: true` no item stops
   * another, and it resolves with the completions. In both, the abort of `signal`, an iterator that throws, and a manager
   * that takes no more jobs stop the rest and reject. After `stopAll` or `close` no item is taken, not even one that is on
   * its way from a slow iterator: it rejects with their reason; with `settle`, it resolves with the completions of the
   * items that had been taken. TypeError and RangeError as for `runJob`, before the first item is
   * taken.
   */
  map<T, R extends Result = Result>(
    items: Iterable<T> | AsyncIterable<T>,
    body: (item: T, context: JobContext<State, Action>, index: number) => Promise<R> | R,
    options?: RunOptions<State> & { settle?: false },
  ): Promise<R[]>;
  map<T, R extends Result = Result>(
    items: Iterable<T> | AsyncIterable<T>,
    body: (item: T, context: JobContext<State, Action>, index: number) => Promise<R> | R,
    options: RunOptions<State> & { settle: true },
  ): Promise<Completion<R>[]>;
  /** Pending or running; where another waits behind it (`onDuplicate`), the one that stands. */
  getRunningJob(key: Key): ManagedJob<Key, State, Action, Result> | undefined;
  /** The one that stands, else the latest retained one under the key: how it ended can be asked after a component came back. */
  getLastJob(key: Key): ManagedJob<Key, State, Action, Result> | undefined;
  /** Lets go of a retained job. False: unknown, or not ended. A `useJob` that has seen it goes on showing it. */
  forget(id: string): boolean;
  /** Pending, running, or retained. */
  getJob(id: string): ManagedJob<Key, State, Action, Result> | undefined;
  /** Pending, running and retained ones, oldest first. */
  jobs(status?: JobStatus): ManagedJob<Key, State, Action, Result>[];
  /** Stops the job under the key and the one that waits behind it; resolves when both have ended. */
  stopJob(key: Key, reason?: unknown): Promise<void>;
  /**
   * Stops all that live now, each `map` too, with one reason; resolves when they have ended. What a signal shared by all jobs would do,
   * without one.
   *
   * @see [Recipe: a wizard that is left cleanly](https://github.com/jobgate/jobgate/blob/main/www/recipes/wizard.ts)
   */
  stopAll(reason?: unknown): Promise<void>;
  /** Ends what has not started, with one reason; returns how many. */
  stopPending(reason?: unknown): number;
  /** Running jobs go on; none starts. */
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;
  /** Raising it starts what it can before the assignment is over; lowering it ends nothing. RangeError as for the option. */
  concurrency: number;
  /**
   * Changeable while jobs run; undefined: none. What was started counts in the new window, too: the latest 1024
   * starts. TypeError and RangeError as for the option.
   */
  rateLimit: { readonly limit: number; readonly interval: Millis } | undefined;
  /**
   * While the rate limit alone holds jobs back: until when, epoch ms. Its change is told to `subscribe`. Not that of
   * `groupRateLimit`, which is another one for each group.
   */
  readonly rateLimitedUntil: number | undefined;
  /** Resolves when nothing is pending: no delay, retry wait or key to wait for either. */
  onEmpty(): Promise<void>;
  /**
   * Resolves when fewer than `size` are pending, as `onEmpty` counts them: for producers that wait. An integer of at least
   * 1, else RangeError.
   */
  onPendingBelow(size: number): Promise<void>;
  /** Resolves when nothing is pending and nothing is running; at once on a manager that never ran anything. */
  onIdle(): Promise<void>;
  readonly stats: ManagerStats;
  /** Any job created, changed in status, or forgotten. With `getSnapshot` this is what useSyncExternalStore takes. */
  subscribe(listener: () => void): Unsubscribe;
  /** Same identity until something changed. */
  getSnapshot(): {
    readonly stats: ManagerStats;
    readonly jobs: readonly ManagedJob<Key, State, Action, Result>[];
  };
  /** Called with whoever stands under the key, or undefined, each time that changes: started, ended, replaced. */
  onKeyChange(key: Key, listener: (job: ManagedJob<Key, State, Action, Result> | undefined) => void): Unsubscribe;
  /**
   * Every job's end, with the completion itself, in order, once its promises are settled and its continuations called.
   * Jobs of `add` and `map`, too: their `key` is undefined, whatever `Key` is.
   */
  onJobEnded(
    listener: (job: ManagedJob<Key, State, Action, Result>, completion: Completion<Result>) => void,
  ): Unsubscribe;
  /**
   * All that happens from here on; ends when the manager is closed and idle. For a slow reader, unread progress and
   * statistics give way to the newest. Of more than 5000 unread events, jobs that have come and gone are left out (the
   * statistics have counted them), of others what a later event supersedes, of logs all but the newest 1000 lines.
   */
  events(): ReadableStream<JobEvent>;
  /** Refuses new jobs (ManagerClosedError), stops all, resolves when all have ended. */
  close(reason?: unknown): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A manager of whatever types: for code that takes any. */
// biome-ignore lint/suspicious/noExplicitAny: managers of every type.
export type AnyJobManager = JobManager<any, any, any, any>;

export interface JobManagerConstructor {
  // biome-ignore lint/suspicious/noExplicitAny: managers of every type.
  readonly prototype: JobManager<any, any, any, any>;
  /** TypeError and RangeError name the option and its bound. */
  new <Key = string, State = unknown, Action = never, Result = unknown>(
    options?: JobManagerOptions,
  ): JobManager<Key, State, Action, Result>;
}

/** Runs jobs, one a key at a time. */
export const JobManager: JobManagerConstructor = Manager;
