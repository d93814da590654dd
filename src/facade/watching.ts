// Listening to jobs, and the values on their way to listeners.

import { drain } from "./drain.js";
import { checkEngine, engine, failure, header, memoryWords } from "./engine.js";
import { report } from "./errors.js";
import type { AnyJob } from "./extras.js";
import { CHANNEL, LATCHED, ListenerTable, NOTHING_TO_HEAR, SOURCE } from "./listeners.js";
import { needFunction } from "./options.js";
import type { Unsubscribe } from "./types.js";

export const NOTHING: Unsubscribe = () => {};

/** What the effects under way deliver, in their order: the engine says when, the values never leave JavaScript. */
const values: unknown[] = [];
let first = 0;
let end = 0;

/** Hands `value` to each effect of the command just given, then delivers. */
export function tell(value: unknown): void {
  for (let count = memoryWords()[header + 3]!; count > 0; count--) values[end++] = value;
  drain();
}

/** The same for a subject or gate, whose listeners only it holds. */
export function tellListeners(table: ListenerTable, value: unknown): void {
  values[end++] = table;
  values[end++] = value;
  drain();
}

export function nextValue(): unknown {
  const value = values[first];
  values[first++] = undefined;
  // Back to the start rather than shorter: shrinking an array costs more than a delivery.
  if (first === end) first = end = 0;
  return value;
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
    if (table.remove(number, subscription) && failure === undefined) engine.unlisten(number);
  };
}

export function listenTo(
  job: AnyJob,
  channel: number,
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  listener: (value: any) => void,
  onNumber?: (number: number) => void,
): Unsubscribe {
  needFunction("listener", listener);
  checkEngine();
  if (job.hasEnded && job.slot < 0) return channel === CHANNEL.stopped ? soon(listener as () => void) : NOTHING;
  const number = engine.listen(SOURCE.job, job.slot, channel);
  if (number === LATCHED) return soon(listener as () => void);
  if (number === NOTHING_TO_HEAR) return NOTHING;
  const extras = job.extras();
  extras.listeners ??= new ListenerTable();
  const unsubscribe = subscribeIn(extras.listeners, number, listener);
  onNumber?.(number);
  if (channel === CHANNEL.action && extras.mailbox !== undefined) {
    // The engine has queued one delivery for each action that it kept.
    for (const action of extras.mailbox) values[end++] = action;
    extras.mailbox = undefined;
    drain();
  }
  return unsubscribe;
}
