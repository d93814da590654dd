// The binary of the shared queue's rules. The only file that knows its generated code.

import packed from "../../../build/wasm-shared/inline.js";
import {
  again,
  create,
  excess,
  initSync,
  isId,
  newRow,
  place,
  prioritize,
  promote,
  stop,
  WasmTab,
} from "../../../build/wasm-shared/shared.js";
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

/** What is written of whatever is asked of a store: also by those that run nothing, with a binary of their own. */
export const requestRules = { again, create, excess, isId, newRow, place, prioritize, promote, stop };
export type RequestRules = typeof requestRules;

/** What the transactions of runs write. */
export { WasmTab as Rules };
