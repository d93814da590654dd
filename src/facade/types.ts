// The public shapes. Times are milliseconds. Every method works detached: `const { listen } = subject()`.

export type Millis = number;
/** Ends a subscription; calling it again does nothing. */
export type Unsubscribe = () => void;

/** Event emitter. No value is stored: a late listener hears only what comes next. */
export interface Subject<T> {
  /**
   * Delivers to the listeners present now, in the order they came. One that throws is reported (`reportError`), the
   * rest still hear. Called from inside a delivery of any subject or job, it is delivered after that one.
   */
  next(value: T): void;
  /** Each call is a subscription of its own, also for the same function twice. Once ended, it is never called again. */
  listen(listener: (value: T) => void): Unsubscribe;
  readonly listenerCount: number;
}

/** One-time barrier. Opens once, stays open; opening again is a no-op. */
export interface Gate {
  readonly isOpen: boolean;
  open(): void;
  /** On an open gate the listener runs in the next microtask, never inside `listen` itself. */
  listen(listener: () => void): Unsubscribe;
  /** Resolves when open; rejects with `signal.reason` if the signal aborts first. */
  wait(options?: { signal?: AbortSignal }): Promise<void>;
}

export type JobStatus = "pending" | "running" | "completed" | "failed" | "cancelled";
export type CompletionType = "Normal" | "Cancelled" | "Failed";

/** How a job ended. Cancelled is not Failed: someone asked for it. */
export type Completion<Result = unknown> =
  | { readonly type: "Normal"; readonly result: Result }
  | { readonly type: "Cancelled"; readonly reason: unknown }
  | { readonly type: "Failed"; readonly error: unknown };

/** What any job looks like to the code that watches it. A factory may return an object of its own that implements this. */
export interface Job<State = unknown, Action = never> {
  readonly state: State;
  /** To a pending job: kept for its body. To one that has ended: ignored. */
  dispatch(action: Action): void;
  onStateChange(listener: (state: State) => void): Unsubscribe;
  /** Asks, and resolves once the job has ended. */
  stop(reason?: unknown): Promise<void>;
  /** On a job that has ended, runs in the next microtask. */
  onStopped(listener: () => void): Unsubscribe;
}

/** `percent` is 0 to 100. */
export interface Progress {
  readonly percent: number;
  readonly message: string;
}

/** What a job's body is given. A helper typed `(context: JobContext) => …` takes any job's. */
// biome-ignore lint/suspicious/noExplicitAny: any job's context.
export interface JobContext<State = any, Action = any> {
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborts on stop, on the caller's signal, on timeout. `reason` is the very object given there, or a TimeoutError DOMException. */
  readonly signal: AbortSignal;
  readonly state: State;
  /** Ignored once the job has ended or this attempt was superseded. */
  setState(next: State | ((previous: State) => State)): void;
  /** `percent` is clamped to 0..100; one that is not finite throws RangeError. `message` defaults to "". */
  progress(percent: number, message?: string): void;
  /** Actions dispatched before the first listener are kept and handed to it, in order. Ends with the attempt. */
  onAction(listener: (action: Action) => void): Unsubscribe;
  /** Told to those who watch `events()`, as `job_log`; not stored. */
  log(message: string): void;
  /**
   * For loops: gives the event loop a turn if this body has held it for more than 8 ms; throws `signal.reason` if
   * the job was asked to end.
   */
  checkpoint(): Promise<void>;
  /**
   * Resolves after `time`, 0 or more and finite, else RangeError. Rejects with `signal.reason` if the job is asked to end
   * first; with an AbortError once it has ended.
   */
  sleep(time: Millis): Promise<void>;
}

/** Callbacks for a job's end, one a key. Before the end they wait; after it they run at once, in the next microtask. */
export interface Continuations<J> {
  /**
   * The same key again replaces the one that waits. All run concurrently; one that throws or rejects is reported, the rest still
   * run. What kind of result `completion` has is known to the job: `({ completion }) => …` reads it with its type.
   */
  addOrRunNow(key: string, callback: (job: J, completion: Completion) => void | Promise<void>): void;
  /** False if none waited under the key. */
  remove(key: string): boolean;
  /** How many wait. */
  readonly size: number;
}

