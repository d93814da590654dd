import { runPool } from "./programs/run-pool.js";
import { report } from "./report.js";

report(runPool());
