// The pool's public shapes. Times are milliseconds.

import type { Millis } from "../types.js";

/**
 * What a worker's file exposes, by name: `export type Jobs = typeof jobs` beside `exposeJobs(jobs)`, and the page writes
 * `new WorkerPool<Jobs>(…)`.
 */
// biome-ignore lint/suspicious/noExplicitAny: bodies of all kinds of params.
export type ExposedJobs = Record<string, (params: any, context: any) => unknown>;

/** As much of a Worker of `node:worker_threads` as is used. */
export interface NodeWorker {
  postMessage(value: unknown, transfer?: readonly unknown[]): void;
  terminate(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as Node has it.
  on(event: string, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as Node has it.
  off(event: string, listener: (...args: any[]) => void): unknown;
  /** Where it has both, a worker without a job does not keep the process running. */
  ref?(): unknown;
  unref?(): unknown;
}

export interface WorkerPoolOptions {
  /**
   * Starts a module worker whose script calls `exposeJobs`: a new one each time. In Node one of `node:worker_threads`.
   * @default a worker of the package's own that knows the built-in job types; of these `prime` takes limits up to
   * 1,000,000,000 there. In Node before 20.16 there is no default.
   */
  spawn?: () => Worker | NodeWorker;
  /**
   * Workers at once: an integer of at least 1, or Infinity; more than 32 counts as 32. They start when there is work
   * for them.
   * @default navigator.hardwareConcurrency - 1, at least 1
   */
  size?: number;
  /**
   * A worker unused this long is ended: 0 or more, or Infinity.
   * @default 30000
   */
  idleTimeout?: Millis;
  /**
   * After an abort the body has this long to settle: finite, 0 or more. Then the job ends, the worker is terminated
   * and a fresh one takes its place.
   * @default 250
   */
  grace?: Millis;
}

export interface PoolStats {
  /** Workers there may be. */
  readonly size: number;
  /** Workers with a job. */
  readonly busy: number;
  /** Workers without; those being loaded, too. */
  readonly idle: number;
  /** Workers ever started. */
  readonly spawned: number;
  /** Workers ended by force: their job did not listen, or they broke. */
  readonly killed: number;
}
