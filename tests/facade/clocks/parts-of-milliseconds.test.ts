import { afterEach, expect, it, vi } from "vitest";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const DELAY = 50;

/** Moments, in ms, after which a wait ends at a microsecond that a division and a multiplication by 1000 lose. */
function* lossy(): Generator<number> {
  for (let tenths = 10_000_000; ; tenths += 1001) {
    const end = Math.floor((tenths / 10) * 1000) + DELAY * 1000;
    if (Math.floor((end / 1000) * 1000) < end) yield tenths / 10;
  }
}

it("a wait is over when its timer has fired, at whatever part of a millisecond that is", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const manager = newManager();
  const clock = vi.spyOn(performance, "now");
  let tried = 0;
  for (const now of lossy()) {
    clock.mockReturnValue(now);
    const work = new Work();
    manager.runJob(`job ${tried}`, work.factory, { delay: DELAY });
    await vi.advanceTimersByTimeAsync(DELAY + 1);
    expect(work.starts, `of the job at ${now} ms`).toBe(1);
    if (++tried === 20) break;
  }
});
