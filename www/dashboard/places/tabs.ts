import { SharedRunner } from "jobgate/shared";
import { pageTypes, runsInPage } from "../job-types.ts";
import { tabName } from "../words.ts";
import { type Place, paced } from "./place.ts";

/** One queue for all tabs, kept on this device. `execute`: this tab runs jobs, and does not only watch. */
export function openTabs(execute: boolean): Place {
  const queue = new SharedRunner({ name: "dashboard", types: pageTypes, fallback: "memory", execute });
  return {
    name: "tabs",
    queue: paced(queue),
    ready: queue.ready,
    get storage() {
      return queue.storage;
    },
    get capacity() {
      return queue.getWorkerStats().capacity;
    },
    types: queue.getJobTypes(),
    validate: queue.validateJobParams,
    own: queue.tab,
    nameOf: (tab) => tabName(tab, queue.tab),
    runnerOf: ({ owner }) => owner?.tab,
    runsIn: runsInPage,
    begun({ owner, started_at: from = Date.now() }) {
      // The tab that runs a job writes that down for all.
      return owner?.tab === queue.tab ? { by: owner.tab, epoch: owner.epoch, from } : undefined;
    },
    onEvent: queue.onEvent,
    close: () => queue.close(),
  };
}
