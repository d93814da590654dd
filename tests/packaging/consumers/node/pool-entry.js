import { JobManager } from "jobgate";
import { exposeJobs } from "jobgate/worker";
import { WorkerPool } from "jobgate/worker-pool";

// It loads, and says what it does without.
const { job } = new JobManager().runJob("primes", new WorkerPool().job("prime", { limit: 100 }));
const { type, error } = await job.settled;
console.log(`${typeof exposeJobs} ${type} ${error.name}: ${error.message}`);
