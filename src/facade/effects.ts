// What the engine wants done, read from its words and done.

import { abort, decideRetry, start } from "./body.js";
import { applyWith, moveTimer } from "./drain.js";
import { breakOff, end } from "./ending.js";
import { header, startEngine, whenEngineFails } from "./engine.js";
import { stopWaiters } from "./job.js";
import { CHANNEL, type ListenerTable, SOURCE } from "./listeners.js";
import { eventOf } from "./records.js";
import { releaseStamp } from "./stamp.js";
import { jobs, keyListeners, managers } from "./tables.js";
import { disarmTimer } from "./timer.js";
import { nextValue } from "./watching.js";
import { EFFECT, EVENT, NO_JOB } from "./wire.js";

/** Before anything else: the engine, and this as what applies its effects. */
export function ready(): void {
  startEngine();
  applyWith(apply);
}

/** Applies the effect whose words begin at `at`; returns where the next one's begin. */
function apply(words: Uint32Array, at: number): number {
  const base = (words[header]! >>> 2) + at;
  const one = words[base + 1]!;
  const two = words[base + 2]!;
  switch (words[base]) {
    case EFFECT.start:
      start(jobs[one]!, two);
      return at + 3;
    case EFFECT.ended:
      end(jobs[one]!, two & 3, (two >>> 2) & 3, two >= 16);
      return at + 3;
    case EFFECT.deliver:
      deliver(one, two, words[base + 3]!, words[base + 4]!, words[base + 5]!);
      return at + 6;
    case EFFECT.event:
      tellEvent(one, two, words[base + 3]!, words[base + 4]!, words[base + 5]!);
      return at + 6;
    case EFFECT.wake:
      moveTimer();
      return at + 1;
    case EFFECT.abort:
      abort(jobs[one]!, two);
      return at + 3;
    case EFFECT.askRetry:
      decideRetry(jobs[one]!);
      return at + 2;
    case EFFECT.forgotten:
      managers[two]?.deref()?.forget(one);
      return at + 3;
    case EFFECT.empty:
      managers[one]?.deref()?.becameEmpty();
      return at + 2;
    case EFFECT.idle:
      managers[one]?.deref()?.becameIdle();
      return at + 2;
    case EFFECT.stopTimedOut:
      stopWaiters.get(one)?.();
      stopWaiters.delete(one);
      return at + 2;
    default:
      throw new Error(`jobgate: the wasm and the JavaScript are of different versions (effect ${words[base]})`);
  }
}

function deliver(code: number, source: number, standing: number, first: number, count: number): void {
  const channel = code >>> 2;
  let table: ListenerTable | undefined;
  let value: unknown;
  switch (code & 3) {
    case SOURCE.emitter:
      table = nextValue() as ListenerTable;
      value = nextValue();
      break;
    case SOURCE.job:
      table = jobs[source]?.more?.listeners;
      if (channel !== CHANNEL.stopped) value = nextValue();
      break;
    case SOURCE.manager:
      table = managers[source]?.deref()?.listeners;
      break;
    default:
      table = keyListeners.get(source);
      if (standing !== NO_JOB) value = jobs[standing];
  }
  releaseStamp();
  table?.call(first, count, value);
}

function tellEvent(code: number, source: number, job: number, first: number, count: number): void {
  const event = code >>> 2;
  const payload = event === EVENT.progress || event === EVENT.log ? nextValue() : undefined;
  const manager = (code & 3) === SOURCE.manager ? managers[source]?.deref() : undefined;
  const table = manager?.listeners ?? jobs[source]?.more?.listeners;
  releaseStamp();
  if (table === undefined) return;
  const told =
    event === EVENT.stats ? manager!.statsEvent() : eventOf(event, (jobs[job] ?? manager?.at(job))!, payload);
  table.call(first, count, told);
}

whenEngineFails((error) => {
  disarmTimer();
  for (const job of jobs) if (job !== undefined) breakOff(job, error);
  for (const manager of managers) manager?.deref()?.breakOff(error);
});
