import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";

const clocks = { "performance.now": () => performance.now(), "Date.now": () => Date.now() };
/** What `Date.now` can be off by in itself: Firefox blurs it by a millisecond, and both readings count. */
const blur = { "performance.now": 0, "Date.now": navigator.userAgent.includes("Firefox") ? 2 : 1 };

describe.each(["performance.now", "Date.now"] as const)("a rate limit, measured inside bodies by %s", (clock) => {
  it("holds in every window of its interval, whatever else the page does", async () => {
    const [limit, interval] = [10, 100];
    const manager = newManager({ rateLimit: { limit, interval }, paused: true });
    const calls: number[] = [];
    for (let n = 0; n < 8 * limit; n++) {
      manager.runJob(`job ${n}`, () => {
        calls.push(clocks[clock]());
        // The first of each burst keeps the others waiting.
        if (n % limit === 0) for (const until = performance.now() + 3; performance.now() < until; );
      });
    }
    manager.resume();
    await manager.onIdle();
    const windows = calls.slice(limit).map((call, at) => call - calls[at]!);
    expect(Math.min(...windows)).toBeGreaterThanOrEqual(interval - blur[clock]);
    // And not much longer than has to be: eight bursts.
    expect(calls.at(-1)! - calls[0]!).toBeLessThan(4 * 7 * interval);
  });
});
