// "jobgate": the wasm is inside, nothing to wait for.

import base64 from "../../build/wasm/inline.js";
import { provideWasm } from "./engine.js";

provideWasm(() => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));

export * from "./api.js";
