// The runner's public shapes. Times are milliseconds where nothing else is said.

import type {
  JobEvent,
  JobRecord,
  ManagerStats,
  Millis,
  ParamError,
  Priority,
  RetryOptions,
  Unsubscribe,
} from "../types.js";

/** One param of a job type. */
export interface ParamSpec {
  readonly name: string;
  /** "url": an absolute http or https address. */
  readonly type: "integer" | "number" | "string" | "boolean" | "url" | "array";
  readonly description?: string;
  /** Default: true where there is no default. */
  readonly required?: boolean;
  readonly default?: unknown;
  /** Of a number its value, of a string its length, of an array its number of items. */
  readonly min?: number;
  readonly max?: number;
  readonly enum?: readonly unknown[];
  /** Of an array: what each item is. */
  readonly items?: Omit<ParamSpec, "name">;
}

/** What a job type's body is given. Methods work detached. */
export interface TaskContext {
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborts on cancel, on the creator's signal, on timeout. */
  readonly signal: AbortSignal;
  /** `percent` is clamped to 0..100; one that is not finite throws RangeError. */
  progress(percent: number, message?: string): void;
  /** Told to those who watch, as `job_log`; not stored. */
  log(message: string): void;
  /** For loops: gives the event loop a turn after 8 ms; throws `signal.reason` once asked to end. */
  checkpoint(): Promise<void>;
}

/** A kind of job: its name, what its params must be, and what it does. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds types of all kinds of params.
export interface JobType<Params = any, Result = unknown> {
  readonly name: string;
  readonly description: string;
  readonly params: readonly ParamSpec[];
  /** The params are valid, defaults filled in, and the body's own copy. */
  execute(params: Params, context: TaskContext): Promise<Result> | Result;
}

/** What is known of a job type without running it. */
export type TypeDescription = Pick<JobType, "name" | "description" | "params">;

/** The params to run with, or every fault. */
export type Validation =
  | { valid: true; params: Record<string, unknown> }
  | { valid: false; errors: readonly ParamError[] };

export interface RunnerOptions {
  /**
   * Running at once; an integer of at least 1, or Infinity.
   * @default 3
   */
  concurrency?: number;
  /** Besides the built-in ones; a taken name is an error. */
  types?: readonly JobType[];
  /**
   * Whether the built-in types are there.
   * @default true
   */
  builtins?: boolean;
  /**
   * Finished records kept, the latest; an integer of at least 0, or Infinity.
   * @default 1000
   */
  retain?: number;
  /**
   * More pending than this: QueueFullError. An integer of at least 0, or Infinity.
   * @default Infinity
   */
  maxPending?: number;
  /**
   * More pending than this of those that were created over one served port: QueueFullError for who asks there, so that
   * no tab fills the queue for all. An integer of at least 1, or Infinity.
   * @default 1000
   */
  maxPendingPerPort?: number;
  /**
   * False: nothing starts before `start()`.
   * @default true
   */
  autoStart?: boolean;
  /**
   * Jobs are shown in the browser's Performance panel, by type.
   * @default false
   */
  trace?: boolean;
}

export interface QueueClientOptions {
  /**
   * How long a call may take, with the wait for a port that is not open yet: then it rejects with E_DISCONNECTED. At
   * least 0, or Infinity.
   * @default 30_000
   */
  timeout?: Millis;
}

export interface CreateOptions {
  priority?: Priority;
  /** Of one attempt. */
  timeout?: Millis;
  retry?: number | RetryOptions;
  /** Before the first attempt may start. */
  delay?: Millis;
  signal?: AbortSignal;
  /**
   * 1 to 200 characters, no half of a surrogate pair among them. Given twice while the first is unfinished: its record.
   * Of a finished job: takes its place.
   */
  id?: string;
}

/** What of CreateOptions can travel. The same `id` again, while known: the record that stands. */
export type QueueCreateOptions = Pick<CreateOptions, "id" | "priority" | "delay" | "timeout"> & {
  retry?: number | Omit<RetryOptions, "retryIf">;
};

export interface QueueSnapshot {
  readonly jobs: readonly JobRecord[];
  readonly stats: ManagerStats;
}

export interface ClientSnapshot extends QueueSnapshot {
  /** The queue answers. */
  readonly connected: boolean;
}

/**
 * What a page needs of any queue, wherever it runs: a QueueClient is one, and a JobRunner's `asQueue()`. Reads are
 * synchronous; what changes something resolves once the queue has taken it.
 */
export interface JobQueue {
  createJob(type: string, params?: Record<string, unknown>, options?: QueueCreateOptions): Promise<JobRecord>;
  getJob(id: string): JobRecord | undefined;
  /** Running, then pending in the order they will start, then finished, newest first. */
  getAllJobs(): readonly JobRecord[];
  /** True: asked, or ended at once if it was pending. False: unknown or ended. */
  cancelJob(id: string, reason?: unknown): Promise<boolean>;
  /** False: unknown or ended. */
  setPriority(id: string, priority: Priority): Promise<boolean>;
  /** A finished job again, as a new one. Rejects with E_UNKNOWN_JOB or E_NOT_FINISHED. */
  retryJob(id: string): Promise<JobRecord>;
  /** How many finished jobs were let go of. */
  clearCompleted(): Promise<number>;
  getQueueStats(): ManagerStats;
  /** Throws JobgateError with code E_UNKNOWN_JOB. */
  watch(id: string): ReadableStream<WatchEvent>;
  subscribe(listener: () => void): Unsubscribe;
  /** Same identity until something changed. */
  getSnapshot(): ClientSnapshot;
}

