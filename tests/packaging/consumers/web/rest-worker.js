import { serveJobs } from "jobgate/service-worker";

serveJobs();
// Another number each time that the browser has started it.
const born = Math.random();
addEventListener("message", ({ source }) => source.postMessage(born));
