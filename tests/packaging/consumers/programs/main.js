import { JobManager } from "jobgate";

const { job } = new JobManager().runJob("answer", async (context) => {
  await context.checkpoint();
  return 42;
});
export const outcome = job.settled.then(({ type, result }) => `${type} ${result}`);
