// The one drain loop: the engine's effects, applied in order. What user code causes on the way goes to the back of the
// same line, so every listener of every job, subject and gate sees changes in the same order.

import { header, memoryWords } from "./engine.js";
import { armTimer } from "./timer.js";

/** Applies the effect whose words begin at `at`; returns where the next one's begin. */
type Apply = (words: Uint32Array, at: number) => number;

let apply: Apply;
let draining = false;
let timerMoved = false;

export function applyWith(applier: Apply): void {
  apply = applier;
}

/** The engine's earliest deadline has changed: the timer is set anew once all is applied. */
export function moveTimer(): void {
  timerMoved = true;
}

export function drain(): void {
  if (draining) return;
  let words = memoryWords();
  if (words[header + 1] === 0) return;
  draining = true;
  try {
    for (let at = 0; at < words[header + 1]!; words = memoryWords()) at = apply(words, at);
  } finally {
    draining = false;
    // Tells the engine so, without a call.
    memoryWords()[header + 1] = 0;
  }
  if (timerMoved) {
    timerMoved = false;
    armTimer(drain);
  }
}
