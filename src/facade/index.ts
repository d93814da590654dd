// "jobgate": the wasm is inside, nothing to wait for.

import packed from "../../build/wasm/inline.js";
import { provideWasm } from "./wasm/engine.js";
import { unpackBytes } from "./wasm/unpack-bytes.js";

provideWasm(() => unpackBytes(packed));

export * from "./api.js";
