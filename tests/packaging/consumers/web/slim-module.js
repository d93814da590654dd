import { init } from "jobgate/slim";
import { report } from "./report.js";
import { runSlim } from "./run-slim.js";

report(WebAssembly.compileStreaming(fetch("/jobgate.wasm")).then(init).then(runSlim));
