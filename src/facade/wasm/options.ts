// Options on their way to the engine: types are checked here, bounds there.

import { DuplicateJobError, EngineError, ManagerClosedError, QueueFullError } from "../errors.js";
import {
  checkObject,
  checkString,
  checkWord,
  givenNumber,
  needFunction,
  needNumber,
  wrongType,
} from "../support/check.js";
import { isWellFormed } from "../support/well-formed.js";
import type { Priority, RetryOptions, RunOptions } from "../types.js";
import { checkEngine, REFUSED, refusal, setOptions } from "./engine.js";
import { GIVEN, POLICY } from "./wire.js";

export { checkFlag, checkNumber, checkObject, checkString, needFunction, needNumber } from "../support/check.js";

const WORDS: Readonly<Record<string, number>> = { "user-blocking": 100, "user-visible": 0, background: -100 };
const POLICIES = Object.keys(POLICY);

export { MANAGER_FLAGS } from "./wire.js";

export function priorityNumber(priority: Priority): number {
  if (typeof priority === "number") return priority;
  checkWord("priority", priority, Object.keys(WORDS), "a number or ");
  return WORDS[priority]!;
}

function readRetry(retry: unknown): Retry | undefined {
  if (retry === undefined) return undefined;
  if (typeof retry === "number") return { field: "retry", limit: retry };
  if (typeof retry !== "object" || retry === null) throw wrongType("retry", "a number or an object", retry);
  const { limit, delay, maxDelay, backoff, jitter, retryIf } = retry as RetryOptions;
  checkWord("retry.backoff", backoff, ["fixed", "exponential"]);
  checkWord("retry.jitter", jitter, ["full", "none"]);
  if (retryIf !== undefined) needFunction("retry.retryIf", retryIf);
  return {
    limit: needNumber("retry.limit", limit),
    delay: typeof delay === "function" ? undefined : givenNumber("retry.delay", delay),
    delayOf: typeof delay === "function" ? delay : undefined,
    maxDelay: givenNumber("retry.maxDelay", maxDelay),
    fixed: backoff === "fixed",
    noJitter: jitter === "none",
    retryIf,
  };
}

export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (typeof (signal as AbortSignal | null)?.addEventListener !== "function") {
    throw wrongType("signal", "an AbortSignal", signal);
  }
  return signal as AbortSignal;
}

interface Retry {
  /** What the caller has called its limit. */
  readonly field?: "retry";
  readonly limit: number;
  readonly delay?: number | undefined;
  readonly maxDelay?: number | undefined;
  readonly fixed?: boolean;
  readonly noJitter?: boolean;
  readonly retryIf?: RetryOptions["retryIf"];
  readonly delayOf?: DelayOf;
}

export type DelayOf = Extract<RetryOptions["delay"], (...args: never[]) => unknown> | undefined;

/** Options as they were when they were handed in: each is read once, whatever it is, and before anything has changed. */
export interface ReadOptions<State = unknown> {
  readonly signal: AbortSignal | undefined;
  readonly aborted: boolean;
  readonly priority: number | undefined;
  readonly timeout: number | undefined;
  readonly delay: number | undefined;
  readonly abandonAfter: number | undefined;
  readonly retry: Retry | undefined;
  readonly group: string | undefined;
  readonly onDuplicate: number;
  readonly name: string | undefined;
  readonly initialState: State | undefined;
  /** The engine has to be told of nothing but the priority. */
  readonly plain: boolean;
  /** Whether the engine's clock matters to a job with these. */
  readonly timed: boolean;
  /** Where nothing else is pending it may be, also where `maxPending` is 0. */
  readonly mayWaitAlone?: boolean;
}

export const NO_OPTIONS: ReadOptions<never> = {
  signal: undefined,
  aborted: false,
  priority: undefined,
  timeout: undefined,
  delay: undefined,
  abandonAfter: undefined,
  retry: undefined,
  group: undefined,
  onDuplicate: -1,
  name: undefined,
  initialState: undefined,
  plain: true,
  timed: false,
};

