import { hasCome, now } from "./clock.js";
import { leaveTickWorker, watchOver } from "./tick-worker.js";

const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Calls back at a moment of the clock, however far off, and also on time while the page is hidden. */
export class Alarm {
  ticket = 0;
  private at = Infinity;
  private setAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;
  private ring: (() => void) | undefined = undefined;

  /** Instead of what it was set to before. Infinite: never. */
  set(at: number, ring: () => void): void {
    this.clear();
    if (at === Infinity) return;
    this.at = at;
    this.setAt = now();
    this.ring = ring;
    this.timer = setTimeout(this.fire, this.wait(this.setAt));
    watchOver(this);
  }

  clear(): void {
    if (this.ring === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.ring = undefined;
    leaveTickWorker(this);
  }

  /** Milliseconds until it is to be looked at. */
  wait(time = now()): number {
    return Math.min(Math.max(Math.ceil(this.at - time), 0), LONGEST_TIMEOUT);
  }

  readonly fire = (): void => {
    const { at, setAt, ring } = this;
    if (ring === undefined) return;
    this.clear();
    // Where one timer can't go all the way, the next begins where this one was to end.
    const moment = Math.min(at, setAt + LONGEST_TIMEOUT);
    if (hasCome(moment, moment - setAt) && moment === at) ring();
    else this.set(at, ring);
  };
}
