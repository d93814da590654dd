import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";

const clocks = { "performance.now": () => performance.now(), "Date.now": () => Date.now() };
/** What `Date.now` can be off by in itself: Firefox blurs it by a millisecond, and both readings count. */
const blur = { "performance.now": 0, "Date.now": navigator.userAgent.includes("Firefox") ? 2 : 1 };

describe.each(["performance.now", "Date.now"] as const)("a rate limit, measured inside bodies by %s", (clock) => {
  it("holds in every window of its interval, whatever else the page does", async () => {
    const [limit, interval] = [10, 100];
    const windows: number[] = [];
    for (let round = 0; round < 7; round++) {
      const manager = newManager({ rateLimit: { limit, interval }, paused: true });
      const calls: number[] = [];
      for (let n = 0; n < 2 * limit; n++) {
        manager.runJob(`job ${n}`, () => {
          calls.push(clocks[clock]());
          // The first of each burst keeps the others waiting.
          if (n % limit === 0) for (const until = performance.now() + 3; performance.now() < until; );
        });
      }
      const began = performance.now();
      manager.resume();
      const took = performance.now() - began;
      await manager.onIdle();
      // A start whose body is called an interval late counts no longer by then.
      if (took < interval - 1) windows.push(...calls.slice(limit).map((call, at) => call - calls[at]!));
    }
    expect(Math.min(...windows)).toBeGreaterThanOrEqual(interval - blur[clock]);
  });
});
