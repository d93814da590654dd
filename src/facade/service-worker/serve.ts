import { jobHandler } from "../http/handler.js";
import type { HandlerOptions } from "../http/options.js";
import { checkObject, checkString } from "../support/check.js";
import { isServiceWorker } from "../support/realm.js";
import { StoreQueue } from "./store-queue.js";

export interface ServeOptions extends HandlerOptions {
  /**
   * Of the queue: the `name` of the `SharedRunner`s in the tabs.
   * @default "jobgate"
   */
  name?: string;
}

interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/**
 * Answers the routes of `jobHandler` for the queue of `jobgate/shared`, from the store alone: also after the browser has
 * stopped the worker, and while no tab is awake. What runs jobs are the tabs; a job that is created here is one of theirs,
 * with their `maxPending` and `retain`, its params checked by what the tabs have last said of their types. A type that no
 * tab has made known yet is refused with 400.
 *
 * Call it while the worker's script is first evaluated. It listens for `fetch` and leaves all else alone: other requests,
 * installing, activating. A stream begins with the job's present state, so it is taken up again after the worker was
 * stopped. Throws TypeError or RangeError for options that are wrong, and TypeError outside of a service worker.
 */
export function serveJobs(options: ServeOptions = {}): void {
  checkObject("options", options);
  const name = checkString("name", options.name) ?? "jobgate";
  const handler = jobHandler(new StoreQueue(name), options);
  if (!isServiceWorker())
    throw new TypeError("serveJobs is for service workers: a page has jobFetch(jobHandler(queue))");
  addEventListener("fetch", (event) => {
    const { request } = event as FetchEvent;
    const response = handler(request);
    if (response !== undefined) (event as FetchEvent).respondWith(response);
  });
}
