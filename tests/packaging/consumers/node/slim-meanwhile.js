import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { JobRunner } from "jobgate/runner";
import { init, JobManager } from "jobgate/slim";

const module = new WebAssembly.Module(await readFile(fileURLToPath(import.meta.resolve("jobgate/jobgate.wasm"))));
const { instantiate } = WebAssembly;
WebAssembly.instantiate = (...given) => {
  // Of the promises that are waited for here, none has settled: the other entry starts the engine before them.
  if (given[0] === module) new JobRunner();
  return instantiate(...given);
};
await init(module);
const { job } = new JobManager().runJob("slow", ({ sleep }) => sleep(1000), { timeout: 1 });
console.log((await job.settled).type);
