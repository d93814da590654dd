// Waiting for what may be asked to end.

import { abortReason } from "../support/abort.js";
import { promiseOf } from "../support/settling.js";
import { follow } from "../support/signals.js";
import type { Unsubscribe } from "../types.js";
import { now } from "../wasm/clock.js";
import { sleepUntil } from "../wasm/sleep.js";

/** As `value`, but rejects once the signal aborts. */
export function untilAborted<T>(value: T | PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(abortReason(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promiseOf(value)
      .finally(() => signal.removeEventListener("abort", abort))
      .then(resolve, reject);
  });
}

/** Resolves after so many milliseconds, or rejects once the signal aborts. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return sleepUntil(now() + milliseconds, signal);
}

/** A signal of this realm that aborts as a caller's does, whatever that is. */
export function followed(given: AbortSignal): { readonly signal: AbortSignal; readonly unfollow: Unsubscribe } {
  if (typeof given?.addEventListener !== "function") {
    throw new TypeError(`signal must be an AbortSignal, got ${given === null ? "null" : typeof given}`);
  }
  const controller = new AbortController();
  const askToStop = (reason: unknown) => controller.abort(reason);
  if (!given.aborted) return { signal: controller.signal, unfollow: follow(given, { askToStop }) };
  askToStop(abortReason(given));
  return { signal: controller.signal, unfollow() {} };
}
