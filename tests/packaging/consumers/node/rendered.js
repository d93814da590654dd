import { JobManager } from "jobgate";
import { useJob, useJobs, useQueue } from "jobgate/react";
import { JobRunner } from "jobgate/runner";
import { createElement } from "react";
import { renderToString } from "react-dom/server";

const manager = new JobManager();
const runner = new JobRunner();
manager.runJob("key", async () => 42, { initialState: "here" });
runner.createJob("echo", { message: "there", delay: 1 });

function Page() {
  const { status, state } = useJob(manager, "key");
  return `${status} ${state} ${useJobs(manager).jobs.length} ${useQueue(runner).stats.total}`;
}

console.log(renderToString(createElement(Page)));
