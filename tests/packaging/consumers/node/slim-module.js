import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { init, JobManager } from "jobgate/slim";

await init(new WebAssembly.Module(await readFile(fileURLToPath(import.meta.resolve("jobgate/jobgate.wasm")))));
const { job } = new JobManager().runJob("answer", async () => 42);
console.log(await job.result);
