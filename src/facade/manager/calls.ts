import { stamp } from "../wasm/stamp.js";

/** As many starts as the engine remembers of a manager with a rate limit; a power of two. */
const MANY = 1024;

/** When the bodies of a manager without a rate limit were called, the latest: for the limit that it may be given. */
export class Calls {
  private readonly stamps: number[] = [];
  private count = 0;

  note(stamp: number): void {
    this.stamps[this.count++ & (MANY - 1)] = stamp;
  }

  /** How long ago, in milliseconds, the oldest first. Nobody asks a second time. */
  takeAges(): number[] {
    const newest = stamp();
    return this.stamps
      .splice(0)
      .sort((a, b) => a - b)
      .map((called) => newest - called);
  }
}
