// How jobs are named in the store. A job's key there is its id and its scope's, so that whoever knows one scope can't
// name a job of another.

import { RunnerError } from "../runner/errors.js";
import { isWellFormed } from "../support/well-formed.js";

const LONGEST_ID = 200;
const LONGEST_SCOPE = 200;

/** BullMQ takes no integers and no colons as ids: neither is left by this, and the parts can be told apart. */
export function storedId(scope: string, id: string): string {
  return `${encodeURIComponent(id)}@${encodeURIComponent(scope)}`;
}

/** Undefined for a job that somebody else has put into the queue. */
export function partsOf(stored: string): { readonly id: string; readonly scope: string } | undefined {
  const at = stored.indexOf("@");
  if (at < 0) return undefined;
  try {
    return { id: decodeURIComponent(stored.slice(0, at)), scope: decodeURIComponent(stored.slice(at + 1)) };
  } catch {
    return undefined;
  }
}

/** What a scope's own keys begin with. */
export function scopeKey(base: string, scope: string): string {
  return `${base}scope:${encodeURIComponent(scope)}:`;
}

/** One that no job can have is no job's. */
export function couldBeId(id: unknown): id is string {
  return isName(id, LONGEST_ID);
}

export function needId(id: unknown): string {
  if (couldBeId(id)) return id;
  throw new RangeError(`id must be a string of 1 to ${LONGEST_ID} characters`);
}

export function needScope(scope: unknown): string {
  if (isName(scope, LONGEST_SCOPE)) return scope;
  throw new RangeError(`scope must be a string of 1 to ${LONGEST_SCOPE} characters`);
}

function isName(text: unknown, longest: number): text is string {
  return typeof text === "string" && text.length >= 1 && text.length <= longest && isWellFormed(text);
}

export function unknownJob(id: string): RunnerError {
  return new RunnerError(`There is no job "${id}"`, "E_UNKNOWN_JOB");
}
