import { init } from "jobgate/slim";
import { report } from "./report.js";
import { runSlim } from "./run-slim.js";

report(init("/jobgate.wasm").then(runSlim));
