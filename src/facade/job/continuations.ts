import { report } from "../errors.js";
import type { Continuations } from "../types.js";
import { failure } from "../wasm/engine.js";
import { CHANNEL } from "../wasm/listeners.js";
import { needFunction } from "../wasm/options.js";
import { completionOf } from "./completion.js";
import { listenTo, soon } from "./listen.js";
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
      const present = job.cold?.continuations?.get(key);
      if (present !== undefined) {
        // In that one's place.
        present.callback = callback;
        return;
      }
      const added = { callback, leave: () => {} };
      const call = () => run(job, added.callback);
      // The engine does not know the job any more, or nothing can be asked of it.
      const isLate = job.slot < 0 || failure !== undefined;
      added.leave = isLate ? soon(call) : listenTo(job, CHANNEL.continuation, call);
      if (job.end !== 0) return;
      const cold = job.coldData();
      cold.continuations ??= new Map();
      cold.continuations.set(key, added);
    },
    remove(key) {
      const continuations = job.cold?.continuations;
      continuations?.get(key)?.leave();
      return continuations?.delete(key) ?? false;
    },
    get size() {
      return job.cold?.continuations?.size ?? 0;
    },
  };
}
