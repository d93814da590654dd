// The agents' binary: the loop and the providers written in Rust. The only file that knows its generated code.

import coreText, { order as coreOrder, size as coreSize } from "../../../build/wasm/inline.js";
import { initSync, WasmProvider, WasmWorker } from "../../../build/wasm-agents/agents.js";
import text, { order, size } from "../../../build/wasm-agents/inline.js";
import { breakDown, checkEngine, compileNow, provideWasm, whenEngineFails } from "../engine.js";
import { unpackBytes } from "../unpack-bytes.js";
import { AgentError } from "./errors.js";

let started = false;
const waiting = new Set<(error: unknown) => void>();

/** Compiled when first needed. An engine that "jobgate" or "jobgate/slim" has started is shared. */
export function startAgentsWasm(): void {
  provideWasm(() => unpackBytes(coreText, coreOrder, coreSize));
  checkEngine();
  if (started) return;
  compileNow(() => initSync({ module: unpackBytes(text, order, size) }));
  started = true;
  WasmWorker.startBinary(
    breakDown,
    (code: AgentError["code"], message: string, status: number | undefined, cause: unknown) => {
      return new AgentError(message, code, { status, cause });
    },
  );
  whenEngineFails((error) => {
    for (const reject of waiting) reject(error);
    waiting.clear();
  });
}

/** A promise of the binary's, which would never settle once it has broken. */
export function orFailure<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    const settle = () => waiting.delete(reject);
    promise.then(resolve, reject).finally(settle);
  });
}

/** What the binary stops waiting for when asked to end, and would keep its callbacks for until it settles: maybe never. */
export function untilAborted<T>(value: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    Promise.resolve(value)
      .finally(() => signal.removeEventListener("abort", abort))
      .then(resolve, reject);
  });
}

export { WasmProvider, WasmWorker };
