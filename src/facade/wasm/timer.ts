// The engine's one timer: set for the earliest of all its deadlines.

import { Alarm } from "./alarm.js";
import { now } from "./clock.js";
import { engine, failure, rethrow } from "./engine.js";

const alarm = new Alarm();
/** Tells the engine the time, and does what comes of it. */
let look = () => {};

export function armTimer(drain: () => void): void {
  look = () => {
    try {
      engine.tick(now());
      drain();
    } catch (error) {
      rethrow(error);
    }
  };
  alarm.set(engine.wakeAt(), look);
}

/**
 * Where what the timer was set for was called off, the engine lets it ring in vain, and then says what does wait. Here it
 * is asked before, as long as nothing is due.
 */
export function realignTimer(): void {
  const { moment } = alarm;
  if (failure === undefined && moment < Infinity && moment > now()) look();
}

export function disarmTimer(): void {
  alarm.clear();
}
