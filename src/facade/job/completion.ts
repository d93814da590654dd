// Small things that jobs, bodies and streams share.

import { abortError } from "../support/abort.js";
import type { Completion } from "../types.js";
import { now } from "../wasm/clock.js";
import { engine, question } from "../wasm/engine.js";
import { stamp, wallTime } from "../wasm/stamp.js";
import { CAUSE, END } from "../wasm/wire.js";
import type { AnyJob } from "./record.js";

/** Where the platform has no such symbol yet, one that `using` polyfills agree on. */
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** Why the job was asked to stop; where no reason was given, an AbortError, made when first looked at. */
export function reasonOf(job: AnyJob): unknown {
  if (job.stopReason === undefined) job.stopReason = abortError();
  return job.stopReason;
}

/** After a command that stops many, before its effects: which of the jobs it has asked to end the engine says. */
export function noteStops(jobs: readonly AnyJob[], reason: unknown): void {
  for (const job of jobs) job.noteStop(reason, engine.cause(job.slot));
}

/** The attempt's time is up. The same object each time. */
export function timeoutErrorOf(job: AnyJob): DOMException {
  const cold = job.coldData();
  cold.timeoutError ??= new DOMException(
    `Attempt ${job.attempt} of job "${job.name}" took longer than ${cold.timeout} ms`,
    "TimeoutError",
  );
  return cold.timeoutError;
}

/** The running attempt's time is up, and nobody has asked the job to stop. */
export function hasTimedOut(job: Pick<AnyJob, "end" | "slot">): boolean {
  return job.end === 0 && question().cause(job.slot) === CAUSE.timeout;
}

/** Which of the job's values counts, by the cause that the engine names. */
export function valueBy(job: AnyJob, cause: number): unknown {
  if (cause === CAUSE.none) return job.outcome;
  if (cause === CAUSE.timeout) return timeoutErrorOf(job);
  job.noteStop(undefined, cause);
  return reasonOf(job);
}

/** Of a job that has ended: its result, why it failed or why it was stopped. */
export function endValueOf(job: AnyJob): unknown {
  // The engine is ahead of what has been told.
  if (job.end === 0) return valueBy(job, question().cause(job.slot));
  return job.end === END.cancelled ? reasonOf(job) : job.outcome;
}

/**
 * While it waits for a delay or its next attempt: until when, epoch ms. The clocks are compared once a wait, so that the
 * answer is the same each time.
 */
export function readyAtOf(job: AnyJob): number | undefined {
  const at = job.end === 0 ? question().readyAt(job.slot) : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  const cold = job.coldData();
  if (cold.readyTick !== at) {
    cold.readyTick = at;
    cold.readyAt = Math.round(wallTime(stamp(), job.created) + Math.max(at - now(), 0));
  }
  return cold.readyAt;
}

/** The same object each time. */
export function completionOf(job: AnyJob): Completion | undefined {
  const end = job.end || question().status(job.slot);
  if (end < END.normal) return undefined;
  const cold = job.coldData();
  if (cold.completion === undefined) {
    const value = endValueOf(job);
    if (end === END.normal) cold.completion = { type: "Normal", result: value };
    else if (end === END.failed) cold.completion = { type: "Failed", error: value };
    else cold.completion = { type: "Cancelled", reason: value };
    Object.freeze(cold.completion);
  }
  return cold.completion;
}
