import { outcomes } from "./anywhere.js";
import { report } from "./report.js";

report(outcomes);
