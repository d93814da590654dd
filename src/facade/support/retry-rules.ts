// What is tried again, and a caller's own rules for it. What those throw is reported, and counts as if they had not been
// given a say.

import { NonRetriableError, report } from "../errors.js";
import type { Millis, RetryOptions } from "../types.js";
import { fieldOf, prototypesOf } from "./look.js";

/** The engine's own (src/engine/options.rs), for who writes down what a job was given before an engine sees it. */
export const RETRY_DEFAULTS = { delay: 1000, maxDelay: 30_000 } as const;

/** As it is now, each field read once: it may be a class's, and whoever made it may change it. */
export function fieldsOf(retry: RetryOptions | number | undefined): typeof retry {
  if (typeof retry !== "object" || retry === null) return retry;
  const { limit, delay, maxDelay, backoff, jitter, retryIf } = retry;
  return { limit, delay, maxDelay, backoff, jitter, retryIf };
}

/** Also of another copy of this package or from another realm, and of an app's class that has its own name and code. */
function isNonRetriable(thrown: unknown): boolean {
  if (typeof thrown !== "object" || thrown === null) return false;
  if (fieldOf(thrown, "code") === "E_NON_RETRIABLE" || fieldOf(thrown, "name") === "NonRetriableError") return true;
  return prototypesOf(thrown).includes(NonRetriableError.prototype);
}

/** Without a rule everything but a NonRetriableError; a rule decides alone, and says no by throwing. */
export function mayRetry(
  retryIf: RetryOptions["retryIf"],
  error: unknown,
  attempt: number,
  tell: (thrown: unknown) => void = report,
): boolean {
  if (retryIf === undefined) return !isNonRetriable(error);
  try {
    return Boolean(retryIf(error, attempt));
  } catch (thrown) {
    tell(thrown);
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
