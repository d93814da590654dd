// Running a job's body: calling the factory, taking what it returns, asking it to end. Whatever a body returns or throws
// may be hostile: it is looked at once, guarded, and the job ends.

import { call } from "../support/async-context.js";
import { isCancellation } from "../support/cancellation.js";
import { mayRetry, waitAsked } from "../support/retry-rules.js";
import { whenSettled } from "../support/settling.js";
import { chance } from "../support/time.js";
import { now } from "../wasm/clock.js";
import { drain } from "../wasm/drain.js";
import { engine, failure, unexpected } from "../wasm/engine.js";
import { holdStamp, releaseStamp, stamp } from "../wasm/stamp.js";
import { CAUSE, OUTCOME } from "../wasm/wire.js";
import { adopt, isJob, stopAdopted } from "./adopted.js";
import { reasonOf, timeoutErrorOf, valueBy } from "./completion.js";
import { Context } from "./context.js";
import { type AnyJob, UNSETTLED } from "./record.js";
import { breakSleeps } from "./waits.js";

export function start(job: AnyJob, attempt: number): void {
  job.attempt = attempt;
  if (job.started < 0) job.started = stamp();
  if (attempt > 1) {
    const cold = job.coldData();
    job.outcome = UNSETTLED;
    cold.attemptController = undefined;
    cold.aborts = undefined;
    cold.timeoutError = undefined;
  }
  const context = new Context(job, attempt);
  const { tracer, pace } = job.manager;
  const { isCounted } = pace;
  // Before, for a limit that the body itself may set.
  if (!isCounted) pace.note(attempt === 1 ? job.started : stamp());
  releaseStamp();
  let returned: unknown;
  try {
    returned = tracer === undefined ? call(job.factory!, context) : tracer.call(job, context);
  } catch (error) {
    returned = Promise.reject(error);
  }
  // Bodies measure from call to call, so the limit counts from when this one has certainly been called.
  if (isCounted) engine.called(job.slot, now());
  if (isJob(returned)) {
    adopt(job, attempt, returned, (rejected, value) => settle(job, attempt, rejected, value));
    return;
  }
  whenSettled(
    returned,
    (result) => settle(job, attempt, false, result),
    (error) => settle(job, attempt, true, error),
  );
}

/** An attempt's body has settled; of one that is over already it counts for nothing. */
function settle(job: AnyJob, attempt: number, rejected: boolean, value: unknown): void {
  if (failure !== undefined || job.end !== 0) return;
  try {
    if (rejected && job.attempt === attempt && isCancellation(value)) job.askToStop(value);
    holdStamp();
    const outcome = rejected ? OUTCOME.rejected : OUTCOME.resolved;
    if (engine.settle(job.slot, attempt, outcome, job.manager.moment()) === 0) job.outcome = value;
    drain();
  } catch (error) {
    unexpected(error);
  }
  releaseStamp();
}

/** Tells the job, or its attempt, that it is to end. `last`: no other can follow, so the job's own signal aborts, too. */
export function abort(job: AnyJob, cause: number, last: boolean): void {
  if (cause !== CAUSE.timeout) job.noteStop(undefined, cause);
  const { cold } = job;
  // Nobody has asked for its signal, and it does not sleep.
  if (cold === undefined) return;
  releaseStamp();
  if (cause === CAUSE.timeout) {
    const error = timeoutErrorOf(job);
    cold.attemptController?.abort(error);
    if (last) abortForGood(job);
  } else for (const controller of [cold.controller, cold.attemptController]) controller?.abort(reasonOf(job));
  for (const listener of cold.aborts ?? []) listener();
  // Nobody is to be told why: an error that nobody looks at is not made, which takes as long as ten jobs.
  if (cold.sleeps === undefined && cold.adopted === undefined) return;
  const reason = valueBy(job, cause);
  breakSleeps(job, reason);
  if (cold.adopted !== undefined) stopAdopted(cold.adopted, reason);
}

/** The last attempt has timed out. */
export function abortForGood(job: AnyJob): void {
  const cold = job.coldData();
  cold.timedOut = true;
  cold.controller?.abort(timeoutErrorOf(job));
}

/** The attempt has failed and retries are left. `cause`: which error counts. */
export function decideRetry(job: AnyJob, cause: number): void {
  const cold = job.coldData();
  // The engine has forgotten them; their numbers may be given to others.
  cold.actionListeners?.clear();
  const error = valueBy(job, cause);
  cold.lastError = error;
  releaseStamp();
  const again = mayRetry(cold.retryIf, error, job.attempt);
  const wait = again ? waitAsked(cold.delayOf, error, job.attempt) : Number.NaN;
  engine.retry(job.slot, again, wait, chance(), now());
}
