export interface RateLimit {
  readonly limit: number;
  readonly interval: number;
}

/** So many in any interval, about: tokens that come back one by one. */
export class Limiter {
  private tokens: number;
  private at = performance.now();
  private readonly limit: number;
  private readonly interval: number;

  constructor({ limit, interval }: RateLimit) {
    this.limit = limit;
    this.interval = interval;
    this.tokens = limit;
  }

  /** False: one too many. */
  take(): boolean {
    const now = performance.now();
    this.tokens = Math.min(this.limit, this.tokens + ((now - this.at) * this.limit) / this.interval);
    this.at = now;
    if (this.tokens < 1) {
      // Who goes on is refused for longer, up to one interval.
      this.tokens = Math.max(this.tokens - 0.1, 0);
      return false;
    }
    this.tokens -= 1;
    return true;
  }
}
