import { JobgateError, report } from "../errors.js";
import type { AnyJob } from "../job/record.js";
import { jobs } from "../job/tables.js";
import { checkObject, needFunction, needNumber } from "../support/check.js";
import { type Time, useTime } from "../support/time.js";
import { takeTurn } from "../support/turn.js";
import type { Millis } from "../types.js";
import { whileSuspended } from "../wasm/alarm.js";
import { goOnFrom, now } from "../wasm/clock.js";
import { resetStamps } from "../wasm/stamp.js";
import { realignTimer } from "../wasm/timer.js";

/** Time in a test's hands. Every method works detached. */
export interface TestClock {
  /** Epoch ms: what jobs take the time to be. */
  readonly now: Millis;
  /**
   * Moves the time on by so many milliseconds, timer by timer, and lets all that is due happen in between: bodies,
   * listeners, whatever they cause. Resolves when nothing more happens by itself; what waits for something else than time
   * (a network, a worker) is not waited for. Calls wait for each other. Throws RangeError for less than 0.
   */
  advance(time: Millis): Promise<void>;
  /**
   * Moves the time from timer to timer until nothing waits for it any more. Rejects after `limit` timers, default 10,000,
   * with an error that names the jobs that are still there.
   */
  runAll(options?: { limit?: number }): Promise<void>;
  /** Epoch ms of the next timer; undefined if nothing waits for time. */
  readonly next: Millis | undefined;
  /** Back to real time, which goes on from here. Twice is once. */
  restore(): void;
  [Symbol.dispose](): void;
}

export interface TestClockOptions {
  /** What the time is to be; default what it is. */
  now?: Date | number;
  /** From 0 to 1, in place of chance where waits are jittered; default 1: the whole wait. */
  random?: () => number;
}

/** E_TEST_CLOCK: another test clock keeps the time, or something waits for ever. */
export class TestClockError extends JobgateError {
  override name: string = "TestClockError";
  override readonly code = "E_TEST_CLOCK";
}

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

const LIMIT = 10_000;
/** In so many turns of the event loop nothing has happened: a message of a port or a stream takes a few. */
const QUIET_TURNS = 4;
/** Something always happens: the time moves on all the same. */
const MOST_TURNS = 500;
/** What goes on for ever is looked for in the last ones. */
const LAST_STEPS = 20;
const MOST_NAMES = 5;

/** Where the platform has no such symbol yet, one that `using` polyfills agree on. */
const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");

let current: Clock | undefined;

class Clock implements TestClock {
  /** As set, which is the order of those that are due at once. */
  private readonly timers = new Set<Timer>();
  private readonly random: () => number;
  private moment: number;
  /** What is epoch 0 by the moment. */
  private readonly zero: number;
  /** How often anybody has looked: who does anything looks. */
  private looks = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(wall: number, random: () => number) {
    // Whole, so that whole waits end when they should.
    this.moment = Math.ceil(now());
    this.zero = wall - this.moment;
    this.random = random;
  }

  // ── for the test ──────────────────────────────────────────────────────────────────────────────

  get now(): Millis {
    return this.zero + this.moment;
  }

  get next(): Millis | undefined {
    realignTimer();
    const timer = this.first();
    return timer && this.zero + timer.at;
  }

  readonly advance = (time: Millis): Promise<void> => {
    needNumber("time", time);
    if (!(time >= 0 && time < Infinity)) throw new RangeError(`time must be a number of at least 0, got ${time}`);
    return this.inTurn(async () => {
      const end = this.moment + time;
      await this.settle();
      while (current === this && (this.first()?.at ?? Infinity) <= end) await this.step();
      this.moment = end;
      await this.settle();
    });
  };

