// The binary of what is asked of a store, and of params. The only file that knows its generated code.

import packed from "../../../build/wasm-service-worker/inline.js";
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
  reportPanics,
  stop,
  validate,
} from "../../../build/wasm-service-worker/service-worker.js";
import { EngineError, report } from "../errors.js";
import type { ParamSpec, Validation } from "../runner/types.js";
import type { RequestRules } from "../shared/wasm.js";
import { unpackBytes } from "../wasm/unpack-bytes.js";

export interface StoreRules extends RequestRules {
  /** Undefined where the specs make no sense. */
  validate(specs: readonly ParamSpec[], params: unknown): Validation | undefined;
}

let rules: StoreRules | undefined;

/** Compiled when first needed. */
export function storeRules(): StoreRules {
  if (rules === undefined) {
    initSync({ module: unpackBytes(packed) });
    // What had called gets the trap itself.
    reportPanics((message: string) => report(new EngineError(`The rules have failed: ${message}`, "E_ENGINE")));
    rules = { again, create, excess, isId, newRow, place, prioritize, promote, stop, validate };
  }
  return rules;
}
