// The agents' binary: the loop and the providers written in Rust. The only file that knows its generated code.

import packedCore from "../../../build/wasm/inline.js";
import { initSync, WasmProvider, WasmWorker } from "../../../build/wasm-agents/agents.js";
import packed from "../../../build/wasm-agents/inline.js";
import { follow } from "../job/signals.js";
import { abortReason } from "../support/abort.js";
import type { Unsubscribe } from "../types.js";
import { breakDown, checkEngine, compileNow, provideWasm, whenEngineFails } from "../wasm/engine.js";
import { unpackBytes } from "../wasm/unpack-bytes.js";
import { AgentError } from "./errors.js";

let started = false;
const waiting = new Set<(error: unknown) => void>();

/** Compiled when first needed. An engine that "jobgate" or "jobgate/slim" has started is shared. */
export function startAgentsWasm(): void {
  provideWasm(() => unpackBytes(packedCore));
  checkEngine();
  if (started) return;
  compileNow(() => initSync({ module: unpackBytes(packed) }));
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

/** Settles as `value` does, if it is a promise of any kind: one that misbehaves rejects, and counts once. */
export async function promiseOf<T>(value: T | PromiseLike<T>): Promise<T> {
  return value;
}

/** What the binary stops waiting for when asked to end, and would keep its callbacks for until it settles: maybe never. */
export function untilAborted<T>(value: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(abortReason(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promiseOf(value)
      .finally(() => signal.removeEventListener("abort", abort))
      .then(resolve, reject);
  });
}

/** A signal of this realm that aborts as a caller's does, whatever that is: the binary looks at no other. */
export function followed(given: AbortSignal): { readonly signal: AbortSignal; readonly unfollow: Unsubscribe } {
  if (typeof given?.addEventListener !== "function") {
    throw new TypeError(`signal must be an AbortSignal, got ${given === null ? "null" : typeof given}`);
  }
  const controller = new AbortController();
  const askToStop = (reason: unknown) => controller.abort(reason);
  if (!given.aborted) return { signal: controller.signal, unfollow: follow(given, { askToStop }) };
  askToStop(abortReason(given));
  return { signal: controller.signal, unfollow() {} };
}

export { WasmProvider, WasmWorker };
