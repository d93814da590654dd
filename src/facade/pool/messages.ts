// What page and worker say to each other. Both may have messages of their own on the same line: those without the mark
// are passed over, and so is what has the mark and not the shape.

import { fieldOf, isArray, tagOf, textOf } from "../support/look.js";
import type { Serialized } from "../support/serialize.js";

/** From the page. */
export type WorkerCommand =
  /** Where the page is cross-origin isolated: the number of the task that was last asked to end. */
  | { readonly jobgate: "flag"; readonly flag: Int32Array }
  /** To a worker that has said that it needs the binary. */
  | { readonly jobgate: "module"; readonly module: WebAssembly.Module }
  | {
      readonly jobgate: "run";
      readonly task: number;
      readonly type: string;
      readonly params: unknown;
      readonly id: string;
      readonly attempt: number;
    }
  | { readonly jobgate: "abort"; readonly task: number; readonly reason: Serialized }
  /** The answer to "garbled": if the worker was never given the task, it was that which could not be read. */
  | { readonly jobgate: "given"; readonly task: number };

/** From the worker, about a job. */
export type JobAnswer =
  | { readonly jobgate: "news"; readonly task: number; readonly news: News }
  | { readonly jobgate: "done"; readonly task: number; readonly result: unknown }
  | { readonly jobgate: "failed"; readonly task: number; readonly error: Serialized };

/** From the worker. */
export type Answer =
  | JobAnswer
  /** `lock`: the Web Lock that it holds; free again when the worker is gone, however it went. Empty: there is none. */
  | { readonly jobgate: "ready"; readonly needsModule: boolean; readonly lock: string }
  /** Something was thrown outside a job. */
  | { readonly jobgate: "broken"; readonly error: Serialized }
  /** Something came that can't be read here; nobody can say what. */
  | { readonly jobgate: "garbled" }
  | { readonly jobgate: "closing" };

/** What has become known of a job since the last message. */
export interface News {
  readonly state?: { readonly value: unknown };
  readonly progress?: { readonly percent: number; readonly message: string };
  readonly logs?: readonly string[];
}

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;
type Shapes = ReadonlyMap<unknown, readonly (readonly [field: string, fits: (value: unknown) => boolean])[]>;

const isNumber = (value: unknown) => typeof value === "number";
/** Another number would be taken for the one that is left of it when it is made an integer of 32 bits. */
const isTask = (value: unknown) => typeof value === "number" && value >>> 0 === value;
const isString = (value: unknown) => typeof value === "string";
const isObject = (value: unknown) => typeof value === "object" && value !== null;
const isAnything = () => true;

const COMMANDS = shapes<WorkerCommand["jobgate"]>({
  flag: { flag: (value) => tagOf(value) === "[object Int32Array]" },
  module: { module: (value) => tagOf(value) === "[object WebAssembly.Module]" },
  run: { task: isTask, type: isString, params: isAnything, id: isString, attempt: isNumber },
  abort: { task: isTask, reason: isObject },
  given: { task: isTask },
});

const ANSWERS = shapes<Answer["jobgate"]>({
  ready: { needsModule: (value) => typeof value === "boolean", lock: isString },
  news: { task: isTask, news: isNews },
  done: { task: isTask, result: isAnything },
  failed: { task: isTask, error: isObject },
  broken: { error: isObject },
  garbled: {},
  closing: {},
});

function shapes<Name extends string>(byName: Readonly<Record<Name, Shape>>): Shapes {
  return new Map(Object.entries<Shape>(byName).map(([name, shape]) => [name, Object.entries(shape)]));
}

function isNews(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { state, progress, logs } = value as Partial<Record<keyof News, unknown>>;
  if (state !== undefined && !isObject(state)) return false;
  if (logs !== undefined && !(isArray(logs) && logs.every(isString))) return false;
  if (progress === undefined) return true;
  const { percent, message } = (progress ?? {}) as Partial<Record<"percent" | "message", unknown>>;
  return Number.isFinite(percent) && isString(message);
}

/** Undefined where it is anything else, also what can't be looked at. */
function read<Message>(known: Shapes, data: unknown): Message | undefined {
  if (!isObject(data)) return undefined;
  try {
    const fields = data as Record<string, unknown>;
    const shape = known.get(fields.jobgate);
    if (shape === undefined) return undefined;
    for (const [name, fits] of shape) if (!(name in fields && fits(fields[name]))) return undefined;
    return data as Message;
  } catch {
    return undefined;
  }
}

export const readCommand = (data: unknown): WorkerCommand | undefined => read(COMMANDS, data);
export const readAnswer = (data: unknown): Answer | undefined => read(ANSWERS, data);

/** Of what is marked as a task to run, whatever else is wrong with it. */
export function taskOf(data: unknown): number | undefined {
  const task = fieldOf(data, "task");
  return fieldOf(data, "jobgate") === "run" && isTask(task) ? (task as number) : undefined;
}

/** What `postMessage` has thrown, or a getter of what was to be sent, saying of what. */
export function notCloned(what: string, thrown: unknown): DOMException {
  const why = textOf(fieldOf(thrown, "message") ?? thrown);
  return new DOMException(`${what} can't be sent to another thread: ${why}`, "DataCloneError");
}
