// The binary of the shared queue's rules. The only file that knows its generated code.

import packed from "../../../build/wasm-shared/inline.js";
import { initSync, WasmTab } from "../../../build/wasm-shared/shared.js";
import { breakDown, checkEngine, compileNow } from "../wasm/engine.js";
import { unpackBytes } from "../wasm/unpack-bytes.js";

export type TabRules = WasmTab;

let started = false;

/** Compiled when the first is made. */
export function newTab(
  concurrency: number,
  takeOverAfter: number,
  maxInterruptions: number,
  execute: boolean,
): WasmTab {
  checkEngine();
  if (!started) {
    compileNow(() => initSync({ module: unpackBytes(packed) }));
    started = true;
    WasmTab.reportPanics(breakDown);
  }
  return new WasmTab(concurrency, takeOverAfter, maxInterruptions, execute);
}

/** What transactions write, and what a new job's row is. */
export { WasmTab as Rules };
