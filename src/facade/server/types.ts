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
  /** Asked before each retry. One that throws is reported and counts as no. */
  retryIf?(error: unknown, attempt: number): boolean;
  /** For jobs that do not say, option by option. */
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
