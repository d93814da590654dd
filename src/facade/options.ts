// Options on their way to the engine: types are checked here, bounds there.

import { engine, REFUSED } from "./engine.js";
import { DuplicateJobError, EngineError, ManagerClosedError, QueueFullError } from "./errors.js";
import type { Priority, RetryOptions, RunOptions } from "./types.js";

const WORDS: Readonly<Record<string, number>> = { "user-blocking": 100, "user-visible": 0, background: -100 };
const POLICIES = ["join", "replace", "queue", "reject"];

// Which numbers are given, and the yes-or-no ones: src/bindings/engine.rs.
const GIVEN = { priority: 1, timeout: 2, delay: 4, retry: 8, fixedBackoff: 16, noJitter: 32, aborted: 64 };
export const MANAGER_FLAGS = { paused: 128, rateLimited: 256 };

const RETRY_DEFAULTS = { delay: 1000, maxDelay: 30_000 };

function wrongType(field: string, expected: string, given: unknown): TypeError {
  return new TypeError(`${field} must be ${expected}, got ${given === null ? "null" : typeof given}`);
}

export function checkNumber(field: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  return needNumber(field, value);
}

export function needNumber(field: string, value: unknown): number {
  if (typeof value !== "number") throw wrongType(field, "a number", value);
  return value;
}

export function checkFlag(field: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== "boolean") throw wrongType(field, "a boolean", value);
  return value === true;
}

export function needFunction(field: string, value: unknown): void {
  if (typeof value !== "function") throw wrongType(field, "a function", value);
}

export function checkObject(field: string, value: unknown): void {
  if (value !== undefined && (typeof value !== "object" || value === null)) throw wrongType(field, "an object", value);
}

export function checkString(field: string, value: unknown): string | undefined {
  if (value !== undefined && typeof value !== "string") throw wrongType(field, "a string", value);
  return value;
}

function checkWord(field: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || words.includes(value as string)) return;
  const list = words.map((word) => `"${word}"`).join(", ");
  if (typeof value !== "string") throw wrongType(field, `one of ${list}`, value);
  throw new RangeError(`${field} must be one of ${list}, got "${value}"`);
}

export function priorityNumber(priority: Priority): number {
  if (typeof priority === "number") return priority;
  checkWord("priority", priority, Object.keys(WORDS));
  return WORDS[priority]!;
}

/** Nothing in them that the engine has to be told beside the priority; the initial state stays here. */
export function hasPriorityAlone(options: RunOptions): boolean {
  checkObject("options", options);
  const { priority, timeout, delay, retry, signal, name, group, onDuplicate } = options;
  return (
    !Number.isNaN(priority) && // refused where all is checked
    timeout === undefined &&
    delay === undefined &&
    retry === undefined &&
    signal === undefined &&
    name === undefined &&
    group === undefined &&
    onDuplicate === undefined
  );
}

/** NaN: none. */
export function givenPriority(options: RunOptions | undefined): number {
  return options?.priority === undefined ? Number.NaN : priorityNumber(options.priority);
}

function checkRetry(retry: number | RetryOptions | undefined): RetryOptions | undefined {
  if (retry === undefined) return undefined;
  if (typeof retry === "number") return { limit: retry };
  checkObject("retry", retry);
  needNumber("retry.limit", retry.limit);
  checkNumber("retry.delay", retry.delay, 0);
  checkNumber("retry.maxDelay", retry.maxDelay, 0);
  checkWord("retry.backoff", retry.backoff, ["fixed", "exponential"]);
  checkWord("retry.jitter", retry.jitter, ["full", "none"]);
  if (retry.retryIf !== undefined) needFunction("retry.retryIf", retry.retryIf);
  return retry;
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (typeof (signal as AbortSignal | null)?.addEventListener !== "function") {
    throw wrongType("signal", "an AbortSignal", signal);
  }
  return signal as AbortSignal;
}

/** What of the options the facade itself needs. */
export interface CheckedOptions {
  readonly signal: AbortSignal | undefined;
  readonly retry: RetryOptions | undefined;
  readonly timeout: number | undefined;
  readonly name: string | undefined;
  /** Whether the engine's clock matters to a job with these. */
  readonly timed: boolean;
}

/** Gives the options to the engine, for the `runWith` or `createManager` that comes next. */
export function sendOptions(options: RunOptions): CheckedOptions {
  checkObject("options", options);
  const { priority, timeout, delay, onDuplicate } = options;
  const retry = checkRetry(options.retry);
  const signal = checkSignal(options.signal);
  const name = checkString("name", options.name);
  const group = checkString("group", options.group);
  checkWord("onDuplicate", onDuplicate, POLICIES);
  let given = 0;
  if (priority !== undefined) given |= GIVEN.priority;
  if (timeout !== undefined) given |= GIVEN.timeout;
  if (delay !== undefined) given |= GIVEN.delay;
  if (retry !== undefined) given |= GIVEN.retry;
  if (retry?.backoff === "fixed") given |= GIVEN.fixedBackoff;
  if (retry?.jitter === "none") given |= GIVEN.noJitter;
  if (signal?.aborted) given |= GIVEN.aborted;
  engine.setOptions(
    given,
    onDuplicate === undefined ? -1 : POLICIES.indexOf(onDuplicate),
    priority === undefined ? 0 : priorityNumber(priority),
    checkNumber("timeout", timeout, 0),
    checkNumber("delay", delay, 0),
    retry?.limit ?? 0,
    retry?.delay ?? RETRY_DEFAULTS.delay,
    retry?.maxDelay ?? RETRY_DEFAULTS.maxDelay,
    group,
  );
  const timed = timeout !== undefined || delay !== undefined || retry !== undefined;
  return { signal, retry, timeout, name, timed };
}

/** The engine has refused a number: its words, and what was given. */
export function outOfBounds(given: object): RangeError {
  const message = engine.refusal();
  const path = message.split(" ", 1)[0]!.split(".");
  // biome-ignore lint/suspicious/noExplicitAny: a path of field names.
  const value = path.reduce<any>((holder, field) => holder?.[field], given);
  return new RangeError(`${message}, got ${value}`);
}

export function refusalError(code: number, options: object, name: string): Error {
  switch (code) {
    case REFUSED.bounds:
      return outOfBounds(options);
    case REFUSED.duplicate:
      return new DuplicateJobError(`${name}: ${engine.refusal()}`);
    case REFUSED.full:
      return new QueueFullError(`${name}: ${engine.refusal()}`);
    case REFUSED.closed:
      return new ManagerClosedError(`${name}: ${engine.refusal()}`);
    default:
      return new EngineError(`The engine answered ${code}`, "E_ENGINE");
  }
}
