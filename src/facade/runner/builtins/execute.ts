// The built-in bodies with their binary: loaded when the first of them starts, so that who brings only types of their own
// does not pay for them.

import init, { reportPanics } from "../../../../build/wasm-builtins/builtins.js";
import packed from "../../../../build/wasm-builtins/inline.js";
import { unpackBytes } from "../../wasm/unpack-bytes.js";
import type { TaskContext } from "../types.js";
import { bodies } from "./bodies.js";

let ready: Promise<unknown> | undefined;

/** `onPanic` is told when the binary has broken. */
export async function executeBuiltin(
  type: string,
  params: Record<string, unknown>,
  context: TaskContext,
  onPanic: (message: string) => void,
): Promise<unknown> {
  ready ??= init({ module_or_path: unpackBytes(packed) }).then(() => reportPanics(onPanic));
  await ready;
  return bodies[type]!(params, context);
}
