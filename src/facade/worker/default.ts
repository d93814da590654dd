// "jobgate/worker/default": the worker that a pool starts where it is not given another. It knows the built-in job types;
// the page compiles their binary once and hands it to every worker.

import { describeBuiltins, initSync, validate } from "../../../build/wasm-builtins/builtins.js";
import { invalidParams } from "../errors.js";
import { bodies } from "../runner/builtins/bodies.js";
import { builtinJobTypes } from "../runner/builtins/names.js";
import type { ParamSpec, TypeDescription, Validation } from "../runner/types.js";
import type { WorkerContext } from "./context.js";
import { expose } from "./expose.js";

let known: ReadonlyMap<string, readonly ParamSpec[]> | undefined;

function start(module: WebAssembly.Module): void {
  initSync({ module });
  const types: TypeDescription[] = JSON.parse(describeBuiltins());
  known = new Map(types.map(({ name, params }) => [name, params]));
}

const body = (type: string) => (params: unknown, context: WorkerContext) => {
  if (known === undefined) throw new Error("The page has not sent the binary of the built-in types");
  const validation: Validation = validate(known.get(type), params ?? {});
  if (!validation.valid) throw invalidParams(validation.errors);
  return bodies[type]!(validation.params, context);
};

expose(new Map(builtinJobTypes.map((type) => [type, body(type)])), start);
