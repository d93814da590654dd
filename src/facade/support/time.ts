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

interface Timer {
  readonly ring: () => void;
  readonly holdsProcess: boolean;
  /** When it rings, by the clock that it is set by. */
  at: number;
  /** That clock's word for it. */
  handle: unknown;
}

/** Those that have not rung. */
const timers = new Set<Timer>();

/** What waits goes on waiting, by the time that is kept from here on. */
export function useTime(time: Time | undefined): void {
  const before = clockNow();
  for (const timer of timers) halt(timer);
  test = time;
  // Whole, as waits are: what is added to a moment and taken away from it again has a rest.
  for (const timer of timers) start(timer, Math.round(Math.max(timer.at - before, 0)));
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

/** `holdsProcess`: Node does not end before it has rung. */
export function setTimer(ring: () => void, wait: number, holdsProcess = true): unknown {
  const rung = () => {
    // One that was cleared, or moved to another clock, and rings all the same, as where fake timers clear no others.
    if (timers.delete(timer)) ring();
  };
  const timer: Timer = { ring: rung, holdsProcess, at: 0, handle: undefined };
  timers.add(timer);
  start(timer, wait);
  return timer;
}

function start(timer: Timer, wait: number): void {
  timer.at = clockNow() + wait;
  if (test !== undefined) timer.handle = test.setTimer(timer.ring, wait);
  else timer.handle = setTimeout(timer.ring, Math.min(wait, LONGEST_TIMEOUT));
  if (!timer.holdsProcess) (timer.handle as { unref?(): void }).unref?.();
}

export function clearTimer(timer: unknown): void {
  if (timers.delete(timer as Timer)) halt(timer as Timer);
}

function halt({ handle }: Timer): void {
  if (test === undefined) clearTimeout(handle as ReturnType<typeof setTimeout>);
  else test.clearTimer(handle);
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