export function readOptions<State>(options: RunOptions<State>): ReadOptions<State> {
  checkObject("options", options);
  const { signal, priority, timeout, delay, retry, abandonAfter, group, onDuplicate, name, initialState } = options;
  const level = priority === undefined ? undefined : priorityNumber(priority);
  const timed = timeout !== undefined || delay !== undefined || retry !== undefined || abandonAfter !== undefined;
  // Not a number: refused where all is checked.
  const isPlain = !timed && group === undefined && onDuplicate === undefined && !Number.isNaN(level);
  // Most have no more than a priority, and to look at the rest takes as long as the engine takes for a job.
  if (isPlain && signal === undefined && name === undefined && initialState === undefined)
    return { ...NO_OPTIONS, priority: level };
  const checkedSignal = checkSignal(signal);
  const aborted = checkedSignal?.aborted === true;
  return {
    signal: checkedSignal,
    aborted,
    priority: level,
    timeout: givenNumber("timeout", timeout),
    delay: givenNumber("delay", delay),
    abandonAfter: givenNumber("abandonAfter", abandonAfter),
    retry: readRetry(retry),
    group: checkGroup(group),
    onDuplicate: policyNumber(onDuplicate),
    name: checkString("name", name),
    initialState,
    plain: isPlain && !aborted,
    timed,
  };
}

function checkGroup(group: unknown): string | undefined {
  const name = checkString("group", group);
  if (name === undefined || isWellFormed(name)) return name;
  throw new RangeError("group must have no half of a surrogate pair in it");
}

function policyNumber(policy: unknown): number {
  checkWord("onDuplicate", policy, POLICIES);
  return policy === undefined ? -1 : POLICIES.indexOf(policy as string);
}

/** Gives the options to the engine, for the `runWith` or `createManager` that comes next. */
export function sendOptions(options: ReadOptions): void {
  checkEngine();
  const { priority, timeout, delay, abandonAfter, retry } = options;
  let given = 0;
  if (priority !== undefined) given |= GIVEN.priority;
  if (timeout !== undefined) given |= GIVEN.timeout;
  if (delay !== undefined) given |= GIVEN.delay;
  if (retry !== undefined) given |= GIVEN.retry;
  if (abandonAfter !== undefined) given |= GIVEN.abandonAfter;
  if (retry?.delay !== undefined) given |= GIVEN.retryDelay;
  if (retry?.maxDelay !== undefined) given |= GIVEN.retryMaxDelay;
  if (retry?.fixed) given |= GIVEN.fixedBackoff;
  if (retry?.noJitter) given |= GIVEN.noJitter;
  if (options.aborted) given |= GIVEN.aborted;
  if (options.mayWaitAlone) given |= GIVEN.mayWaitAlone;
  setOptions(
    given,
    options.onDuplicate,
    priority ?? 0,
    timeout ?? 0,
    delay ?? 0,
    retry?.limit ?? 0,
    retry?.delay ?? 0,
    retry?.maxDelay ?? 0,
    abandonAfter ?? 0,
    options.group,
  );
}

/** The engine has refused a number: its words, and what was given. */
export function outOfBounds(given: object): RangeError {
  const message = refusal();
  const path = message.split(" ", 1)[0]!.split(".");
  // biome-ignore lint/suspicious/noExplicitAny: a path of field names.
  const [holder, value] = path.reduce<any[]>(([, holder], field) => [holder, holder?.[field]], [undefined, given]);
  const told =
    (holder as Partial<Retry> | undefined)?.field === "retry" ? message.replace("retry.limit", "retry") : message;
  return new RangeError(`${told}, got ${value}`);
}

export function refusalError(code: number, options: object, name: string): Error {
  switch (code) {
    case REFUSED.bounds:
      return outOfBounds(options);
    case REFUSED.duplicate:
      return new DuplicateJobError(`${name}: ${refusal()}, and onDuplicate is "reject"`);
    case REFUSED.full:
      return new QueueFullError(`${name}: ${refusal()} (maxPending); onPendingBelow tells of room`);
    case REFUSED.closed:
      return new ManagerClosedError(`${name}: ${refusal()}`);
    default:
      return new EngineError(`The engine answered ${code}`, "E_ENGINE");
  }
}
