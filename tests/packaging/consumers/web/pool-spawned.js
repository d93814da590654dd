import { runPool } from "./programs/run-pool.js";
import { report } from "./report.js";

const spawn = () => new Worker(new URL("./default-worker.js", import.meta.url), { type: "module" });
report(runPool({ spawn }));
