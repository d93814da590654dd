import { JobManager } from "jobgate/slim";
import { testContext, useTestClock } from "jobgate/testing";

async function halfway({ progress }) {
  progress(50);
}

async function wait() {
  const context = testContext();
  await halfway(context);
  const clock = useTestClock({ now: 0 });
  const { job } = new JobManager().runJob("later", halfway, { delay: 60_000 });
  await clock.advance(60_000);
  clock.restore();
  return `${job.status} after ${job.finishedAt} ms, ${context.progresses[0].percent} % without a manager`;
}

export const outcome = wait();
