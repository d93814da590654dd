// What ends after a time, unless its job ends before: the sleeps of bodies, and waits for a stop barrier.

import { abortError } from "../support/abort.js";
import { defer } from "../support/defer.js";
import { now } from "../wasm/clock.js";
import { drain } from "../wasm/drain.js";
import { command, REFUSED } from "../wasm/engine.js";
import { needNumber, outOfBounds } from "../wasm/options.js";

import type { AnyJob } from "./record.js";

/** By the engine's numbers. */
const waits = new Map<number, () => void>();

/** Calls back when the engine says that the time is up. */
export function onWaitOver(number: number, over: () => void): void {
  waits.set(number, over);
}

/** The number may have been given to another since. */
export function forgetWait(number: number, over: () => void): void {
  if (waits.get(number) === over) waits.delete(number);
}

export function endWait(number: number): void {
  const over = waits.get(number);
  waits.delete(number);
  over?.();
}

export function sleep(job: AnyJob, time: number): Promise<void> {
  const number = command().sleep(job.slot, needNumber("time", time), now());
  if (number === REFUSED.bounds) throw outOfBounds({ time });
  // The job has ended.
  if (number < 0 && !job.stopping) throw abortError();
  const { promise, resolve, reject } = defer<void>();
  const cold = job.coldData();
  cold.sleeps ??= new Set();
  const { sleeps } = cold;
  const over = () => {
    sleeps.delete(wake);
    resolve();
  };
  const wake = (reason: unknown) => {
    forgetWait(number, over);
    reject(reason);
  };
  // Of a body that is asked to end, and about to be told why, the engine counts no time.
  if (number >= 0) onWaitOver(number, over);
  sleeps.add(wake);
  drain();
  return promise;
}

/** Whoever sleeps in the job's body is woken with the reason; by default an AbortError. */
export function breakSleeps(job: AnyJob, reason: unknown): void {
  const sleeps = job.cold?.sleeps;
  if (sleeps === undefined) return;
  job.cold!.sleeps = undefined;
  for (const wake of sleeps) wake(reason ?? abortError());
}
