// The shared queue's public shapes. Times are milliseconds.

import type { JobType, QueueCreateOptions, RunnerOptions, TaskContext } from "../runner/types.js";
import type {
  Completion,
  JobEvent,
  JobRecord,
  ManagerStats,
  Millis,
  Progress,
  RetryOptions,
  RunOptions,
  Unsubscribe,
} from "../types.js";

export interface SharedRunnerOptions extends Omit<RunnerOptions, "types" | "autoStart" | "maxPendingPerPort"> {
  /**
   * Jobs that run at once, in all tabs together: an integer of at least 1. More than 64, or Infinity, counts as 64.
   * @default 3
   */
  concurrency?: number;
  /**
   * Same name and origin: one queue.
   * @default "jobgate"
   */
  name?: string;
  /** Besides the built-in ones; a taken name is an error. */
  // biome-ignore lint/suspicious/noExplicitAny: types of all kinds of params, states and actions.
  types?: readonly SharedJobType<any, unknown, any, any>[];
  /**
   * False: this tab (a popup, a service worker) creates, watches and stops jobs, and runs none.
   * @default true
   */
  execute?: boolean;
  /**
   * Where IndexedDB or Web Locks can't be had. "reject": createJob rejects. "memory": the queue is this tab's alone, and
   * its records say `durable: false`.
   * @default "reject"
   */
  fallback?: "reject" | "memory";
  /**
   * IndexedDB's own word. "relaxed" survives the crash of a tab and of the browser; "strict" asks the disk, too.
   * @default "relaxed"
   */
  durability?: "relaxed" | "strict";
  /**
   * Silence after which a hung owner is replaced, counted only while this tab is awake; at least 100. One that hangs in the
   * middle of a transaction of the store, within milliseconds, keeps everyone from writing until it goes on or is closed.
   * @default 15_000
   */
  takeOverAfter?: Millis;
  /**
   * Runs of one job that died with their tab; after so many it fails with E_CRASH_LOOP. An integer of at least 1, or
   * Infinity.
   * @default 3
   */
  maxInterruptions?: number;
  /**
   * This tab's runs are shown in the browser's Performance panel.
   * @default false
   */
  trace?: boolean;
}

/** A kind of job that any tab of the app may run. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds types of all kinds of params.
export interface SharedJobType<Params = any, Result = unknown, State = unknown, Action = never>
  extends Omit<JobType<Params, Result>, "execute"> {
  /**
   * Recorded with each job. A tab never runs a job of a higher version than its own: it leaves it to one that can. An
   * integer of at least 1, less than 2^32 - 1.
   * @default 1
   */
  readonly version?: number;
  /** Params of an older version, as this one has them. Pure. A throw parks the job (`waiting_for: "migration"`). */
  migrate?(params: unknown, from: number): Params;
  /**
   * "available": an owner that hangs is replaced. "strict": only one that is surely gone.
   * @default "available"
   */
  readonly takeOver?: "available" | "strict";
  /**
   * When the run's tab has died: run again, or Failed with E_INTERRUPTED. It is not counted as a retry.
   * @default "retry"
   */
  readonly onInterrupted?: "retry" | "fail";
  /**
   * `online`: waits while `navigator.onLine` says false, but no longer than `maxWait` (60,000), since it errs both ways.
   * `visible`: waits until the tab is visible.
   */
  readonly requires?: { readonly online?: boolean; readonly maxWait?: Millis; readonly visible?: boolean };
  execute(params: Params, context: SharedTaskContext<State, Action>): Promise<Result> | Result;
}

/** What a body is given. Methods work detached. */
export interface SharedTaskContext<State = unknown, Action = never> extends TaskContext {
  readonly key: string | undefined;
  /** Of this run. */
  readonly epoch: number;
  /**
   * The same for all attempts, tabs and reloads of this job, and no other's, in whichever browser: for servers that are
   * to do a thing once. As it is for a header, or a part of an address.
   */
  readonly idempotencyKey: string;
  /** The one that was recorded last is there again after a take-over. */
  readonly state: State;
  /**
   * Anything that structured clone takes, else NotStorableError. Quick changes are recorded together. Of what can be
   * cloned and yet not stored, such as a WebAssembly.Module, the signal tells: the job fails with NotStorableError.
   */
  setState(next: State | ((previous: State) => State)): void;
  /**
   * One action at a time, in order: the next comes when the listener's promise for the one before has settled and that
   * is recorded. One that was not when the tab died comes again. A rejection is reported, and counts as done. The run has
   * not ended before the listener has.
   */
  onAction(listener: (action: Action) => void | Promise<void>): Unsubscribe;
  /**
   * The result is recorded before the promise resolves; later runs of this job get it without calling `body`. Matched by
   * name alone: order and Promise.all are free. The same name twice in a run: DuplicateStepError. Errors are not
   * recorded. A result that can't be cloned: NotStorableError, no retry. A crash between the effect and the record calls
   * `body` again. So does a failure while the page is about to go, if it stays, and no retry is counted. Code outside
   * steps runs again each time. When the body settles, the signals of its live steps abort, and the run has ended once
   * these have settled, too: no attempt follows beside them. What one of them still returns is recorded.
   */
  step<T>(
    name: string,
    body: (step: { readonly signal: AbortSignal; readonly idempotencyKey: string }) => Promise<T> | T,
    options?: { retry?: number | RetryOptions; timeout?: Millis },
  ): Promise<T>;
  /** Survives reloads: what is left of it is waited for again. Rejects with `signal.reason` once that has aborted. */
  sleep(name: string, time: Millis | Date): Promise<void>;
}

export interface SharedCreateOptions extends QueueCreateOptions {
  /** At most one job stands under a key, over all tabs. */
  key?: string;
  onDuplicate?: RunOptions["onDuplicate"];
  /**
   * Its abort stops the job, with its reason; one that has aborted before: the job is created and cancelled, and its body
   * never called. It is heard while this tab lives. Nothing is left on it once the job has ended.
   */
  signal?: AbortSignal;
}

export interface SharedRecord extends JobRecord {
  readonly key?: string;
  readonly version: number;
  readonly durable: boolean;
  /** Runs that died with their tab. */
  readonly interruptions: number;
  readonly owner?: { readonly tab: string; readonly epoch: number };
  /** As this tab sees it; not there where it waits behind another job under its key. */
  readonly waiting_for?: "slot" | "delay" | "retry" | "online" | "visible" | "type" | "migration" | "storage";
}

/** A job, from any tab. */
export interface SharedJob<State = unknown, Action = never, Result = unknown> {
  readonly record: SharedRecord;
  readonly state: State;
  /** Resolves with the result; rejects with the error or the reason of the stop. One from another tab is equal, not identical. */
  readonly result: Promise<Result>;
  /** Never rejects. */
  readonly settled: Promise<Completion<Result>>;
  /** Resolves when recorded, whether or not an owner is there. To a job that has ended: ignored. */
  dispatch(action: Action): Promise<void>;
  /** The wish is recorded first; resolves when the job has ended. Owner dead: whoever takes over ends it without running the body. */
  stop(reason?: unknown, options?: { timeout?: Millis }): Promise<void>;
  onStateChange(listener: (state: State) => void): Unsubscribe;
  onProgress(listener: (progress: Progress) => void): Unsubscribe;
  /** Present state first; a take-over is a fresh `job_started`, not an end. */
  events(): ReadableStream<JobEvent>;
}

export interface SharedSnapshot {
  readonly jobs: readonly SharedRecord[];
  readonly stats: ManagerStats;
  readonly connected: boolean;
}
