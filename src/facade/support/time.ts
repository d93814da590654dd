// The page's clocks, timers and chance. A test may put its own in their place: "jobgate/testing".

export interface Time {
  /** Milliseconds, from wherever. */
  now(): number;
  /** Epoch milliseconds. */
  wall(): number;
  /** From 0 to 1. */
  chance(): number;
  setTimer(ring: () => void, wait: number): unknown;
  clearTimer(timer: unknown): void;
}

/** What timers of browsers and Node can count. */
export const LONGEST_TIMEOUT = 2 ** 31 - 1;

let test: Time | undefined;

export function useTime(time: Time | undefined): void {
  test = time;
}

export function isTestTime(): boolean {
  return test !== undefined;
}

// Read by name each time: a test may have put others in their place.

export function clockNow(): number {
  return test === undefined ? performance.now() : test.now();
}

export function wallNow(): number {
  return test === undefined ? Date.now() : test.wall();
}

export function chance(): number {
  return test === undefined ? Math.random() : test.chance();
}

export function setTimer(ring: () => void, wait: number): unknown {
  return test === undefined ? setTimeout(ring, wait) : test.setTimer(ring, wait);
}

export function clearTimer(timer: unknown): void {
  if (test === undefined) clearTimeout(timer as ReturnType<typeof setTimeout>);
  else test.clearTimer(timer);
}

/** By the page's own time, also where a test keeps the time; Node's process does not wait for it. */
export function setRealTimer(ring: () => void, wait: number): () => void {
  const timer: unknown = setTimeout(ring, wait);
  (timer as { unref?(): void }).unref?.();
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
}

export function longestTimeout(): number {
  return test === undefined ? LONGEST_TIMEOUT : Infinity;
}
