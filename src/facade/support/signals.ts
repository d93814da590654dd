// The signals that callers hand in. What counts is the signal itself: an event can be dispatched by anyone, and in Node and
// with ponyfills it does not always say whose it is.

import { report } from "../errors.js";
import type { Unsubscribe } from "../types.js";
import { abortReason } from "./abort.js";

/** Whatever an abort stops: a job, a wait. */
interface Follower {
  askToStop(reason: unknown): void;
}

/** By the signal that they follow. */
const followings = new WeakMap<AbortSignal, Following>();

/** All who follow one signal. They share one listener: platforms take longer for each, and Node warns of more than ten. */
class Following {
  readonly followers = new Set<Follower>();

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener("abort", this.onAbort);
    followings.set(signal, this);
  }

  leave(follower: Follower): void {
    if (this.followers.delete(follower) && this.followers.size === 0) this.letGo();
  }

  private letGo(): void {
    try {
      this.signal.removeEventListener("abort", this.onAbort);
      followings.delete(this.signal);
    } catch {
      // It cannot let go: our listener stays, for whoever follows it next.
    }
  }

  private readonly onAbort = () => {
    if (!this.signal.aborted) return;
    const reason = abortReason(this.signal);
    // The newest first, so that none of them starts in the place of another.
    const followers = [...this.followers].reverse();
    this.followers.clear();
    this.letGo();
    for (const follower of followers) {
      try {
        follower.askToStop(reason);
      } catch (error) {
        report(error);
      }
    }
  };
}

/**
 * The signal's abort stops the follower, with its reason: at once, if it has aborted since anyone looked. None of our
 * listeners is left on the signal once the last follower has left. Throws what the signal throws, and then nothing has
 * changed.
 */
export function follow(signal: AbortSignal, follower: Follower): Unsubscribe {
  const following = followings.get(signal) ?? new Following(signal);
  const leave = () => following.leave(follower);
  following.followers.add(follower);
  try {
    if (!signal.aborted || !following.followers.has(follower)) return leave;
  } catch (error) {
    leave();
    throw error;
  }
  leave();
  follower.askToStop(abortReason(signal));
  return leave;
}
