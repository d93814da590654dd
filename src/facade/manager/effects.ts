// What the engine wants done, read from its words and done.

import { abort, decideRetry, start } from "../job/body.js";
import { breakOff, end } from "../job/ending.js";
import { toldOf } from "../job/events.js";
import { jobs, managers } from "../job/tables.js";
import { endWait } from "../job/waits.js";
import { applyWith, moveTimer } from "../wasm/drain.js";
import { engine, startEngine, whenEngineFails } from "../wasm/engine.js";
import { CHANNEL, type ListenerTable, SOURCE, tableBeside } from "../wasm/listeners.js";
import { releaseStamp } from "../wasm/stamp.js";
import { disarmTimer } from "../wasm/timer.js";
import { valueAt } from "../wasm/values.js";
import { ABORT, EFFECT, EVENT, LOW_BITS, LOW_MASK, NONE } from "../wasm/wire.js";
import { keyListeners } from "./keys.js";

/** Before anything else: the engine, and this as what applies its effects. */
export function ready(): void {
  startEngine();
  applyWith(apply);
}

/** Applies the effect whose words begin at `base`. */
function apply(words: Uint32Array, base: number): void {
  const one = words[base + 1]!;
  const two = words[base + 2]!;
  switch (words[base]) {
    case EFFECT.start: {
      // Undefined, and no more than that, if it has been stopped since.
      const job = jobs[one];
      if (job !== undefined && engine.begin(one, job.manager.moment())) start(job, two);
      return;
    }
    case EFFECT.ended:
      end(jobs[one]!, two, words[base + 3]!, words[base + 4]!, words[base + 5]!);
      return;
    case EFFECT.deliver:
      deliver(one, two, words[base + 3]!, words[base + 4]!, words[base + 5]!);
      return;
    case EFFECT.event:
      tellEvent(one, two, words[base + 3]!, words[base + 4]!, words[base + 5]!, words[base + 6]!);
      return;
    case EFFECT.wake:
      moveTimer();
      return;
    case EFFECT.abort:
      abort(jobs[one]!, two & LOW_MASK, (two & ABORT.last) !== 0);
      return;
    case EFFECT.askRetry:
      decideRetry(jobs[one]!, two);
      return;
    case EFFECT.forgotten:
      managers[two]?.deref()?.letGo(one);
      return;
    case EFFECT.pendingBelow:
      managers[one]?.deref()?.quiet.fewerArePending();
      return;
    case EFFECT.idle:
      managers[one]?.deref()?.becameIdle();
      return;
    case EFFECT.waitOver:
      endWait(one);
      return;
    default:
      throw new Error(`jobgate: the wasm and the JavaScript are of different versions (effect ${words[base]})`);
  }
}

/** `carried`: the number of a value, or the job that stands under a key or whose place in the order has changed. */
function deliver(code: number, source: number, carried: number, first: number, count: number): void {
  let table: ListenerTable | undefined;
  let value: unknown;
  switch (code & LOW_MASK) {
    case SOURCE.emitter:
      table = tableBeside(carried);
      value = valueAt(carried);
      break;
    case SOURCE.job:
      table = jobs[source]?.cold?.[code >>> LOW_BITS === CHANNEL.action ? "actionListeners" : "listeners"];
      value = valueAt(carried);
      break;
    case SOURCE.manager:
      table = managers[source]?.deref()?.listeners;
      if (carried !== NONE) value = jobs[carried];
      break;
    default:
      table = keyListeners.get(source);
      if (carried !== NONE) value = jobs[carried];
  }
  releaseStamp();
  table?.call(first, count, value);
}

function tellEvent(code: number, source: number, job: number, carried: number, first: number, count: number): void {
  const event = code >>> LOW_BITS;
  const manager = (code & LOW_MASK) === SOURCE.manager ? managers[source]?.deref() : undefined;
  const table = manager?.listeners ?? jobs[source]?.cold?.listeners;
  releaseStamp();
  if (table === undefined) return;
  const told =
    event === EVENT.stats
      ? { event: { type: "stats_update", stats: manager!.stats } }
      : toldOf(event, (jobs[job] ?? manager?.at(job))!, valueAt(carried));
  table.call(first, count, told);
}

whenEngineFails((error) => {
  disarmTimer();
  for (const job of jobs) if (job !== undefined) breakOff(job, error);
  for (const manager of managers) manager?.deref()?.breakOff(error);
});
