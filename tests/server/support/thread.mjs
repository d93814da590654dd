import { exposeJobs } from "../../.packed/node_modules/jobgate/dist/worker.js";
import { bodies } from "./types.mjs";

exposeJobs(bodies);
