import { clearTimer, longestTimeout, setTimer } from "../support/time.js";
import { hasCome, now } from "./clock.js";
import { leaveTickWorker, sleepers, watchOver } from "./tick-worker.js";

/** Calls back at a moment of the clock, however far off, and also on time while the page is hidden. */
export class Alarm {
  ticket = 0;
  private at = Infinity;
  private setAt = 0;
  private timer: unknown = undefined;
  private ring: (() => void) | undefined = undefined;

  /** `holdsProcess`: Node does not end before it has rung. */
  constructor(private readonly holdsProcess = true) {}

  /** Instead of what it was set to before. Infinite: never. */
  set(at: number, ring: () => void): void {
    this.clear();
    if (at === Infinity) return;
    this.at = at;
    this.setAt = now();
    this.ring = ring;
    this.timer = setTimer(this.fire, this.wait(this.setAt), this.holdsProcess);
    watchOver(this);
  }

  /** What it is set for. */
  get moment(): number {
    return this.ring === undefined ? Infinity : this.at;
  }

  clear(): void {
    if (this.ring === undefined) return;
    clearTimer(this.timer);
    this.timer = undefined;
    this.ring = undefined;
    leaveTickWorker(this);
  }

  /** Milliseconds until it is to be looked at. */
  wait(time = now()): number {
    return Math.min(Math.max(Math.ceil(this.at - time), 0), longestTimeout());
  }

  /** Until the returned function is called. */
  suspend(): () => void {
    const { at, ring } = this;
    this.clear();
    return () => {
      if (ring !== undefined) this.set(at, ring);
    };
  }

  readonly fire = (): void => {
    const { at, setAt, ring } = this;
    if (ring === undefined) return;
    this.clear();
    // Where one timer can't go all the way, the next begins where this one was to end.
    const moment = Math.min(at, setAt + longestTimeout());
    if (hasCome(moment, moment - setAt) && moment === at) ring();
    else this.set(at, ring);
  };
}

/** All that wait, wait by the time that `replace` puts in place of the one that is. */
export function whileSuspended(replace: () => void): void {
  const resume = [...sleepers].map((sleeper) => sleeper.suspend());
  replace();
  for (const go of resume) go();
}
