// A caller's own rules for another attempt. What they throw is reported, and counts as if they had not been given a say.

import { report } from "../errors.js";
import type { Millis, RetryOptions } from "../types.js";

/** Without a rule, and only without one, whatever was thrown may be tried again; one that throws says no. */
export function mayRetry(retryIf: RetryOptions["retryIf"], error: unknown, attempt: number): boolean {
  if (retryIf === undefined) return true;
  try {
    return Boolean(retryIf(error, attempt));
  } catch (thrown) {
    report(thrown);
    return false;
  }
}

/** Milliseconds that the rule asks for; not a number if it asks for nothing. */
export function waitAsked(
  delay: Exclude<RetryOptions["delay"], Millis> | undefined,
  error: unknown,
  attempt: number,
): number {
  try {
    const wait = delay?.(error, attempt);
    if (wait === undefined) return Number.NaN;
    if (typeof wait === "number" && wait >= 0) return wait;
    const given = typeof wait === "number" ? wait : typeof wait;
    throw new TypeError(`retry.delay must answer a number of milliseconds, 0 or more, or undefined, got ${given}`);
  } catch (thrown) {
    report(thrown);
    return Number.NaN;
  }
}
