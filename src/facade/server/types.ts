// The server's public shapes. Times are milliseconds where nothing else is said.

import type { CreateOptions, JobType } from "../runner/types.js";
import type { Millis } from "../types.js";

export interface ServerOptions {
  /** "redis://…", options of ioredis, or an ioredis, which is duplicated and left as it is. */
  redis: string | object;
  /**
   * The queue's name in BullMQ, without ":".
   *
   * @default "jobgate"
   */
  queue?: string;
  /** The types that can be created here, or run. */
  types: readonly ServerJobType[];
}

/** A job type that servers run. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds types of all kinds of params.
export interface ServerJobType<Params = any, Result = unknown> extends JobType<Params, Result> {
  /**
   * Asked before each retry. One that throws counts as no, and is a warning of the process.
   *
   * @default every error but NonRetriableError
   */
  retryIf?(error: unknown, attempt: number): boolean;
  /** For jobs that do not say, option by option. Read and checked when the type is handed in. */
  defaults?: Pick<CreateOptions, "priority" | "timeout" | "retry">;
  /**
   * Where the body runs. "thread": a worker thread, so that a blocked loop never costs the worker its lock; then `module`
   * says where it is. "none": on the worker's own thread.
   *
   * @default "thread"
   */
  isolate?: "none" | "thread";
  /** The script that calls `exposeJobs` with the body under the type's name. */
  module?: string | URL;
  /**
   * Asked to stop, or timed out, and not settled after this: its thread is killed, the job ends. 0 or more. With "none" it
   * can only be waited for.
   *
   * @default 5_000
   */
  grace?: Millis;
}

export interface QueueWorkerOptions extends ServerOptions {
  /**
   * Jobs at once: an integer of at least 1. More than 32 worker threads of one module there never are.
   *
   * @default 3
   */
  concurrency?: number;
  /**
   * At most `limit` attempts begin in `interval`, by all workers of the queue together, each of which is to say the same.
   * Integers of at least 1. BullMQ counts from the first that begins: about the end of its interval, up to twice as many
   * may begin in one. A server that refuses those wants half the limit.
   *
   * @default undefined, no limit
   */
  rateLimit?: { limit: number; interval: Millis };
  /**
   * A job whose worker has not been heard of for this long is started again by another. An integer of at least 1,000.
   * Workers of one queue are to have the same: none takes another's job sooner than that one says, but a lost job may
   * wait for as long as the longest of them.
   *
   * @default 30_000
   */
  lock?: Millis;
  /**
   * How often a job's worker may be lost: after that it fails with WorkerCrashedError. An integer of at least 0. The
   * worker that finds out says so: those of one queue are to have the same.
   *
   * @default 3
   */
  maxLost?: number;
  /**
   * `worker_id` in the records of what it runs.
   *
   * @default the machine's name and the process's number
   */
  name?: string;
}
