// The binary of the built-in job types, for the workers. Imported when the first worker asks for it.

import packed from "../../../build/wasm-builtins/inline.js";
import { unpackBytes } from "../wasm/unpack-bytes.js";

let compiled: Promise<WebAssembly.Module> | undefined;

export function builtinsModule(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(unpackBytes(packed)).catch((error) => {
    // The next worker may have more luck, where it was memory that there was not.
    compiled = undefined;
    throw error;
  });
  return compiled;
}
