// The engine's clock and its one timer.

import { engine, rethrow } from "./engine.js";

// Typed, so that keeping time allocates nothing: the latest reading, and what to add to the page's clock.
const state = new Float64Array(2);
let timer: ReturnType<typeof setTimeout> | undefined;
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Milliseconds; never runs back, also where a test's fake clock does. */
export function now(): number {
  const reading = performance.now() + state[1]!;
  if (reading < state[0]!) {
    state[1]! += state[0]! - reading;
    return state[0]!;
  }
  state[0] = reading;
  return reading;
}

/** Sets the timer for the engine's earliest deadline. */
export function armTimer(drain: () => void): void {
  clearTimeout(timer);
  timer = undefined;
  const at = engine.wakeAt();
  if (at === Infinity) return;
  const wait = Math.min(Math.max(Math.ceil(at - now()), 0), LONGEST_TIMEOUT);
  timer = setTimeout(() => {
    timer = undefined;
    try {
      engine.tick(now());
      drain();
    } catch (error) {
      rethrow(error);
    }
  }, wait);
}

export function disarmTimer(): void {
  clearTimeout(timer);
}
