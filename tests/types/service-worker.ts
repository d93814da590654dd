// Every name of "jobgate/service-worker", with the type that it is promised to have.
import type { HandlerOptions } from "jobgate/runner";
import { type ServeOptions, serveJobs } from "jobgate/service-worker";
import type { Fits, Is, Same } from "./expect.js";

export type ServiceWorker = [
  Is<Same<typeof serveJobs, (options?: ServeOptions) => void>>,
  Is<Fits<typeof serveJobs, (options?: HandlerOptions & { name?: string }) => void>>,
];

serveJobs();
serveJobs({ name: "uploads", base: "/jobs", keepAlive: 5000, authorize: () => true });
// @ts-expect-error: a name is text
serveJobs({ name: 1 });
