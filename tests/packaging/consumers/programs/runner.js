import { JobRunner } from "jobgate/runner";
import { JobManager } from "jobgate/slim";

async function run() {
  const runner = new JobRunner();
  const { id } = runner.createJob("prime", { limit: 100 });
  for await (const { event } of runner.watch(id)) if (event === "failed") break;
  const shared = runner.manager instanceof JobManager ? "one engine" : "two engines";
  return `${runner.getJob(id).status}, ${runner.getJob(id).result.count} primes, ${shared}`;
}

export const outcome = run();
