import { report } from "./errors.js";
import { fieldOf } from "./text.js";
import type { Unsubscribe } from "./types.js";

type OnAbort = (reason: unknown) => void;

interface Followed {
  readonly callbacks: Set<OnAbort>;
  readonly listener: () => void;
}

/** Who is told of the abort of a signal. */
const followed = new WeakMap<AbortSignal, Followed>();

/**
 * Calls back when the signal aborts, with its reason. However many follow a signal, it has one listener of ours, and none
 * once the last has left: platforms take longer for each one that is there already. What the event says is not looked at:
 * platforms and ponyfills differ in it, and anyone can dispatch one.
 */
export function follow(signal: AbortSignal, onAbort: OnAbort): Unsubscribe {
  let entry = followed.get(signal);
  if (entry === undefined) {
    const callbacks = new Set<OnAbort>();
    const listener = () => {
      if (fieldOf(signal, "aborted") !== true) return;
      leave(signal, listener);
      const reason = fieldOf(signal, "reason");
      for (const callback of callbacks) {
        try {
          callback(reason);
        } catch (error) {
          report(error);
        }
      }
    };
    signal.addEventListener("abort", listener);
    entry = { callbacks, listener };
    followed.set(signal, entry);
  }
  const { callbacks, listener } = entry;
  callbacks.add(onAbort);
  return () => {
    if (callbacks.delete(onAbort) && callbacks.size === 0) leave(signal, listener);
  };
}

function leave(signal: AbortSignal, listener: () => void): void {
  if (followed.get(signal)?.listener !== listener) return;
  followed.delete(signal);
  try {
    signal.removeEventListener("abort", listener);
  } catch (error) {
    report(error);
  }
}
