// A new job's row.

import { RETRY_DEFAULTS } from "../support/retry-rules.js";
import { wallNow } from "../support/time.js";
import type { Millis, Priority, RetryOptions } from "../types.js";
import { readOptions } from "../wasm/options.js";
import type { Row } from "./numbers.js";
import type { RequestRules } from "./wasm.js";

export interface RowOptions {
  readonly priority?: Priority | undefined;
  readonly timeout?: Millis | undefined;
  readonly delay?: Millis | undefined;
  readonly retry?: number | Partial<RetryOptions> | undefined;
}

/** A new job's row. What can't be recorded is refused, unless it is for this run alone. */
export function newRow(
  rules: Pick<RequestRules, "newRow">,
  version: number,
  options: RowOptions,
  isLocal = false,
): Row {
  const { priority, timeout, delay, retry } = options;
  // biome-ignore lint/suspicious/noExplicitAny: as in every queue, with what that leaves out.
  const read = readOptions({ priority, timeout, delay, retry } as any);
  if (!isLocal) {
    if (read.retry?.retryIf) throw new TypeError("retry.retryIf can't be recorded: leave it out");
    if (read.retry?.delayOf) throw new TypeError("retry.delay can't be recorded: give a number");
  }
  return Array.from(
    rules.newRow(
      version,
      wallNow(),
      read.priority,
      read.timeout,
      read.delay,
      read.retry?.limit,
      read.retry?.delay ?? RETRY_DEFAULTS.delay,
      read.retry?.maxDelay ?? RETRY_DEFAULTS.maxDelay,
      read.retry?.fixed === true,
      read.retry?.noJitter === true,
    ),
  );
}
