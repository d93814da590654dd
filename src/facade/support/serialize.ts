// What was thrown, or given as a reason, on its way to another thread. Structured clone keeps of an error its message and
// of its class only the built-in ones; so errors are taken apart here and put together there. Neither side trusts what it
// gets: nothing here throws, and both the depth and the number of values are bounded.

import {
  DuplicateJobError,
  InvalidParamsError,
  JobgateError,
  JobStopTimeoutError,
  ManagerClosedError,
  NonRetriableError,
  QueueFullError,
  UnknownJobTypeError,
  WorkerCrashedError,
} from "../errors.js";
import { cloned } from "./clone.js";
import { fieldOf, hasField, isArray, prototypesOf, tagOf, textOf } from "./look.js";

export type Serialized = { readonly value: unknown } | { readonly error: SerializedError };

interface SerializedError {
  readonly name: string;
  readonly message: string;
  /** The nearest of its classes that the other side has. */
  readonly base: string;
  readonly stack: string | undefined;
  readonly code: string | number | undefined;
  readonly cause: Serialized | undefined;
  /** Of an AggregateError, or the faults of params. */
  readonly errors: readonly Serialized[] | undefined;
}

type ErrorClass = new (message: string) => Error;

const CLASSES = new Map<string, ErrorClass>(
  Object.entries({
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    CompileError: WebAssembly.CompileError as ErrorClass,
    LinkError: WebAssembly.LinkError as ErrorClass,
    RuntimeError: WebAssembly.RuntimeError as ErrorClass,
    DuplicateJobError,
    InvalidParamsError,
    JobgateError,
    JobStopTimeoutError,
    ManagerClosedError,
    NonRetriableError,
    QueueFullError,
    UnknownJobTypeError,
    WorkerCrashedError,
  }),
);
/** By what an error of this realm inherits from, whatever a minifier calls it. */
const NAMES = new Map<unknown, string>([...CLASSES].map(([name, { prototype }]) => [prototype, name]));
const AGGREGATE = "AggregateError";
const DOM = "DOMException";

/** Causes of causes, and errors in errors, so deep; beyond that their text. */
const DEEPEST = 8;
/** And so many in all: lists of errors may be as long as memory allows, or hold themselves. */
const MOST = 1000;

interface Budget {
  left: number;
  /** Of objects that are no errors only their text goes along. */
  readonly inWords?: boolean;
}

/** What can't be cloned arrives as an Error with its text; with `objectsInWords` every object that is no error does. */
export function serialize(thrown: unknown, objectsInWords = false): Serialized {
  return serializeAny(thrown, 0, { left: MOST, inWords: objectsInWords });
}

function serializeAny(value: unknown, depth: number, budget: Budget): Serialized {
  budget.left -= 1;
  if (isError(value)) return depth < DEEPEST ? { error: takeApart(value, depth, budget) } : inWords(textOf(value));
  if (budget.inWords && typeof value === "object" && value !== null) return inWords(textOf(value));
  try {
    return { value: cloned(value) };
  } catch {
    return inWords(textOf(value));
  }
}

const PLAIN: SerializedError = {
  name: "Error",
  message: "",
  base: "Error",
  stack: undefined,
  code: undefined,
  cause: undefined,
  errors: undefined,
};

export function inWords(message: string): Serialized {
  return { error: { ...PLAIN, message } };
}

/** Also of another realm, and behind a proxy. */
function isError(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const tag = tagOf(value);
  return tag === "[object Error]" || isDom(tag) || prototypesOf(value).some((proto) => NAMES.has(proto));
}

const isDom = (tag: string) => tag === "[object DOMException]";

