// Where a server's jobs run: each worker has a few of these threads.
import { JobRunner, remote } from "jobgate/runner";
import { exposeJobs } from "jobgate/worker";
import { bodies } from "./bodies.mjs";

// The five types that come with the package run in a runner of this thread.
const runner = new JobRunner({ concurrency: Infinity, retain: 0 });
const builtins = runner.getJobTypes().map((type) => [type.name, remote(type, runner.asQueue()).execute]);

exposeJobs({ ...Object.fromEntries(builtins), ...bodies });