  readonly runAll = (options?: { limit?: number }): Promise<void> => {
    checkObject("options", options);
    const limit = options?.limit ?? LIMIT;
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`limit must be an integer of at least 1, got ${limit}`);
    return this.inTurn(async () => {
      await this.settle();
      const waiting = new Set<string>();
      for (let steps = 0; current === this && this.next !== undefined; steps += 1) {
        if (steps === limit) throw new TestClockError(`After ${limit} timers it still goes on: ${listed(waiting)}`);
        if (steps >= limit - LAST_STEPS) for (const name of waitingUntil(this.next)) waiting.add(name);
        await this.step();
      }
    });
  };

  readonly restore = (): void => {
    if (current !== this) return;
    current = undefined;
    switchTo(undefined, this.moment);
  };

  get [dispose](): () => void {
    return this.restore;
  }

  // ── for the package ───────────────────────────────────────────────────────────────────────────

  readonly time: Time = {
    now: () => {
      this.looks += 1;
      return this.moment;
    },
    wall: () => {
      this.looks += 1;
      return this.now;
    },
    chance: () => {
      try {
        const answer = this.random();
        if (answer >= 0 && answer <= 1) return answer;
        report(new RangeError(`random must answer a number from 0 to 1, got ${String(answer)}`));
      } catch (error) {
        report(error);
      }
      return 1;
    },
    setTimer: (ring, wait) => {
      this.looks += 1;
      const timer = { at: this.moment + wait, ring };
      this.timers.add(timer);
      return timer;
    },
    clearTimer: (timer) => {
      this.timers.delete(timer as Timer);
    },
  };

  private first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) if (first === undefined || timer.at < first.at) first = timer;
    return first;
  }

  private async step(): Promise<void> {
    const timer = this.first()!;
    this.timers.delete(timer);
    this.moment = Math.max(timer.at, this.moment);
    timer.ring();
    await this.settle();
  }

  private async settle(): Promise<void> {
    let quiet = 0;
    for (let turns = 0; quiet < QUIET_TURNS && turns < MOST_TURNS; turns += 1) {
      const before = this.looks;
      await takeTurn();
      quiet = this.looks === before ? quiet + 1 : 0;
    }
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.last.then(work);
    this.last = done.catch(() => {});
    return done;
  }
}

function switchTo(time: Time | undefined, moment: number): void {
  whileSuspended(() => {
    useTime(time);
    goOnFrom(moment);
    resetStamps();
  });
}

function living(): AnyJob[] {
  return jobs.filter((job) => job !== undefined && job.end === 0) as AnyJob[];
}

/** The jobs whose wait for a delay or another attempt ends by then, or in the same millisecond: jobs say whole ones. */
function waitingUntil(moment: Millis): string[] {
  const by = Math.ceil(moment);
  return living().flatMap((job) => ((job.readyAt ?? Infinity) <= by ? `job "${job.name}" waits again` : []));
}

/** Those found waiting; where none was, one that runs sets timers. */
function listed(waiting: ReadonlySet<string>): string {
  const running = living().map(({ name, status }) => `job "${name}" (${status})`);
  const names = waiting.size > 0 ? [...waiting] : [...new Set(running)];
  if (names.length === 0) return "a timer that belongs to no job";
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return names.slice(0, MOST_NAMES).join(", ") + more;
}

/**
 * From here on all managers, pools and queues of this page or process keep the test's time: delays, waits for retries,
 * timeouts, rate limits, `stop`'s patience, what jobs say of when they were created. Globals stay as they are. What waits
 * already waits by this time. Not told: code of yours that asks `Date` or sets timers itself, and other threads. A
 * worker that loads and a shared queue's store that opens have real time for it.
 *
 * ```ts
 * using clock = useTestClock();
 * const { job } = manager.runJob("save", save, { retry: { limit: 1, delay: 5_000 } });
 * await clock.advance(5_000);
 * ```
 *
 * Throws TestClockError while another one keeps the time: `restore` that first.
 */
export function useTestClock(options?: TestClockOptions): TestClock {
  checkObject("options", options);
  const { now: given = Date.now(), random = () => 1 } = options ?? {};
  needFunction("random", random);
  const wall = Math.floor(needNumber("now", typeof given === "number" ? given : timeOf(given)));
  if (!Number.isFinite(wall)) throw new RangeError("now must be a valid date or a number of milliseconds");
  if (current !== undefined) {
    throw new TestClockError("Another test clock keeps the time: restore it first, after each test");
  }
  const clock = new Clock(wall, random);
  current = clock;
  switchTo(clock.time, Math.ceil(now()));
  return clock;
}

/** Of a date of any realm. */
function timeOf(date: unknown): number {
  try {
    return Number((date as Date).getTime());
  } catch (error) {
    throw new TypeError("now must be a Date or a number", { cause: error });
  }
}
