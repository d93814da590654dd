// "jobgate/service-worker": REST and server-sent events for the queue that all tabs share, without a tab's help.

export { type ServeOptions, serveJobs } from "./service-worker/serve.js";
