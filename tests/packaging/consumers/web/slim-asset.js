import url from "jobgate/jobgate.wasm?url";
import { init } from "jobgate/slim";
import { report } from "./report.js";
import { runSlim } from "./run-slim.js";

report(init(url).then(runSlim));
