import { JobManager } from "jobgate/slim";

export async function runSlim() {
  const { type, result } = await new JobManager().runJob("answer", async () => 42).job.settled;
  return { "jobgate/slim": `${type} ${result}` };
}
