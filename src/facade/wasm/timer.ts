// The engine's one timer: set for the earliest of all its deadlines.

import { Alarm } from "./alarm.js";
import { now } from "./clock.js";
import { engine, rethrow } from "./engine.js";

const alarm = new Alarm();

export function armTimer(drain: () => void): void {
  alarm.set(engine.wakeAt(), () => {
    try {
      engine.tick(now());
      drain();
    } catch (error) {
      rethrow(error);
    }
  });
}

export function disarmTimer(): void {
  alarm.clear();
}
