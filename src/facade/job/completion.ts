// Small things that jobs, bodies and streams share.

import { abortError } from "../support/abort.js";
import type { Completion } from "../types.js";
import { now } from "../wasm/clock.js";
import { question } from "../wasm/engine.js";
import { stamp, wallTime } from "../wasm/stamp.js";
import { END } from "../wasm/wire.js";
import type { AnyJob } from "./record.js";

/** Where the platform has no such symbol yet, one that `using` polyfills agree on. */
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** Why the job was asked to stop; where no reason was given, an AbortError, made when first looked at. */
export function reasonOf(job: AnyJob): unknown {
  if (job.stopReason === undefined) job.stopReason = abortError();
  return job.stopReason;
}

/** Why the latest attempt failed. That its time was up counts, whatever its body made of it. */
export function errorOf(job: AnyJob): unknown {
  return job.cold?.timeoutError ?? job.outcome;
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

const ENDS = [0, 0, END.normal, END.failed, END.cancelled];

/** The same object each time. */
export function completionOf(job: AnyJob): Completion | undefined {
  const end = job.end || (ENDS[question().status(job.slot)] ?? 0);
  if (end === 0) return undefined;
  const cold = job.coldData();
  if (cold.completion === undefined) {
    if (end === END.normal) cold.completion = { type: "Normal", result: job.outcome };
    else if (end === END.failed) cold.completion = { type: "Failed", error: errorOf(job) };
    else cold.completion = { type: "Cancelled", reason: reasonOf(job) };
    Object.freeze(cold.completion);
  }
  return cold.completion;
}
