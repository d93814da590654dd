import { report } from "../errors.js";
import { abortError, throwIfAborted } from "../support/abort.js";
import { checkObject, needFunction, needNumber } from "../support/check.js";
import { DeliveryQueue } from "../support/delivery-queue.js";
import { textOf } from "../support/look.js";
import { takeTurn } from "../support/turn.js";
import type { JobContext, Millis, Progress, Unsubscribe } from "../types.js";
import { now } from "../wasm/clock.js";
import { sleepUntil } from "../wasm/sleep.js";

export interface TestContextOptions<State> {
  /** What the body finds; default undefined. */
  state?: State;
  /** Default 1. */
  attempt?: number;
  /** Default "test". */
  id?: string;
}

/** What a body is given, and what it did with it. Every method works detached. */
export type TestContext<State, Action> = JobContext<State, Action> & {
  /** Asks the body to end, as stopping its job does. No reason given: an AbortError. */
  abort(reason?: unknown): void;
  /** To the body; kept until it listens. */
  dispatch(action: Action): void;
  /** Those that it has set, in order. */
  readonly states: readonly State[];
  readonly progresses: readonly Progress[];
  readonly logs: readonly string[];
};

/**
 * A context to call a body with, without a manager: what it does is written down, what it waits for is the test's.
 *
 * ```ts
 * const context = testContext<number>();
 * await upload(context);
 * expect(context.progresses.at(-1)?.percent).toBe(100);
 * ```
 */
export function testContext<State = unknown, Action = never>(
  options?: TestContextOptions<State>,
): TestContext<State, Action> {
  checkObject("options", options);
  const { attempt = 1, id = "test" } = options ?? {};
  if (!Number.isInteger(attempt) || attempt < 1) {
    throw new RangeError(`attempt must be an integer of at least 1, got ${textOf(attempt)}`);
  }
  if (typeof id !== "string") throw new TypeError(`id must be a string, got ${typeof id}`);
  const controller = new AbortController();
  const { signal } = controller;
  const states: State[] = [];
  const progresses: Progress[] = [];
  const logs: string[] = [];
  const listeners = new Set<(action: Action) => void>();
  /** Who hears of an action is settled when it is dispatched, as a manager does it. */
  const deliveries = new DeliveryQueue<() => void>((deliver) => deliver());
  const kept: Action[] = [];
  let state = options?.state as State;

  const sleepFor = async (time: Millis) => {
    throwIfAborted(signal);
    if (!(needNumber("time", time) >= 0 && time < Infinity))
      throw new RangeError(`time must be a finite number of milliseconds, 0 or more, got ${time}`);
    await sleepUntil(now() + time, signal);
  };

  return {
    id,
    attempt,
    signal,
    states,
    progresses,
    logs,
    get state() {
      return state;
    },
    setState(next) {
      state = typeof next === "function" ? (next as (previous: State) => State)(state) : next;
      states.push(state);
    },
    progress(percent, message = "") {
      if (!Number.isFinite(needNumber("percent", percent))) {
        throw new RangeError(`percent must be finite, got ${percent}`);
      }
      progresses.push(Object.freeze({ percent: Math.min(Math.max(percent, 0), 100), message: textOf(message) }));
    },
    log(message) {
      logs.push(textOf(message));
    },
    onAction(listener): Unsubscribe {
      needFunction("listener", listener);
      // A subscription of its own, also for the same function twice.
      const told = (action: Action) => {
        if (!listeners.has(told)) return;
        try {
          listener(action);
        } catch (error) {
          report(error);
        }
      };
      listeners.add(told);
      const waiting = kept.splice(0);
      deliveries.push(() => waiting.forEach(told));
      return () => listeners.delete(told);
    },
    dispatch(action) {
      const present = [...listeners];
      if (present.length === 0) kept.push(action);
      else
        deliveries.push(() => {
          for (const told of present) told(action);
        });
    },
    async checkpoint() {
      throwIfAborted(signal);
      await takeTurn();
      throwIfAborted(signal);
    },
    sleep(time: Millis) {
      const slept = sleepFor(time);
      // A body need not wait for it to its end.
      slept.catch(() => {});
      return slept;
    },
    abort(reason: unknown = abortError()) {
      controller.abort(reason);
    },
  } as TestContext<State, Action>;
}
