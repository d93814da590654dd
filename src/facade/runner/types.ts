// The runner's public shapes. Times are milliseconds where nothing else is said.

import type { JobEvent, JobRecord, ManagerStats, Millis, ParamError, Priority, RetryOptions } from "../types.js";

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
  /** Running at once; an integer of at least 1, or Infinity; default 3. */
  concurrency?: number;
  /** Besides the built-in ones; a taken name is an error. */
  types?: readonly JobType[];
  /** Whether the built-in types are there; default true. */
  builtins?: boolean;
  /** Finished records kept, the latest; default 1000. */
  retain?: number;
  /** More pending than this: QueueFullError. Default Infinity. */
  maxPending?: number;
  /** False: nothing starts before `start()`. Default true. */
  autoStart?: boolean;
  /** Jobs are shown in the browser's Performance panel, by type; default false. */
  trace?: boolean;
}

export interface CreateOptions {
  priority?: Priority;
  /** Of one attempt. */
  timeout?: Millis;
  retry?: number | RetryOptions;
  /** Before the first attempt may start. */
  delay?: Millis;
  signal?: AbortSignal;
  /** 1 to 200 characters. Given twice while the first is unfinished: its record. Of a finished job: takes its place. */
  id?: string;
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

/** The queue protocol, one JSON object a message: from the runner. */
export type ServerMessage =
  /** First, on `get_state`, and where the order of the queue has changed. */
  | { readonly type: "queue_state"; readonly jobs: readonly JobRecord[]; readonly stats: ManagerStats }
  /** Events that end a job carry `completed_at`, so that a client's record is the runner's. */
  | (JobEvent & { readonly completed_at?: number })
  /**
   * `code` as HTTP has it: 400 malformed or invalid, 404 no such job, 409 it has finished, 413 too large, 503 full or
   * closed, 410 nobody listens at the other end from here on. `job_id` where the message named one.
   */
  | {
      readonly type: "error";
      readonly error: string;
      readonly code: number;
      readonly errors?: readonly ParamError[];
      readonly job_id?: string;
    }
  | { readonly type: "pong" };

/** The queue protocol: to the runner. Up to 1,000,000 bytes. */
export type ClientMessage =
  | {
      readonly type: "create_job";
      readonly job_type: string;
      readonly params?: Record<string, unknown>;
      readonly priority?: Priority;
      /** The id that the job is to have, so that its creator knows it again. */
      readonly id?: string;
    }
  | { readonly type: "cancel_job"; readonly job_id: string }
  | { readonly type: "clear_completed" }
  | { readonly type: "get_state" }
  | { readonly type: "ping" }
  /** The name of a Web Lock that is held by who sends this for as long as its page or worker lives. */
  | { readonly type: "present"; readonly lock: string };

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
