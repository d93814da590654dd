// Running a job's body: calling the factory, taking what it returns, asking it to end.

import { isCancellation } from "./cancellation.js";
import { now } from "./clock.js";
import { Context } from "./context.js";
import { drain } from "./drain.js";
import { engine, failure, rethrow } from "./engine.js";
import { isNonRetriable, report } from "./errors.js";
import type { AnyJob } from "./extras.js";
import { CHANNEL } from "./listeners.js";
import { holdStamp, releaseStamp, stamp, wallTime } from "./stamp.js";
import { reasonOf } from "./support.js";
import type { Job } from "./types.js";
import { listenTo } from "./watching.js";
import { CAUSE } from "./wire.js";

export function start(job: AnyJob, attempt: number): void {
  job.attempt = attempt;
  if (job.started < 0) job.started = stamp();
  if (attempt > 1) {
    const extras = job.extras();
    for (const number of extras.actionListeners ?? []) extras.listeners?.remove(number);
    extras.actionListeners = undefined;
    extras.attemptController = undefined;
    extras.timeoutError = undefined;
    extras.adopted = undefined;
  }
  let returned: unknown;
  try {
    returned = job.factory!(new Context(job, attempt));
  } catch (error) {
    returned = Promise.reject(error);
  }
  if (job.manager.rated) engine.called(job.slot, now());
  if (!(returned instanceof Promise)) {
    if (isJob(returned)) {
      adopt(job, attempt, returned);
      return;
    }
    returned = Promise.resolve(returned);
  }
  (returned as Promise<unknown>).then(
    (result) => settle(job, false, result),
    (error) => settle(job, true, error),
  );
}

function settle(job: AnyJob, rejected: boolean, value: unknown): void {
  if (failure !== undefined) return;
  if (rejected && isCancellation(value)) job.askToStop(value);
  const timeoutError = job.more?.timeoutError;
  // What a stopped body returns counts for nothing, and what a timed-out one returns neither.
  if (!job.stopAsked) job.value = timeoutError ?? value;
  holdStamp();
  try {
    engine.settle(job.slot, rejected, job.manager.moment());
    drain();
  } catch (error) {
    rethrow(error);
  }
  releaseStamp();
}

function isJob(value: unknown): value is Job<unknown, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const { stop, onStopped, then } = value as Partial<Job> & { then?: unknown };
  return typeof stop === "function" && typeof onStopped === "function" && typeof then !== "function";
}

/** The factory returned a job of its own: its end is this job's end, its state and actions pass through. */
function adopt(job: AnyJob, attempt: number, adopted: Job<unknown, unknown>): void {
  const extras = job.extras();
  extras.adopted = adopted;
  job.ownState = adopted.state;
  try {
    const forget = adopted.onStateChange?.((state) => job.setState(state, attempt));
    adopted.onStopped(() => {
      forget?.();
      // Its last state stays when the job itself is let go.
      job.ownState = adopted.state;
      settle(job, false, undefined);
    });
    const number = (listener: number) => extras.noteActionListener(listener);
    listenTo(job, CHANNEL.action, (action) => adopted.dispatch?.(action), number);
  } catch (error) {
    settle(job, true, error);
    return;
  }
  if (job.stopping) stopAdopted(job);
}

function stopAdopted(job: AnyJob): void {
  const extras = job.extras();
  try {
    const stopped = extras.adopted?.stop(job.stopAsked ? reasonOf(job) : extras.timeoutError);
    stopped?.then?.(undefined, report);
  } catch (error) {
    report(error);
  }
}

/** Tells the running body that it is to end. */
export function abort(job: AnyJob, cause: number): void {
  const { more } = job;
  if (cause === CAUSE.timeout) {
    // It had been asked already, and the first reason counts.
    if (job.stopAsked) return;
    const message = `Attempt ${job.attempt} of job "${job.name}" took longer than ${more?.timeout} ms`;
    job.extras().timeoutError = new DOMException(message, "TimeoutError");
    more?.attemptController?.abort(more.timeoutError);
    if (more?.retry === undefined) more?.controller?.abort(more.timeoutError);
  } else {
    if (cause === CAUSE.replaced) {
      job.noteStop(new DOMException("Replaced by a newer job under the same key", "AbortError"));
    }
    job.noteStop(undefined);
    const controllers = [more?.controller, more?.attemptController];
    for (const controller of controllers) controller?.abort(reasonOf(job));
  }
  if (more?.adopted !== undefined) stopAdopted(job);
}

/** The attempt has failed and retries are left. */
export function decideRetry(job: AnyJob): void {
  const rule = job.more?.retry?.retryIf;
  let again = !isNonRetriable(job.value);
  if (rule !== undefined) {
    try {
      again = Boolean(rule(job.value, job.attempt));
    } catch (error) {
      report(error);
      again = false;
    }
  }
  const wait = engine.retry(job.slot, again, Math.random(), now());
  if (wait >= 0) job.extras().retryAt = wallTime(stamp(), job.created) + wait;
}
