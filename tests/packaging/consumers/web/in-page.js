import { report } from "./report.js";
import { outcomes } from "./whole.js";

report(outcomes);
