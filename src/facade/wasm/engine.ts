// The one engine of this page or worker, and its end. The only file that knows the generated code.

import initAsync, { initSync, reportPanics } from "../../../build/wasm/jobgate.js";

export { refusal, setOptions } from "../../../build/wasm/jobgate.js";
export { REFUSED } from "./wire.js";

import { EngineError, type JobgateError, report } from "../errors.js";
import type { ManagerStats } from "../types.js";
import { FOR_QUESTION, reserveStack } from "./stack.js";
import { HEADER } from "./wire.js";

type Glue = typeof import("../../../build/wasm/jobgate.js");
/** What takes or gives more than numbers: not without the glue. */
type Glued = "default" | "initSync" | "refusal" | "reportPanics" | "setOptions";
/** The binary's own functions; whether something is so, they answer with 0 or 1. */
export type Engine = {
  readonly [Name in Exclude<keyof Glue, Glued>]: Glue[Name] extends (...given: infer Given) => boolean
    ? (...given: Given) => number
    : Glue[Name];
};

/** For commands given while effects are applied. What user code asks for comes through `command` and `question`. */
export let engine: Engine;
/** Set once the engine has broken; every promise has been settled with it by then. */
export let failure: JobgateError | undefined;

let memory: WebAssembly.Memory;
let words = new Uint32Array();
/** Taken anew as the words are. */
let floats = new Float64Array();
/** Index of the outbox header: its words are named in src/bindings/wire.rs. */
export let header = 0;

type Wasm = BufferSource | WebAssembly.Module;
let provide: (() => Wasm) | undefined;
const onFailure: ((error: JobgateError) => void)[] = [];

/** Entry points say where the wasm comes from; it is compiled when first needed. */
export function provideWasm(load: () => Wasm): void {
  provide ??= load;
}

export function whenEngineFails(settle: (error: JobgateError) => void): void {
  onFailure.push(settle);
}

export function startEngine(): void {
  if (engine !== undefined) return;
  if (provide === undefined) {
    throw new EngineError("jobgate/slim needs its wasm first: await init(urlOrModule)", "E_NOT_READY");
  }
  const load = provide;
  const remedy = 'import from "jobgate/slim" and await its init, or use it in a worker';
  useWasm(compileNow(() => initSync({ module: load() }), remedy));
}

async function load(compile: () => Promise<WebAssembly.Module>): Promise<void> {
  const exports = await initAsync({ module_or_path: await compile() });
  if (engine === undefined) useWasm(exports);
}

let loading: Promise<void> | undefined;

/** The same for who can wait: large modules, too, are taken on every page's thread. Compiled once, whoever else asks. */
export function loadEngine(compile: () => Promise<WebAssembly.Module>): Promise<void> {
  if (engine !== undefined) return Promise.resolve();
  loading ??= load(compile).finally(() => {
    loading = undefined;
  });
  return loading;
}

function useWasm(exports: object): void {
  ({ memory } = exports as { memory: WebAssembly.Memory });
  engine = exports as Engine;
  reportPanics(breakDown);
  header = engine.outbox() >>> 2;
}

/** Compiles and instantiates while the caller waits; where the browser refuses that, the error says what to do. */
export function compileNow<T>(compile: () => T, remedy = "use it in a worker"): T {
  try {
    return compile();
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== "RangeError" || !message.includes("main thread")) throw error;
    const why = "Chromium before 115 compiles no WebAssembly of this size at once on a page's thread";
    throw new EngineError(`${why}: ${remedy}`, "E_NOT_READY", { cause: error });
  }
}

/** Linear memory. Taken anew when it has grown, so call it again after user code has run. */
export function memoryWords(): Uint32Array {
  if (words.length === 0) words = new Uint32Array(memory.buffer);
  return words;
}

/** A manager's statistics, as six words from `address` on. */
export function statsAt(address: number): ManagerStats {
  const at = address >>> 2;
  const [pending = 0, running = 0, completed = 0, failed = 0, cancelled = 0, total = 0] = memoryWords().subarray(
    at,
    at + 6,
  );
  return { pending, running, completed, failed, cancelled, total };
}

/** Numbers in a row, behind their number. */
export function listAt(address: number): Uint32Array {
  const words = memoryWords();
  const at = (address >>> 2) + 1;
  return words.subarray(at, at + words[at - 1]!);
}

/** That of the job made last. */
export function newestSerial(): number {
  return memoryWords()[header + HEADER.newestSerial]!;
}

/** Where a job is listed: four numbers; none if it is forgotten. */
export function rankAt(address: number): number[] {
  if (address === 0) return [];
  if (floats.length === 0) floats = new Float64Array(memory.buffer);
  const at = address >>> 3;
  return [floats[at]!, floats[at + 1]!, floats[at + 2]!, floats[at + 3]!];
}

/** Nothing can be asked of a broken engine: settles all that waits, and makes every later call say why. */
export function breakDown(message: string): void {
  if (failure !== undefined) return;
  const error = new EngineError(`The jobgate engine has failed and cannot go on: ${message}`, "E_ENGINE");
  failure = error;
  engine = new Proxy({} as Engine, {
    get() {
      throw error;
    },
  });
  for (const settle of onFailure) settle(error);
  report(error);
}

/** For calls that would not reach the engine, but promise to tell of its end. */
export function checkEngine(): void {
  if (failure !== undefined) throw failure;
}

/** The engine, for a command of whoever calls: there is room on the stack for all that follows, or this throws. */
export function command(): Engine {
  reserveStack();
  return engine;
}

/** The engine, for a question. */
export function question(): Engine {
  reserveStack(FOR_QUESTION);
  return engine;
}

/** For calls that no user made. What breaks the engine settles everything; anything else is told to the page. */
export function unexpected(error: unknown): void {
  if (failure !== undefined) return;
  unexpectedEngineEnd(error);
  if (failure === undefined) report(error);
}

function unexpectedEngineEnd(error: unknown): void {
  if (failure === undefined && error instanceof WebAssembly.RuntimeError) breakDown(error.message);
}

/** As `unexpected`, where a caller is there to be told. */
export function rethrow(error: unknown): void {
  unexpectedEngineEnd(error);
  if (failure === undefined) throw error;
}
