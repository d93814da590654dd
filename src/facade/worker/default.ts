// "jobgate/worker/default": the worker that a pool starts where it is not given another. It knows the built-in job types;
// the page compiles their binary once and hands it to every worker.

import { initSync, WasmRunner } from "../../../build/wasm-runner/runner.js";
import { invalidParams } from "../errors.js";
import { builtinJobTypes } from "../runner/builtins.js";
import type { Validation } from "../runner/types.js";
import type { WorkerContext } from "./context.js";
import { expose } from "./expose.js";

let rules: WasmRunner | undefined;

function start(module: WebAssembly.Module): void {
  initSync({ module });
  rules = new WasmRunner(0);
  rules.addBuiltins(true);
}

const body = (type: string) => (params: unknown, context: WorkerContext) => {
  if (rules === undefined) throw new Error("The page has not sent the binary of the built-in types");
  const validation: Validation = rules.validate(type, params ?? {});
  if (!validation.valid) throw invalidParams(validation.errors);
  return WasmRunner.executeBuiltin(type, validation.params, context);
};

expose(new Map(builtinJobTypes.map((type) => [type, body(type)])), start);
