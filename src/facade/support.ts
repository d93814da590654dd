// Small things that jobs, bodies and streams share.

import { abortError } from "./abort.js";
import { engine } from "./engine.js";
import type { AnyJob } from "./extras.js";
import type { Completion } from "./types.js";
import { END } from "./wire.js";

/** Where the platform has no such symbol yet, one that `using` polyfills agree on. */
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** Why the job was asked to stop; where no reason was given, an AbortError, made when first looked at. */
export function reasonOf(job: AnyJob): unknown {
  if (job.value === undefined) job.value = abortError();
  return job.value;
}

const ENDS = [0, 0, END.normal, END.failed, END.cancelled];

/** The same object each time. */
export function completionOf(job: AnyJob): Completion | undefined {
  const end = job.end || (ENDS[engine.status(job.slot)] ?? 0);
  if (end === 0) return undefined;
  const extras = job.extras();
  if (extras.completion === undefined) {
    if (end === END.normal) extras.completion = { type: "Normal", result: job.value };
    else if (end === END.failed) extras.completion = { type: "Failed", error: job.value };
    else extras.completion = { type: "Cancelled", reason: reasonOf(job) };
    Object.freeze(extras.completion);
  }
  return extras.completion;
}

/** Anything can be thrown or be a key, also what has no text. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
