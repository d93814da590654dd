import { type Deferred, defer } from "../support/defer.js";
import { command, engine, REFUSED } from "../wasm/engine.js";
import { needNumber, outOfBounds } from "../wasm/options.js";

/** Who waits for a manager to have less to do. */
export class Quiet {
  /** By how many may be pending. */
  private readonly below = new Map<number, Deferred<void>>();
  private idle: Deferred<void> | undefined = undefined;

  /** @param manager the engine's number. */
  constructor(private readonly manager: number) {}

  pendingBelow(size: number): Promise<void> {
    const answer = command().awaitPendingBelow(this.manager, needNumber("size", size));
    if (answer === REFUSED.bounds) throw outOfBounds({ size });
    if (answer === 0) return Promise.resolve();
    let waiting = this.below.get(size);
    if (waiting === undefined) this.below.set(size, (waiting = defer()));
    return waiting.promise;
  }

  whenIdle(): Promise<void> {
    if (command().awaitIdle(this.manager)) return Promise.resolve();
    this.idle ??= defer();
    return this.idle.promise;
  }

  // A listener told before may have started more: then the wait goes on.
  fewerArePending(): void {
    for (const [size, waiting] of this.below) {
      if (engine.awaitPendingBelow(this.manager, size) !== 0) continue;
      this.below.delete(size);
      waiting.resolve();
    }
  }

  /** Whether it still is. */
  becameIdle(): boolean {
    if (!engine.awaitIdle(this.manager)) return false;
    this.idle?.resolve();
    this.idle = undefined;
    return true;
  }

  /** The engine has broken. */
  breakOff(error: Error): void {
    for (const waiting of this.below.values()) waiting.reject(error);
    this.idle?.reject(error);
  }
}
