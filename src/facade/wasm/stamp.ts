// When things happened, by the wall clock; and how long they took, whoever sets that clock meanwhile.
//
// A stamp is milliseconds since the package was loaded: a small integer, which engines store without a heap number. It
// is read off the wall clock, which costs a quarter of what the monotonic one costs in Chromium; but where that clock
// has moved by something else than the monotonic one, someone has set it (or the machine has slept, which many a
// monotonic clock does not count), and stamps go on by the monotonic clock. So stamps never run back, and differences
// of stamps are time that has passed. Which wall-clock time a job's stamps stand for is what the clock said when the job
// was created.

import { clockNow, wallNow } from "../support/time.js";

/** The clocks are compared this often; what they differ by less than is taken for imprecision. Milliseconds. */
const TOLERANCE = 250;

/** Typed, so that keeping time allocates nothing. */
const state = new Float64Array(4);
/** The wall clock's latest reading; what of it is stamp 0; both clocks when they were last compared. */
const [WALL, ZERO, WALL_THEN, CLOCK_THEN] = [0, 1, 2, 3];
// The first reading, whatever it is, is looked at closely.
state[WALL] = Infinity;

/** What of the wall clock is stamp 0, and from which stamp on: one entry, unless the clock has been set. */
const zeros: { readonly from: number; readonly zero: number }[] = [];

let held = -1;

/** The time that is now, as a stamp. */
export function stamp(): number {
  if (held >= 0) return held;
  const reading = wallNow();
  if (reading < state[WALL]! || reading - state[WALL_THEN]! >= TOLERANCE) return compare(reading);
  state[WALL] = reading;
  return reading - state[ZERO]!;
}

/** Reading the clock is a good part of what an empty job costs: what follows in the same breath shares one reading. */
export function holdStamp(): void {
  held = stamp();
}

/** Whatever comes next may be later. */
export function releaseStamp(): void {
  held = -1;
}

/** Epoch milliseconds of a stamp in the life of a job that was created at the stamp `created`. */
export function wallTime(stamp: number, created: number): number {
  let at = zeros.length - 1;
  while (at > 0 && zeros[at]!.from > created) at--;
  return stamp + zeros[at]!.zero;
}

/** Other clocks are read from here on. What was created before keeps its wall-clock times. */
export function resetStamps(): void {
  if (zeros.length === 0) return;
  const latest = state[WALL]! - state[ZERO]!;
  state[WALL] = wallNow();
  state[WALL_THEN] = state[WALL]!;
  state[CLOCK_THEN] = clockNow();
  state[ZERO] = state[WALL]! - (latest + 1);
  zeros.push({ from: latest + 1, zero: state[ZERO]! });
}

/** The stamp for a reading of the wall clock that is not to be trusted by itself. */
function compare(reading: number): number {
  const clock = clockNow();
  if (zeros.length === 0) {
    state[ZERO] = reading;
    zeros.push({ from: 0, zero: reading });
  } else {
    const latest = state[WALL]! - state[ZERO]!;
    // Below zero: a test has put another clock in its place, and it says nothing yet.
    const passed = clock - state[CLOCK_THEN]!;
    const moved = reading - state[WALL_THEN]!;
    const expected = passed < 0 ? Math.max(moved, 0) : passed;
    if (Math.abs(moved - expected) > TOLERANCE) {
      const then = state[WALL_THEN]! - state[ZERO]!;
      // Later than any before it, so that those keep their wall-clock times.
      const from = Math.max(Math.round(then + expected), latest + 1);
      state[ZERO] = reading - from;
      zeros.push({ from, zero: state[ZERO]! });
    } else if (reading < state[WALL]!) {
      // Put back by a hair: it stands still until the clock has caught up.
      return latest;
    }
  }
  state[WALL] = reading;
  state[WALL_THEN] = reading;
  state[CLOCK_THEN] = clock;
  return reading - state[ZERO]!;
}
