import { type Completion, gate, JobManager, type ManagedJob, subject } from "jobgate";
import * as slim from "jobgate/slim";

const manager = new JobManager<string, number, "faster", string>({ concurrency: 2 });
const { job } = manager.runJob("key", async (context) => `${context.attempt}`, { initialState: 0 });
const typed: ManagedJob<string, number, "faster", string> = job;
const completion: Promise<Completion<string>> = typed.settled;
const sameClass: typeof JobManager = slim.JobManager;
subject<number>().next(1);
gate().open();
// @ts-expect-error: not an action of this manager's jobs
job.dispatch("slower");

export { completion, sameClass };
