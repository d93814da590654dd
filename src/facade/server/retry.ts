// Retries of jobs on BullMQ, which keeps what is stored and asks for each wait. In the browser the engine answers that
// (src/engine/options.rs); the waits are the same, for which tests/node/retry-waits.test.ts stands.

import type { QueueCreateOptions } from "../runner/types.js";
import { RETRY_DEFAULTS } from "../support/retry-rules.js";
import type { Millis, RetryOptions } from "../types.js";
import type { StoredRetry } from "./record.js";

/** JSON has no Infinity: 35 years. */
const LONGEST = 2 ** 40;
/** The engine doubles no more often. */
const MOST_DOUBLINGS = 1023;

export function storedRetry(retry: NonNullable<QueueCreateOptions["retry"]>): StoredRetry {
  const { limit, delay, maxDelay, backoff, jitter } =
    typeof retry === "number" ? { limit: retry } : (retry as RetryOptions);
  return {
    limit: limit === Infinity ? null : limit,
    delay: typeof delay === "number" ? delay : RETRY_DEFAULTS.delay,
    maxDelay: Math.min(maxDelay ?? RETRY_DEFAULTS.maxDelay, LONGEST),
    backoff: backoff ?? "exponential",
    jitter: jitter ?? "full",
  };
}

/** Milliseconds from the attempt that has failed, the first being 1, to the next. `random`: from 0 to 1. */
export function waitBefore(attempt: number, retry: StoredRetry | undefined, random: number): Millis {
  if (retry === undefined) return 0;
  const { delay, maxDelay, backoff, jitter } = retry;
  const doublings = backoff === "fixed" ? 0 : Math.min(attempt - 1, MOST_DOUBLINGS);
  const wait = Math.min(delay * 2 ** doublings, maxDelay);
  return Math.round(jitter === "full" ? wait * random : wait);
}
