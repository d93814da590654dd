// Types whose bodies run in another queue.

import { abortReason } from "../support/abort.js";
import { cancellation } from "../support/cancellation.js";
import { checkObject, needFunction } from "../support/check.js";
import { fieldOf } from "../support/look.js";
import { randomName } from "../support/random-name.js";
import { setTimer } from "../support/time.js";
import type { JobRecord } from "../types.js";
import { RunnerError } from "./errors.js";
import type { JobQueue, JobType, TaskContext, WatchEvent } from "./types.js";

/** No other job of any page has it. */
const ID_LENGTH = 20;
/** Milliseconds between two tries to cancel where the queue is away. */
const PAUSE = 1000;

/**
 * A type whose bodies run in another queue (a server's, say), which has to have a type of that name. The job here starts
 * one there, shows its progress, and comes to what that one comes to: its result, its error with name, message and
 * code, or cancelled. Stopped here, by a cancel or its timeout, it is cancelled there, and the stop barrier here opens
 * when it has ended there. Each attempt is a job of its own there.
 *
 * Fails with the queue's error where the job can't be made or watched there, E_DISCONNECTED included; what has been made
 * is cancelled. Fails with E_CLOSED where the queue is closed meanwhile, E_UNKNOWN_JOB where it has let go of the job
 * before telling its end. While the queue is away, what runs waits for it.
 */
// biome-ignore lint/suspicious/noExplicitAny: as JobType has it.
export function remote<Params = any, Result = unknown>(
  type: Omit<JobType<Params, Result>, "execute">,
  queue: JobQueue,
): JobType<Params, Result> {
  for (const [field, value] of Object.entries({ type, queue })) {
    if (value === undefined) throw new TypeError(`${field} must be an object, got undefined`);
    checkObject(field, value);
  }
  for (const method of ["createJob", "cancelJob", "watch"] as const) needFunction(`queue.${method}`, queue[method]);
  const { name, description, params } = type;
  const execute = (given: Params, context: TaskContext) => runThere(queue, name, given, context) as Promise<Result>;
  return Object.freeze({ name, description, params, execute });
}

async function runThere(queue: JobQueue, type: string, params: unknown, context: TaskContext): Promise<unknown> {
  const { signal } = context;
  const id = randomName(ID_LENGTH);
  let over = false;
  const stop = () => void cancel(queue, id, abortReason(signal), () => over);
  try {
    const job = await create(queue, id, type, params as Record<string, unknown>);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
    return outcomeOf(await follow(queue, job, context), job, signal);
  } finally {
    over = true;
    signal.removeEventListener("abort", stop);
  }
}

async function create(queue: JobQueue, id: string, type: string, params: Record<string, unknown>): Promise<JobRecord> {
  try {
    return await queue.createJob(type, params, { id });
  } catch (error) {
    // It may have been made, and the answer lost: nobody waits for it.
    if (fieldOf(error, "code") === "E_DISCONNECTED") void cancel(queue, id, error);
    throw error;
  }
}

/** Until the queue has taken it, or it is over. */
async function cancel(queue: JobQueue, id: string, reason: unknown, isOver = () => false): Promise<void> {
  while (!isOver() && !(await isTold(queue, id, reason))) {
    await new Promise<void>((resolve) => setTimer(resolve, PAUSE));
  }
}

/** Whether there is nothing more to try. */
async function isTold(queue: JobQueue, id: string, reason: unknown): Promise<boolean> {
  try {
    await queue.cancelJob(id, reason);
    return true;
  } catch (error) {
    return fieldOf(error, "code") !== "E_DISCONNECTED";
  }
}

/** How it ended there; undefined: nobody knows. */
async function follow(queue: JobQueue, { id }: JobRecord, { progress }: TaskContext): Promise<WatchEvent | undefined> {
  try {
    const reader = queue.watch(id).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      if (value.event === "progress") progress(value.data.percent, value.data.message);
      else if (value.event !== "status") return value;
    }
  } catch (error) {
    // It goes on there, and nobody waits for it.
    void cancel(queue, id, error);
    throw error;
  }
}

function outcomeOf(end: WatchEvent | undefined, { id }: JobRecord, signal: AbortSignal): unknown {
  if (signal.aborted) throw abortReason(signal);
  if (end?.event === "complete") return end.data.result;
  if (end?.event === "failed") throw errorOf(end.data.error);
  if (end?.event !== "cancelled") {
    throw new RunnerError(
      `The other queue has let go of the job "${id}", and how it ended is not known`,
      "E_UNKNOWN_JOB",
    );
  }
  throw cancellation(new DOMException(end.data.reason ?? "The job was cancelled in the other queue", "AbortError"));
}

function errorOf({ name, message, code }: NonNullable<JobRecord["error"]> = { name: "Error", message: "" }): Error {
  const error = Object.defineProperty(new Error(message), "name", { value: name, configurable: true, writable: true });
  return code === undefined ? error : Object.assign(error, { code });
}
