// The third binary: the rules of worker pools. The only file that knows its generated code.

import text, { size as bytes, order } from "../../../build/wasm-pool/inline.js";
import { initSync, WasmPool } from "../../../build/wasm-pool/pool.js";
import { breakDown, checkEngine, compileNow } from "../engine.js";
import { unpackBytes } from "../unpack-bytes.js";

let started = false;

/** Compiled when the first pool is made. */
export function newRules(size: number, idleTimeout: number, grace: number): WasmPool {
  checkEngine();
  if (!started) {
    compileNow(() => initSync({ module: unpackBytes(text, order, bytes) }));
    started = true;
    WasmPool.reportPanics(breakDown);
  }
  return new WasmPool(size, idleTimeout, grace);
}

export type Rules = WasmPool;
