// JavaScript values on their way to listeners. The engine never sees them: a command brings a value's number, and every
// effect that carries the value names it. So no effect can be handed what was meant for another.

import { NONE } from "./wire.js";

/** An effect that carries none. */
export const NO_VALUE = NONE;

const values: unknown[] = [];
let count = 0;
/** More than are worth keeping room for. */
const MANY = 1024;

/** The value's number, until the effects under way have been applied. Numbers follow one another. */
export function keepValue(value: unknown): number {
  values[count] = value;
  return count++;
}

/** Nobody is to be told: `number` and those after it may be given again. */
export function dropValue(number: number): void {
  while (count > number) values[--count] = undefined;
}

export function valueAt(number: number): unknown {
  return number === NO_VALUE ? undefined : values[number];
}

/** All effects have been applied. */
export function dropValues(): void {
  const held = count;
  dropValue(0);
  if (held > MANY) values.length = 0;
}
