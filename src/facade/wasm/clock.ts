// The engine's clock.

import { clockNow, wallNow } from "../support/time.js";

/** Typed, so that keeping time allocates nothing: the page's clock when last read, what to add to it, the least to say. */
const state = new Float64Array(3);
/** Timers of browsers and Node fire before their time by up to this. */
const EARLIEST = 1;

/** Milliseconds; never runs back, also where a test's fake clock does. */
export function now(): number {
  const reading = clockNow();
  // Another clock has taken over: time goes on from where it stood.
  if (reading < state[0]!) state[1] = Math.max(state[0]! + state[1]!, state[2]!) - reading;
  state[0] = reading;
  return Math.max(reading + state[1]!, state[2]!);
}

/** Another clock is read from here on; time goes on from that moment. */
export function goOnFrom(moment: number): void {
  state[0] = clockNow();
  state[1] = moment - state[0];
}

/** Epoch milliseconds of a moment that is to come. */
export function epochOf(moment: number): number {
  return Math.round(wallNow() + Math.max(moment - now(), 0));
}

/**
 * A timer that was set `wait` before `moment` has fired: has that moment come? A real timer is early by a hair, and the
 * rest is to be waited for. One that is earlier than that was moved by a test which leaves this clock alone, and then
 * that moment has come.
 */
export function hasCome(moment: number, wait: number): boolean {
  const early = moment - now();
  if (early <= 0) return true;
  if (early <= EARLIEST && early <= wait / 2) return false;
  state[2] = moment;
  return true;
}
