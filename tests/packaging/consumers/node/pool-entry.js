import { JobManager } from "jobgate";
import { exposeJobs } from "jobgate/worker";
import { WorkerPool } from "jobgate/worker-pool";

// The package's own worker, in a thread. Nothing is closed: without a job the pool does not keep the process running.
const { job } = new JobManager().runJob("primes", new WorkerPool().job("prime", { limit: 100 }));
console.log(`${typeof exposeJobs} ${(await job.result).count}`);
