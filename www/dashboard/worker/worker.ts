// What runs in a worker of the pool: see `inWorker` in job-types.ts.

import { exposeJobs } from "jobgate/worker";
import { bodies } from "../../../examples/server/bodies.mjs";

exposeJobs({ sieve: bodies.sieve, stubborn: bodies.stubborn });
