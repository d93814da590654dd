import type { JobManagerOptions } from "../types.js";
import { epochOf, now } from "../wasm/clock.js";
import { command, question } from "../wasm/engine.js";
import { checkObject, needNumber, outOfBounds } from "../wasm/options.js";
import { stamp } from "../wasm/stamp.js";
import { STARTS_KEPT } from "../wasm/wire.js";

export type RateLimit = Readonly<NonNullable<JobManagerOptions["rateLimit"]>>;

/** A manager's rate limit; and, while it has none, when bodies were called, for the one that it may be given. */
export class Pace {
  limit: RateLimit | undefined;
  /** The engine is told when bodies were called. */
  isCounted: boolean;
  private readonly stamps: number[] = [];
  private count = 0;
  /** Until when the limit holds jobs back: by the engine's clock, and in epoch ms. */
  private untilTick = Number.NaN;
  private until = 0;

  constructor(limit: RateLimit | undefined, isCounted: boolean) {
    this.limit = limit;
    this.isCounted = isCounted;
  }

  note(stamp: number): void {
    this.stamps[this.count++ % STARTS_KEPT] = stamp;
  }

  /** Throws what the engine refuses. */
  change(manager: number, given: unknown): void {
    const limit = readRateLimit("rateLimit", given);
    const engine = command();
    if (engine.setRateLimit(manager, limit !== undefined, limit?.limit ?? 0, limit?.interval ?? 0, now()) < 0)
      throw outOfBounds({ rateLimit: limit });
    this.limit = limit;
    if (limit === undefined || this.isCounted) return;
    this.isCounted = true;
    const newest = stamp();
    for (const called of this.stamps.splice(0).sort((a, b) => a - b))
      engine.noteStart(manager, now() - (newest - called), now());
  }

  /** While the limit alone holds jobs back: until when, epoch ms. The same each time, as `readyAt` is. */
  limitedUntil(manager: number): number | undefined {
    const at = question().rateLimitedUntil(manager);
    if (Number.isNaN(at)) return undefined;
    if (at !== this.untilTick) {
      this.untilTick = at;
      this.until = epochOf(at);
    }
    return this.until;
  }
}

/** A copy: whoever made it may change it. */
export function readRateLimit(field: string, given: unknown): RateLimit | undefined {
  checkObject(field, given);
  if (given === undefined) return undefined;
  const { limit, interval } = given as RateLimit;
  return Object.freeze({
    limit: needNumber(`${field}.limit`, limit),
    interval: needNumber(`${field}.interval`, interval),
  });
}
