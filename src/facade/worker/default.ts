// "jobgate/worker/default": the worker that a pool starts where it is not given another. It knows the built-in job types;
// the page compiles their binary once and hands it to every worker.

import { initSync, validate } from "../../../build/wasm-builtins/builtins.js";
import { invalidParams } from "../errors.js";
import { bodies } from "../runner/builtins/bodies.js";
import { builtinJobTypes } from "../runner/builtins/names.js";
import type { Validation } from "../runner/types.js";
import type { WorkerContext } from "./context.js";
import { expose } from "./expose.js";

let started = false;

function start(module: WebAssembly.Module): void {
  initSync({ module });
  started = true;
}

const body = (type: string) => (params: unknown, context: WorkerContext) => {
  if (!started) throw new Error("The page has not sent the binary of the built-in types");
  const validation: Validation = validate(type, params ?? {});
  if (!validation.valid) throw invalidParams(validation.errors);
  return bodies[type]!(validation.params, context);
};

expose(new Map(builtinJobTypes.map((type) => [type, body(type)])), start);
