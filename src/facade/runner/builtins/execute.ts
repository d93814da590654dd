// The built-in bodies with their binary: loaded when the first of them starts, so that who brings only types of their own
// does not pay for them.

import init, { reportPanics } from "../../../../build/wasm-builtins/builtins.js";
import packed from "../../../../build/wasm-builtins/inline.js";
import { unpackBytes } from "../../wasm/unpack-bytes.js";
import type { TaskContext } from "../types.js";
import { bodies } from "./bodies.js";

let ready: Promise<unknown> | undefined;

async function load(onPanic: (message: string) => void): Promise<void> {
  await init({ module_or_path: unpackBytes(packed) });
  reportPanics(onPanic);
}

/** `onPanic` is told when the binary has broken. */
export async function executeBuiltin(
  type: string,
  params: Record<string, unknown>,
  context: TaskContext,
  onPanic: (message: string) => void,
): Promise<unknown> {
  ready ??= load(onPanic).catch((error) => {
    // The next that starts tries again.
    ready = undefined;
    throw error;
  });
  await ready;
  return bodies[type]!(params, context);
}