/** A job that a manager runs. */
export interface ManagedJob<Key = string, State = unknown, Action = never, Result = unknown>
  extends Job<State, Action> {
  readonly id: string;
  readonly key: Key;
  readonly status: JobStatus;
  /** Asked to end (by stop, signal or timeout), body not yet settled: still "running", keeps its key and its slot. */
  readonly stopping: boolean;
  /** What the body has said last, also once the job has ended: that it is done, `status` says. */
  readonly progress: Progress;
  /** 0 before the first start. */
  readonly attempt: number;
  readonly priority: number;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Epoch ms, of the first attempt. */
  readonly startedAt: number | undefined;
  /** Epoch ms. */
  readonly finishedAt: number | undefined;
  /**
   * While it waits for a delay or for its next attempt: until when, epoch ms. Undefined again once only a slot is missing;
   * `subscribe` is not told of that.
   */
  readonly readyAt: number | undefined;
  /** What the latest failed attempt threw, or its TimeoutError, while another may follow. Undefined once the job has ended. */
  readonly lastError: unknown;
  /** Let go of after `abandonAfter`: it has ended, its body has not settled, and what that still does counts for nothing. */
  readonly abandoned: boolean;
  readonly completion: Completion<Result> | undefined;
  /** Resolves with the result; rejects with the error, or with the abort reason. Not touched, it never causes an unhandled rejection. */
  readonly result: Promise<Result>;
  /** Never rejects. */
  readonly settled: Promise<Completion<Result>>;
  /** Aborts when the job is asked to end. With `retry`, a timeout that leaves retries aborts only the attempt's own signal. */
  readonly signal: AbortSignal;
  readonly continuations: Continuations<this>;
  onProgress(listener: (progress: Progress) => void): Unsubscribe;
  /** Any finite number or a word, else RangeError. Puts a waiting job at the back of its new level; at the level that it has it stays where it is. */
  setPriority(priority: Priority): void;
  /**
   * The stop barrier: asks the body to end and resolves once the job has ended. Same promise however often it is
   * called; resolved on an ended job. A pending job ends at once, its body never starts. The first reason counts;
   * none given: an AbortError DOMException.
   * With `timeout`, rejects with JobStopTimeoutError when the body has not settled by then; the job goes on stopping.
   */
  stop(reason?: unknown, options?: { timeout?: Millis }): Promise<void>;
  /**
   * First a `job_created` whose record is the present state, then what follows; ends with the job. On an ended job:
   * its record and how it ended. For a slow reader, unread progress gives way to the newest; of more than 5000 unread
   * events only the newest 1000 lines of the log are kept, and of attempts the newest.
   */
  events(): ReadableStream<JobEvent>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A job's body. It may return a promise, a value, or a job of its own: that one's `onStopped` is then the end, its
 * `stop` is called to stop, its state and actions pass through.
 */
export type JobFactory<State, Action, Result> = (
  context: JobContext<State, Action>,
) => Job<State, Action> | Promise<Result> | Result;

/** Higher runs first; equal is first in, first out. The words stand for 100, 0 and -100. Any finite number; default 0. */
export type Priority = number | "user-blocking" | "user-visible" | "background";

export interface RetryOptions {
  /** Retries after the first attempt: an integer of at least 0, or Infinity. */
  limit: number;
  /**
   * Before the first retry; 0 or more, finite. A function is asked before each one, and its answer taken as it is, up to
   * `maxDelay`; undefined: as otherwise. So a server's Retry-After is honoured without holding a slot (`retryAfter`). One
   * that throws, or answers anything else, is reported, and the wait is as otherwise. Servers often ask for more than the
   * default `maxDelay`: raise that with it.
   *
   * @default 1000
   */
  delay?: Millis | ((error: unknown, attempt: number) => Millis | undefined);
  /**
   * How waits grow: "exponential" doubles them.
   *
   * @default "exponential"
   */
  backoff?: "fixed" | "exponential";
  /**
   * No wait is longer; 0 or more, or Infinity: however long a server asks for.
   *
   * @default 30000
   */
  maxDelay?: Millis;
  /**
   * "full": each wait is drawn evenly from 0 to what it would be.
   *
   * @default "full"
   */
  jitter?: "full" | "none";
  /**
   * Asked before each retry. One that throws is reported and counts as no.
   *
   * @default every error but NonRetriableError
   */
  retryIf?: (error: unknown, attempt: number) => boolean;
}

export interface RunOptions<State = unknown> {
  /** Its abort stops the job, with its reason. Nothing is left on it once the job has ended. */
  signal?: AbortSignal;
  /**
   * Higher runs first; any finite number, or a word.
   *
   * @default 0
   */
  priority?: Priority;
  /**
   * Of one attempt, counted from its start; 0 or more, Infinity for none. The attempt fails with a TimeoutError
   * DOMException once its body has settled; until then it keeps its slot.
   *
   * @default Infinity
   */
  timeout?: Millis;
  /**
   * A number is the limit: an integer of at least 0, or Infinity. A timeout is retried like a rejection.
   *
   * @default 0
   *
   * @see [Recipe: upload with retry and offline wait](https://github.com/jobgate/jobgate/blob/main/www/recipes/upload.ts)
   * @see [Recipe: poll with backoff](https://github.com/jobgate/jobgate/blob/main/www/recipes/poll.ts)
   */
  retry?: number | RetryOptions;
  /**
   * Before the first attempt may start; 0 or more, finite.
   *
   * @default 0
   *
   * @see [Recipe: undo by cancelling](https://github.com/jobgate/jobgate/blob/main/www/recipes/undo.ts)
   */
  delay?: Millis;
  /**
   * Asked to stop, or timed out, and not settled after this: the job ends all the same, `abandoned`, and frees its key and
   * its slot. It ends cancelled where a stop was asked for, else failed with its TimeoutError, without another retry.
   * Counted from when it was first asked to end; 0 or more, Infinity for never.
   *
   * @default Infinity, for a slot is free when the work has ended
   */
  abandonAfter?: Millis;
  /**
   * Jobs of one group share the manager's `groupConcurrency` and `groupRateLimit`. RangeError for a name with half a
   * surrogate pair in it.
   *
   * @default undefined, no group
   *
   * @see [Recipe: limit per host](https://github.com/jobgate/jobgate/blob/main/www/recipes/per-host.ts)
   */
  group?: string;
  /**
   * What to do when the key is taken (pending or running).
   * "join": answer JOB_ALREADY_RUNNING; a higher `priority` raises the job that stands. One that has been
   *   asked to stop can't be joined: the new job is created and waits for that stop barrier, and whoever comes next joins
   *   the new one. One that only its timeout has asked to end is joined.
   * "replace": stop the one that stands; the new one is pending until that stop barrier opens.
   * "queue": the new one waits for the one that stands; a third replaces the second (latest wins, the second ends cancelled).
   * "reject": throw DuplicateJobError.
   *
   * @default "join"
   *
   * @see [Recipe: search as you type, with "replace"](https://github.com/jobgate/jobgate/blob/main/www/recipes/search.ts)
   * @see [Recipe: save once, with "join"](https://github.com/jobgate/jobgate/blob/main/www/recipes/save-once.ts)
   */
  onDuplicate?: "join" | "replace" | "queue" | "reject";
  /**
   * What `state` is before the body sets it.
   *
   * @default undefined
   */
  initialState?: State;
  /**
   * Label in events and traces.
   *
   * @default the key; without one, the id
   */
  name?: string;
}

export interface JobManagerOptions {
  /**
   * Label in errors and traces.
   *
   * @default "JobManager"
   */
  name?: string;
  /**
   * Running at once; an integer of at least 1, or Infinity.
   *
   * @default Infinity
   */
  concurrency?: number;
  /**
   * Running at once of one group; an integer of at least 1, or Infinity.
   *
   * @default Infinity
   */
  groupConcurrency?: number;
  /**
   * At most `limit` bodies called in any window of `interval`, as the bodies themselves would measure it; every attempt
   * counts. `limit`: an integer of at least 1, or Infinity; `interval`: finite and above 0.
   *
   * @default undefined, no limit
   */
  rateLimit?: { limit: number; interval: Millis };
  /**
   * The same within each group, with the same bounds. A group that has to wait holds no other back.
   *
   * @default undefined, no limit
   */
  groupRateLimit?: { limit: number; interval: Millis };
  /**
   * More pending than this: QueueFullError from runJob. An integer of at least 0, or Infinity.
   *
   * @default Infinity
   */
  maxPending?: number;
  /**
   * Starts nothing until `resume`.
   *
   * @default false
   */
  paused?: boolean;
  /**
   * Ended jobs that getJob and jobs still show, the latest to end. An integer of at least 0, or Infinity.
   *
   * @default 0
   */
  retain?: number;
  /**
   * Shows what jobs do in the browser's Performance panel, as a track with the manager's name: an entry
   * for each wait, each attempt and the time from being asked to stop to the end, made when it is over
   * (`performance.measure`, cleared at once, with any measure of the page's own under that name, "key: attempt 1").
   * Where `console.createTask` exists, async stacks of bodies lead to runJob.
   *
   * @default false
   */
  trace?: boolean;
  /**
   * For jobs that do not say, option by option.
   *
   * @default {}
   */
  defaults?: Omit<RunOptions, "signal" | "initialState">;
  /**
   * Told of every job that ends failed, with the very error: for error trackers.
   *
   * @default undefined, for `result` and `settled` tell
   */
  // biome-ignore lint/suspicious/noExplicitAny: a job of any types.
  onError?: (error: unknown, job: ManagedJob<any, any, any, any>) => void;
}

export type RunJobResult<J> =
  | { readonly type: "JOB_CREATED"; readonly job: J }
  | { readonly type: "JOB_ALREADY_RUNNING"; readonly job: J };

/** Ended jobs are counted since the manager was made; `total` counts all that were created. */
export interface ManagerStats {
  readonly pending: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly total: number;
}

/** A job as plain data. Times are epoch ms. */
export interface JobRecord {
  readonly id: string;
  readonly type: string;
  readonly params: unknown;
  readonly status: JobStatus;
  readonly progress: Progress;
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
  /** Of a cancelled job: why, in words. */
  readonly reason?: string;
  readonly priority: number;
  readonly attempt: number;
  readonly created_at: number;
  readonly started_at?: number;
  readonly completed_at?: number;
  /** While it waits, for its delay to be over or for its next attempt. */
  readonly ready_at?: number;
  readonly worker_id?: string;
  /** Asked to end, not yet settled. */
  readonly stopping?: true;
}

/** One shape in memory, over a port, over server-sent events. */
export type JobEvent =
  | { readonly type: "job_created"; readonly job: JobRecord }
  | {
      readonly type: "job_started";
      readonly job_id: string;
      readonly started_at: number;
      readonly attempt: number;
      /** On servers: which worker runs it. */
      readonly worker_id?: string;
    }
  /** Asked to end, by stop or timeout, while its body runs: told once an attempt. `reason`: in words. */
  | { readonly type: "job_stopping"; readonly job_id: string; readonly reason?: string }
  | { readonly type: "job_progress"; readonly job_id: string; readonly percent: number; readonly message: string }
  | { readonly type: "job_log"; readonly job_id: string; readonly message: string; readonly at: number }
  | {
      readonly type: "job_retrying";
      readonly job_id: string;
      readonly attempt: number;
      readonly error: JobRecord["error"];
      readonly retry_at: number;
    }
  | { readonly type: "job_completed"; readonly job_id: string; readonly result: unknown }
  | { readonly type: "job_failed"; readonly job_id: string; readonly error: JobRecord["error"] }
  | { readonly type: "job_cancelled"; readonly job_id: string; readonly reason?: string }
  | { readonly type: "job_removed"; readonly job_id: string }
  | { readonly type: "stats_update"; readonly stats: ManagerStats };

/** One fault of a typed job's params. */
export interface ParamError {
  readonly param: string;
  readonly message: string;
}
