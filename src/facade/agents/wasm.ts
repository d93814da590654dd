// The agents' binary: the rules of runs and of requests. The only file that knows its generated code.

import coreText, { order as coreOrder, size as coreSize } from "../../../build/wasm/inline.js";
import { initSync, WasmAttempts, WasmWorker } from "../../../build/wasm-agents/agents.js";
import text, { order, size } from "../../../build/wasm-agents/inline.js";
import { breakDown, checkEngine, compileNow, provideWasm, whenEngineFails } from "../wasm/engine.js";
import { unpackBytes } from "../wasm/unpack-bytes.js";

let memory: WebAssembly.Memory | undefined;
let words = new Uint32Array();
const NOTHING: readonly number[] = [];
const waiting = new Set<(error: unknown) => void>();

/** Compiled when first needed. An engine that "jobgate" or "jobgate/slim" has started is shared. */
export function startAgentsWasm(): void {
  provideWasm(() => unpackBytes(coreText, coreOrder, coreSize));
  checkEngine();
  if (memory !== undefined) return;
  ({ memory } = compileNow(() => initSync({ module: unpackBytes(text, order, size) })));
  WasmWorker.reportPanics(breakDown);
  whenEngineFails((error) => {
    for (const reject of waiting) reject(error);
    waiting.clear();
  });
}

/** The effects that a command has answered with, copied: the next command writes over them. */
export function effectsOf(rules: WasmWorker, count: number): readonly number[] {
  if (count === 0 || memory === undefined) return NOTHING;
  const at = rules.outbox() >>> 2;
  // It has grown, or was not looked at before.
  if (words.length === 0) words = new Uint32Array(memory.buffer);
  return [...words.subarray(at, at + count)];
}

/** A promise that would never settle once the engine has broken. */
export function orFailure<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    const settle = () => waiting.delete(reject);
    promise.then(resolve, reject).finally(settle);
  });
}

export { WasmAttempts, WasmWorker };
