import { outcome } from "./job.js";

postMessage(await outcome);
