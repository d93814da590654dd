// The third binary: the rules of worker pools. The only file that knows its generated code.

import packed from "../../../build/wasm-pool/inline.js";
import { initSync, WasmPool } from "../../../build/wasm-pool/pool.js";
import { breakDown, checkEngine, compileNow } from "../wasm/engine.js";
import { unpackBytes } from "../wasm/unpack-bytes.js";

let memory: WebAssembly.Memory | undefined;
let words = new Uint32Array();
const NOTHING: readonly number[] = [];

/** Compiled when the first pool is made. */
export function newRules(size: number, idleTimeout: number, grace: number): WasmPool {
  checkEngine();
  if (memory === undefined) {
    ({ memory } = compileNow(() => initSync({ module: unpackBytes(packed) })));
    WasmPool.reportPanics(breakDown);
  }
  return new WasmPool(size, idleTimeout, grace);
}

export const loadTimeout = (): number => WasmPool.loadTimeout();

/** The effects that a command has answered with: so many numbers, copied, since the next command writes over them. */
export function effectsOf(rules: WasmPool, count: number): readonly number[] {
  if (count === 0 || memory === undefined) return NOTHING;
  const at = rules.outbox() >>> 2;
  // It has grown, or was not looked at before.
  if (words.length === 0) words = new Uint32Array(memory.buffer);
  const copy: number[] = [];
  for (let index = 0; index < count; index += 1) copy.push(words[at + index]!);
  return copy;
}

export type Rules = WasmPool;
