import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

// `performance` stays real: what these tests move are timers and dates alone.

/**
 * Milliseconds. A timer that is less than one early by the clock that is real is taken for a real one, and the rest is
 * waited for: so it may look if the machine paused this test for nearly as long as the wait. A rest is waited for at
 * most as often as a millisecond can be halved.
 */
const REST = 8;

describe.each([
  ["setTimeout, clearTimeout and Date", ["setTimeout", "clearTimeout", "Date"] as const],
  ["setTimeout and clearTimeout", ["setTimeout", "clearTimeout"] as const],
])("fake timers that replace no more than %s", (_, toFake) => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: [...toFake] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([5, 50, 1000, 3_600_000])("a delay of %d ms is over when its timer has fired", async (delay) => {
    const work = new Work();
    newManager().runJob("job", work.factory, { delay });
    await vi.advanceTimersByTimeAsync(delay + REST);
    expect(work.starts).toBe(1);
  });

  it("delays one after the other are each over when their time has come", async () => {
    const manager = newManager();
    const order: number[] = [];
    for (const delay of [300, 100, 200]) manager.runJob(`${delay}`, () => void order.push(delay), { delay });
    for (const told of [[100], [100, 200], [100, 200, 300]]) {
      await vi.advanceTimersByTimeAsync(100 + REST);
      expect(order).toEqual(told);
    }
  });

  it("a timeout, a retry's wait, a stop's patience and a rate limit's window likewise", async () => {
    const manager = newManager({ rateLimit: { limit: 3, interval: 5000 } });
    const { job } = manager.runJob("slow", () => new Promise(() => {}), { timeout: 200 });
    let attempts = 0;
    const retry = { limit: 1, delay: 300, jitter: "none" } as const;
    const retried = manager.runJob(
      "retried",
      async () => {
        if (++attempts === 1) throw new Error("once");
      },
      { retry },
    ).job;
    await vi.advanceTimersByTimeAsync(200 + REST);
    expect(job.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(100 + REST);
    expect(retried.status).toBe("completed");
    const impatient = job.stop("now", { timeout: 400 });
    const told = expect(impatient).rejects.toMatchObject({ code: "E_STOP_TIMEOUT" });
    const limited = new Work();
    manager.runJob("limited", limited.factory);
    expect(limited.starts).toBe(0);
    await vi.advanceTimersByTimeAsync(400 + REST);
    await told;
    await vi.advanceTimersByTimeAsync(5000 + REST);
    expect(limited.starts).toBe(1);
  });
});
