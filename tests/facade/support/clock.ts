import { afterAll, beforeAll, vi } from "vitest";

export interface FakeClock {
  /** Lets so many milliseconds pass, with everything that falls due on the way. */
  advance(milliseconds: number): Promise<void>;
  /** Timers that are armed now. */
  readonly timers: number;
}

/**
 * A clock that stands still unless the test moves it, for a whole test file: time never goes back, not even between tests.
 * Faked: setTimeout, setInterval and their clearing, Date, and performance.now. Microtasks and message channels are real.
 */
export function useFakeClock(): FakeClock {
  beforeAll(() => {
    const origin = Math.ceil(performance.now());
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
    const start = Date.now();
    vi.spyOn(performance, "now").mockImplementation(() => origin + Date.now() - start);
  });
  afterAll(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
  return {
    advance: async (milliseconds) => {
      await vi.advanceTimersByTimeAsync(milliseconds);
    },
    get timers() {
      return vi.getTimerCount();
    },
  };
}
