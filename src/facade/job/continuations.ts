import { report } from "../errors.js";
import type { Continuations } from "../types.js";
import { needFunction } from "../wasm/options.js";
import { completionOf } from "./completion.js";
import { soon } from "./listen.js";
import type { AnyJob, Continuation } from "./record.js";

function run(job: AnyJob, callback: Continuation): void {
  try {
    const returned = callback(job, completionOf(job)!);
    if (typeof returned?.then === "function") returned.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

export function continuationsOf(job: AnyJob): Continuations<AnyJob> {
  return {
    addOrRunNow(key, callback) {
      needFunction("callback", callback);
      if (job.end !== 0) {
        soon(() => run(job, callback));
        return;
      }
      const cold = job.coldData();
      cold.continuations ??= new Map();
      cold.continuations.set(key, callback);
    },
    remove: (key) => job.cold?.continuations?.delete(key) ?? false,
    get size() {
      return job.cold?.continuations?.size ?? 0;
    },
  };
}

/** At the end: all of them, in the order of their keys' first registration. */
export function runContinuations(job: AnyJob): void {
  const waiting = job.cold?.continuations;
  if (waiting === undefined) return;
  job.cold!.continuations = undefined;
  for (const callback of waiting.values()) run(job, callback);
}
