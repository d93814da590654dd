// The second binary: the runner's rules. The only file that knows its generated code.

import packedCore from "../../../build/wasm/inline.js";
import packed from "../../../build/wasm-runner/inline.js";
import { initSync, WasmRunner } from "../../../build/wasm-runner/runner.js";
import { breakDown, checkEngine, compileNow, provideWasm } from "../wasm/engine.js";
import { unpackBytes } from "../wasm/unpack-bytes.js";

export type Rules = WasmRunner;

let started = false;

/** Compiled when the first runner is made. An engine that "jobgate" or "jobgate/slim" has started is shared. */
export function newRules(retain: number): Rules {
  checkEngine();
  provideWasm(() => unpackBytes(packedCore));
  if (!started) {
    compileNow(() => initSync({ module: unpackBytes(packed) }));
    started = true;
    WasmRunner.reportPanics(breakDown);
  }
  return new WasmRunner(retain);
}

/** Whichever of the two binaries broke: every call of the rules says so from here on. */
export function disableRules(error: Error): void {
  const fail = () => {
    throw error;
  };
  for (const holder of [WasmRunner, WasmRunner.prototype]) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (typeof value === "function" && name !== "constructor") Object.defineProperty(holder, name, { value: fail });
    }
  }
}

export { WasmRunner };
