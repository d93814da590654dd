// What was thrown, or given as a reason, on its way to another thread. Structured clone keeps of an error its message and
// of its class only the built-in ones; so errors are taken apart here and put together there.

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

export type Carried = { readonly value: unknown } | { readonly error: CarriedError };

interface CarriedError {
  readonly name: string;
  readonly message: string;
  /** The nearest of its classes that the other side has. */
  readonly base: string;
  readonly stack: string | undefined;
  readonly code: string | number | undefined;
  readonly cause: Carried | undefined;
  /** Of an AggregateError, or the faults of params. */
  readonly errors: readonly Carried[] | undefined;
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
/** By what an error of this thread inherits from, whatever a minifier calls it. */
const NAMES = new Map<unknown, string>([...CLASSES].map(([name, { prototype }]) => [prototype, name]));
const AGGREGATE = "AggregateError";
const DOM = "DOMException";

/** Causes of causes, and errors in errors, so deep. */
const DEEPEST = 8;

/** Never throws. What can't be cloned arrives as an Error with its text. */
export function carry(thrown: unknown, depth = 0): Carried {
  try {
    if (!(thrown instanceof Error)) return { value: structuredClone(thrown) };
    if (depth < DEEPEST) return { error: takeApart(thrown, depth) };
  } catch {
    // Its text has to do.
  }
  return { error: { ...PLAIN, message: textOf(thrown) } };
}

const PLAIN: CarriedError = {
  name: "Error",
  message: "",
  base: "Error",
  stack: undefined,
  code: undefined,
  cause: undefined,
  errors: undefined,
};

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function takeApart(error: Error, depth: number): CarriedError {
  const { name, message, stack, code, cause, errors } = error as Error & { code?: unknown; errors?: unknown };
  const { base, className } = classOf(error);
  const carried = Array.isArray(errors) ? errors.map((one) => carry(one, depth + 1)) : undefined;
  return {
    // A class of the app's that gives itself no name goes by that of the class, which a minifier may have shortened.
    name: className !== undefined && name === base ? className : textOf(name),
    message: textOf(message),
    base,
    stack: typeof stack === "string" ? stack : undefined,
    // A DOMException's follows from its name.
    code: base !== DOM && isCode(code) ? code : undefined,
    cause: "cause" in error ? carry(cause, depth + 1) : undefined,
    errors: carried,
  };
}

const isCode = (code: unknown) => typeof code === "string" || typeof code === "number";

/** `className`: of a class that the other side does not have. */
function classOf(error: Error): { readonly base: string; readonly className?: string } {
  if (error instanceof DOMException) return { base: DOM };
  let base = "Error";
  let className: string | undefined;
  for (let proto = Object.getPrototypeOf(error); proto !== null; proto = Object.getPrototypeOf(proto)) {
    const name = NAMES.get(proto) ?? proto.constructor.name;
    // Also by name: the class may be that of another copy of the package.
    if (CLASSES.has(name) || name === AGGREGATE) {
      base = name;
      break;
    }
    className ??= name;
  }
  // Both: a minified copy. The name that it gives its errors stays.
  if (error.name !== base && CLASSES.has(error.name)) return { base: error.name };
  return { base, ...(className && { className }) };
}

/** Takes what came from another thread, whatever it is. Never throws. */
export function uncarry(carried: unknown, depth = 0): unknown {
  if (typeof carried !== "object" || carried === null || depth > DEEPEST) return undefined;
  if (!("error" in carried)) return "value" in carried ? carried.value : undefined;
  return putTogether({ ...PLAIN, ...(carried.error as object) }, depth);
}

function putTogether({ base, stack, code, cause, errors, ...words }: CarriedError, depth: number): Error {
  const [name, message] = [textOf(words.name), textOf(words.message)];
  const list = Array.isArray(errors) ? errors.map((one) => uncarry(one, depth + 1)) : undefined;
  const error = newError(base, name, message, list);
  const set = (field: string, value: unknown) =>
    Object.defineProperty(error, field, { value, configurable: true, writable: true });
  if (error.name !== name) set("name", name);
  if (typeof stack === "string") set("stack", stack);
  if (isCode(code) && (error as { code?: unknown }).code !== code) set("code", code);
  if (cause !== undefined) set("cause", uncarry(cause, depth + 1));
  if (list !== undefined && base !== AGGREGATE) set("errors", list);
  return error;
}

function newError(base: string, name: string, message: string, errors: readonly unknown[] = []): Error {
  if (base === DOM) return new DOMException(message, name);
  if (base === AGGREGATE) return new AggregateError(errors, message);
  return new (CLASSES.get(base) ?? Error)(message);
}
