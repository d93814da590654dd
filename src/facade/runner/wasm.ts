// The second binary: the runner's rules and the built-in bodies. The only file that knows its generated code.

import coreText, { order as coreOrder, size as coreSize } from "../../../build/wasm/inline.js";
import text, { order, size } from "../../../build/wasm-runner/inline.js";
import { initSync, WasmRunner } from "../../../build/wasm-runner/runner.js";
import { breakDown, provideWasm } from "../engine.js";
import { unpackBytes } from "../unpack-bytes.js";

export type Rules = WasmRunner;

let started = false;

/** Compiled when the first runner is made. An engine that "jobgate" or "jobgate/slim" has started is shared. */
export function startRunnerWasm(): void {
  provideWasm(() => unpackBytes(coreText, coreOrder, coreSize));
  if (started) return;
  initSync({ module: unpackBytes(text, order, size) });
  started = true;
  WasmRunner.reportPanics(breakDown);
}

export { WasmRunner };
