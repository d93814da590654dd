// "jobgate": the wasm is inside, nothing to wait for.

import text, { order, size } from "../../build/wasm/inline.js";
import { provideWasm } from "./wasm/engine.js";
import { unpackBytes } from "./wasm/unpack-bytes.js";

provideWasm(() => unpackBytes(text, order, size));

export * from "./api.js";
