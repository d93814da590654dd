import { JobManager } from "jobgate";

export const first = new JobManager().runJob("first", async () => 1).job.result;
