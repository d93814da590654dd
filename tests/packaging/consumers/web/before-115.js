import { JobManager } from "jobgate";
import { init, JobManager as SameManager } from "jobgate/slim";
import { WorkerPool } from "jobgate/worker-pool";
import { report } from "./report.js";

const refused = (make) => {
  try {
    return make();
  } catch ({ name, code, message, cause }) {
    return { name, code, remedy: message.split(": ")[1], cause: cause.name };
  }
};

const outcomes = { manager: refused(() => new JobManager()) };
report(
  init("/jobgate.wasm").then(async () => {
    const { result } = new SameManager().runJob("answer", async () => 42).job;
    return { ...outcomes, pool: refused(() => new WorkerPool()), slim: await result };
  }),
);