/** Milliseconds. Percentiles are within half a per cent; all zero where nothing was counted. */
export interface Histogram {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What a watcher of one job hears. `duration` is seconds since its first start. */
export type WatchEvent =
  | { readonly event: "status"; readonly data: { status: JobRecord["status"]; started_at?: number } }
  | { readonly event: "progress"; readonly data: { percent: number; message: string } }
  | { readonly event: "complete"; readonly data: { status: "completed"; result: unknown; duration: number } }
  | { readonly event: "failed"; readonly data: { status: "failed"; error: JobRecord["error"] } }
  | { readonly event: "cancelled"; readonly data: { status: "cancelled"; reason?: string } };

/**
 * The queue protocol, one JSON object a message: from the runner. `seq` rises by one a message of the queue; over a port
 * that was full, those are missing that later ones have overtaken. `rank` says where the job is listed: number by number,
 * lower comes first. A message with a number in `ack` is to be answered with that number, where the other end has said
 * that it does so: from 128 messages on that it has not acknowledged, it is sent the newest of what it missed. Fields
 * that are not known are ignored on both sides, so that versions may differ: a peer of version 1 sends neither
 * `protocol` nor `seq` nor ranks, and is sent the state where the order has changed.
 */
export type ServerMessage = (
  | {
      /** First, on `get_state`, and where what was missed is no longer known. */
      readonly type: "queue_state";
      readonly protocol: 2;
      readonly seq: number;
      readonly jobs: readonly JobRecord[];
      /** One for each of the jobs. */
      readonly ranks?: readonly (readonly number[])[];
      readonly stats: ManagerStats;
      /** How many jobs are left out of it, since it would be too large. */
      readonly truncated?: number;
      /** Whose `seq` this is, where a queue has several ends that count for themselves: to be said with `resume`. */
      readonly instance?: string;
    }
  /** Events that end a job carry `completed_at`, so that a client's record is the runner's. */
  | (JobEvent & { readonly seq: number; readonly rank?: readonly number[]; readonly completed_at?: number })
  /** It was done. `job`: the new one. `count`: how many finished jobs were let go of. */
  | {
      readonly type: "ok";
      readonly request: number;
      readonly job?: JobRecord;
      readonly count?: number;
      readonly seq: number;
    }
  | {
      readonly type: "error";
      readonly error: string;
      /**
       * As HTTP has it: 400 malformed or invalid, 404 no such job, 409 it has finished, 413 too large, 503 full or
       * closed, 410 nobody listens at the other end from here on.
       */
      readonly code: number;
      /** The error's, as the runner's own `createJob` throws it. */
      readonly name?: string;
      readonly errors?: readonly ParamError[];
      /** Of the message that is refused, where it has one that can be read. */
      readonly request?: number;
      /** Where the message named one. */
      readonly job_id?: string;
    }
  | { readonly type: "pong" }
) & { readonly ack?: number };

/** @internal With those that are for this package's own client; others pass them over. */
export type AnyServerMessage =
  | ServerMessage
  /** A pending job is listed elsewhere, a job has another priority, or its wait is over: then without `ready_at`. */
  | ((
      | {
          readonly type: "job_moved";
          readonly job_id: string;
          readonly priority: number;
          readonly ready_at?: number;
          readonly rank?: readonly number[];
          readonly seq: number;
        }
      /** The answer to a client's `present`, likewise. */
      | { readonly type: "present"; readonly lock: string }
    ) & { readonly ack?: number });

/** What a client says of itself when it greets. */
export interface Greeting {
  /** Who sends this answers each message that has an `ack` from here on. */
  readonly acknowledges?: boolean;
  /** Default 1. */
  readonly protocol?: number;
}

/**
 * The queue protocol: to the runner. Up to 1,000,000 bytes. One with `request`, an integer, is answered by `ok` or
 * `error` with the same number. `odd` names parts that JSON can't carry and for which null stands: each as a path from
 * the message on and a kind ("bigint", "function", "symbol", "undefined", "object", "NaN", "Infinity", "-Infinity").
 */
export type ClientMessage =
  /** `id`: the one that the job is to have. Of a known job: the record that stands, so that one that got lost is repeated. */
  (
    | ({
        readonly type: "create_job";
        readonly job_type: string;
        readonly params?: Record<string, unknown>;
      } & QueueCreateOptions)
    | { readonly type: "cancel_job"; readonly job_id: string; readonly reason?: string }
    | { readonly type: "set_priority"; readonly job_id: string; readonly priority: Priority }
    | { readonly type: "retry_job"; readonly job_id: string }
    | { readonly type: "clear_completed" }
    | ({ readonly type: "get_state" } & Greeting)
    /** After a reconnect: all since the message of that number, or the state. */
    | ({ readonly type: "resume"; readonly seq: number; readonly instance?: string } & Greeting)
    | { readonly type: "ack"; readonly ack: number }
    | { readonly type: "ping" }
    /** The name of a Web Lock that is held by who sends this for as long as its page or worker lives. */
    | { readonly type: "present"; readonly lock: string }
  ) & { readonly request?: number; readonly odd?: readonly (readonly [readonly (string | number)[], string])[] };

/** MessagePort, Worker, WebSocket and BroadcastChannel all fit. */
export interface QueuePort {
  postMessage?(message: unknown): void;
  send?(data: string): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  removeEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  start?(): void;
  /** Of a WebSocket: 0 while it connects, and what is to be sent waits; from 2 on it is served no longer. */
  readonly readyState?: number;
  /** Of a WebSocket: bytes that it has not sent yet. */
  readonly bufferedAmount?: number;
}