function takeApart(error: object, depth: number, budget: Budget): SerializedError {
  const name = fieldOf(error, "name");
  const { base, className } = classOf(error, name);
  const stack = fieldOf(error, "stack");
  const code = fieldOf(error, "code");
  const errors = fieldOf(error, "errors");
  return {
    // A class of the app's that gives itself no name goes by that of the class, which a minifier may have shortened.
    name: className !== undefined && name === base ? className : textOf(name ?? base),
    message: textOf(fieldOf(error, "message") ?? ""),
    base,
    stack: typeof stack === "string" ? stack : undefined,
    // A DOMException's follows from its name.
    code: base !== DOM && isCode(code) ? code : undefined,
    cause: hasField(error, "cause") ? serializeAny(fieldOf(error, "cause"), depth + 1, budget) : undefined,
    errors: isArray(errors) ? serializeList(errors, depth + 1, budget) : undefined,
  };
}

function serializeList(list: readonly unknown[], depth: number, budget: Budget): readonly Serialized[] {
  const length = fieldOf(list, "length");
  const serialized: Serialized[] = [];
  if (typeof length !== "number") return serialized;
  for (let at = 0; at < length; at += 1) {
    if (budget.left <= 0) {
      serialized.push(inWords(`and ${length - at} more`));
      break;
    }
    serialized.push(serializeAny(fieldOf(list, at), depth, budget));
  }
  return serialized;
}

const isCode = (code: unknown) => typeof code === "string" || typeof code === "number";

/** `className`: of a class that the other side does not have. */
function classOf(error: object, givenName: unknown): { readonly base: string; readonly className?: string } {
  if (isDom(tagOf(error))) return { base: DOM };
  let base = "Error";
  let className: string | undefined;
  for (const proto of prototypesOf(error)) {
    const name = NAMES.get(proto) ?? fieldOf(fieldOf(proto, "constructor"), "name");
    if (typeof name !== "string") continue;
    // Also by name: the class may be that of another realm, or of another copy of the package.
    if (CLASSES.has(name) || name === AGGREGATE) {
      base = name;
      break;
    }
    className ??= name;
  }
  // Both: a minified copy. The name that it gives its errors stays.
  if (typeof givenName === "string" && givenName !== base && CLASSES.has(givenName)) return { base: givenName };
  return { base, ...(className && { className }) };
}

/** Takes what came from another thread, whatever it is. */
export function deserialize(serialized: unknown): unknown {
  // More than the other side sends, what it says of the missing ones included.
  return deserializeAny(serialized, 0, { left: 2 * MOST });
}

function deserializeAny(serialized: unknown, depth: number, budget: Budget): unknown {
  budget.left -= 1;
  if (typeof serialized !== "object" || serialized === null || depth > DEEPEST) return undefined;
  if (!hasField(serialized, "error")) return fieldOf(serialized, "value");
  return putTogether(fieldOf(serialized, "error"), depth, budget);
}

function putTogether(given: unknown, depth: number, budget: Budget): Error {
  const text = (field: "name" | "message" | "base") => textOf(fieldOf(given, field) ?? PLAIN[field]);
  const [name, message, base] = [text("name"), text("message"), text("base")];
  const [stack, code, cause, errors] = ["stack", "code", "cause", "errors"].map((field) => fieldOf(given, field));
  const list = isArray(errors) ? deserializeList(errors, depth + 1, budget) : undefined;
  const error = newError(base, name, message, list);
  const set = (field: string, value: unknown) =>
    Object.defineProperty(error, field, { value, configurable: true, writable: true });
  if (error.name !== name) set("name", name);
  if (typeof stack === "string") set("stack", stack);
  if (isCode(code) && (error as { code?: unknown }).code !== code) set("code", code);
  if (cause !== undefined) set("cause", deserializeAny(cause, depth + 1, budget));
  if (list !== undefined && base !== AGGREGATE) set("errors", list);
  return error;
}

function deserializeList(list: readonly unknown[], depth: number, budget: Budget): readonly unknown[] {
  const errors: unknown[] = [];
  for (let at = 0; at < list.length && budget.left > 0; at += 1) {
    errors.push(deserializeAny(fieldOf(list, at), depth, budget));
  }
  return errors;
}

function newError(base: string, name: string, message: string, errors: readonly unknown[] = []): Error {
  if (base === DOM) return new DOMException(message, name);
  if (base === AGGREGATE) return new AggregateError(errors, message);
  return new (CLASSES.get(base) ?? Error)(message);
}
