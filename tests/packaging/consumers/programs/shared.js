import { SharedRunner } from "jobgate/shared";

async function run() {
  const runner = new SharedRunner({ name: "consumer", fallback: "memory" });
  const { job } = await runner.runJob("key", "prime", { limit: 100 });
  const { count } = await job.result;
  await runner.close();
  return `${job.record.status}, ${count} primes`;
}

export const outcome = run();
