import { fieldOf } from "../support/look.js";

/** Of queues that have no keys: what would be taken and have no effect is refused. */
export function needNoKey(options: object): void {
  if (fieldOf(options, "key") === undefined) return;
  throw new TypeError(
    "key must be left out: only a SharedRunner has keys. An id that is given again starts nothing here",
  );
}
