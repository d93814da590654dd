import { outcome } from "./job.js";

document.body.dataset.outcome = await outcome;
