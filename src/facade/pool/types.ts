// The pool's public shapes. Times are milliseconds.

import type { Millis } from "../types.js";

export interface WorkerPoolOptions {
  /**
   * Starts a module worker whose script calls `exposeJobs`. Default: a worker of the package's own that knows the
   * built-in job types; of these `prime` takes limits up to 1,000,000,000 there.
   */
  spawn?: () => Worker;
  /**
   * Workers at once: an integer of at least 1, or Infinity; more than 32 counts as 32. They start when there is work
   * for them. Default: `navigator.hardwareConcurrency` - 1, at least 1.
   */
  size?: number;
  /** A worker unused this long is ended: 0 or more, or Infinity. Default 30000. */
  idleTimeout?: Millis;
  /**
   * After an abort the body has this long to settle: finite, 0 or more. Then the job ends, the worker is terminated
   * and a fresh one takes its place. Default 250.
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
