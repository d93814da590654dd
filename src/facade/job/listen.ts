// Listening to jobs, and the values on their way to listeners.

import { report } from "../errors.js";
import type { Unsubscribe } from "../types.js";
import { drain } from "../wasm/drain.js";
import { checkEngine, engine, failure } from "../wasm/engine.js";
import { addListener, CHANNEL, LATCHED, ListenerTable, NOTHING_TO_HEAR, SOURCE } from "../wasm/listeners.js";
import { needFunction } from "../wasm/options.js";
import { reserveStack } from "../wasm/stack.js";
import { dropValue, keepValue } from "../wasm/values.js";
import type { AnyJob } from "./record.js";

export const NOTHING: Unsubscribe = () => {};

/** After a command that has brought the value of this number: delivers it, if anyone is told. */
export function tell(number: number, isTold: boolean): void {
  if (isTold) drain();
  else dropValue(number);
}

/** Calls soon, as latched listeners are called: in a microtask, unless unsubscribed before. */
export function soon(listener: () => void): Unsubscribe {
  let wanted = true;
  queueMicrotask(() => {
    if (!wanted) return;
    try {
      listener();
    } catch (error) {
      report(error);
    }
  });
  return () => {
    wanted = false;
  };
}

/** A subscription under a number that the engine gave. The table forgets it when its source ends. */
export function subscribeIn(
  table: ListenerTable,
  number: number,
  // biome-ignore lint/suspicious/noExplicitAny: the channel says what the value is.
  listener: (value: any) => void,
): Unsubscribe {
  const subscription = table.add(number, listener);
  return () => {
    // A broken engine tells nobody any more: leaving it is no fault.
    if (failure === undefined) reserveStack();
    if (table.remove(number, subscription) && failure === undefined) engine.unlisten(number);
  };
}

export function listenTo(
  job: AnyJob,
  channel: number,
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  listener: (value: any) => void,
): Unsubscribe {
  needFunction("listener", listener);
  checkEngine();
  if (job.hasEnded && job.slot < 0) return channel === CHANNEL.stopped ? soon(listener as () => void) : NOTHING;
  // Actions that came before the first who hears them: the engine has counted them and tells of each by its number.
  const kept = channel === CHANNEL.action ? (job.cold?.mailbox ?? []) : [];
  const numbers = kept.map(keepValue);
  const number = addListener(SOURCE.job, job.slot, channel, numbers[0]);
  if (number === LATCHED) return soon(listener as () => void);
  if (number === NOTHING_TO_HEAR) return NOTHING;
  const cold = job.coldData();
  const kind = channel === CHANNEL.action ? "actionListeners" : "listeners";
  cold[kind] ??= new ListenerTable();
  const unsubscribe = subscribeIn(cold[kind], number, listener);
  if (channel === CHANNEL.action) cold.mailbox = undefined;
  drain();
  return unsubscribe;
}
