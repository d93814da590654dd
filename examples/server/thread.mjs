import { exposeJobs } from "jobgate/worker";
import { bodies } from "./bodies.mjs";

exposeJobs(bodies);
