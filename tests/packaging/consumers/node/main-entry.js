import { JobManager } from "jobgate";

const { job } = new JobManager().runJob("answer", async () => 42);
console.log(await job.result);
