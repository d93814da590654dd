import { JobRunner, type JobType } from "jobgate/runner";
import type { SharedJobType } from "jobgate/shared";
import { WorkerPool } from "jobgate/worker-pool";
import { types } from "../../examples/server/types.mjs";
import { isDemo } from "./address.ts";
import { upload } from "./upload.ts";

const POOL_SIZE = 2;

/** Those that compute: in a page they run in a worker of the pool, as `worker/worker.ts` has them. */
const inWorker = new Set(["sieve", "stubborn"]);

/** Of this tab: what computes runs there, and the page stays smooth. */
export const pool = new WorkerPool({
  size: POOL_SIZE,
  spawn: () => new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module", name: "jobgate pool" }),
});

const pooled = types.map((type: JobType) => (inWorker.has(type.name) ? pool.jobType(type) : type));

/** Besides the five that come with the package. Every tab has them all, so that any of them can go on with any job. */
export const pageTypes: readonly SharedJobType[] = isDemo ? [...pooled, upload] : pooled;

/** In a worker of the pool, or on the page's thread. */
export const runsInPage = (type: string): "pool worker" | "page" => (inWorker.has(type) ? "pool worker" : "page");

/** The queue of this page alone, which also knows what params may be, wherever the jobs run. */
export const pageRunner = new JobRunner({ types: pageTypes });
