import { report } from "./report.js";

report(import("./anywhere.js").then(({ outcomes }) => outcomes));
