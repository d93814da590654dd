import { checkString } from "../support/check.js";
import { isWellFormed } from "../support/well-formed.js";

/** The id that a job is to have, if one was given; the engine's rule says how long it may be. */
export function checkId(given: unknown, isId: (id: string) => boolean): string | undefined {
  const id = checkString("id", given);
  if (id === undefined) return undefined;
  if (!isId(id)) throw new RangeError("id must be a string of 1 to 200 characters");
  if (!isWellFormed(id)) throw new RangeError("id must have no half of a surrogate pair in it");
  return id;
}
