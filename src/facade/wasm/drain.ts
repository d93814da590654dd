// The one drain loop: the engine's effects, applied in order. What user code causes on the way goes to the back of the
// same queue, so every listener of every job, subject and gate sees changes in the same order. An effect that cannot be
// applied is reported and disturbs none of the others: each names what it is about.

import { failure, header, memoryWords, unexpected } from "./engine.js";
import { armTimer } from "./timer.js";
import { dropValues } from "./values.js";
import { EFFECT_WORDS, HEADER } from "./wire.js";

/** Applies the effect whose words begin at `base`. */
type Apply = (words: Uint32Array, base: number) => void;

let apply: Apply;
let draining = false;
let timerMoved = false;
const afterwards: (() => void)[] = [];

export function applyWith(applier: Apply): void {
  apply = applier;
}

/** The engine's earliest deadline has changed: the timer is set anew once all is applied. */
export function moveTimer(): void {
  timerMoved = true;
}

/** How much is still to be applied. */
export function pendingWords(): number {
  return memoryWords()[header + HEADER.len]!;
}

/** Once all that is under way has been applied: until then the engine is ahead of what has been told. */
export function afterDrain(work: () => void): void {
  if (draining) afterwards.push(work);
  else work();
}

export function drain(): void {
  if (draining) return;
  let words = memoryWords();
  if (words[header + HEADER.len] === 0) {
    dropValues();
    return;
  }
  draining = true;
  for (let at = 0; at < words[header + HEADER.len]! && failure === undefined; words = memoryWords()) {
    const base = (words[header]! >>> 2) + at;
    at += EFFECT_WORDS[words[base]!]!;
    try {
      apply(words, base);
    } catch (error) {
      unexpected(error);
    }
  }
  draining = false;
  // Tells the engine so, without a call.
  memoryWords()[header + HEADER.len] = 0;
  dropValues();
  if (afterwards.length > 0) for (const work of afterwards.splice(0)) work();
  if (timerMoved && failure === undefined) {
    timerMoved = false;
    armTimer(drain);
  }
}
