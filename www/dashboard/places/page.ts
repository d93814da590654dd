import { pageRunner, runsInPage } from "../job-types.ts";
import { type Place, paced } from "./place.ts";

const THIS = "this page";

/** This page's own queue: gone with it. */
export function openPage(): Place {
  const queue = pageRunner.asQueue();
  return {
    name: "page",
    queue: paced(queue),
    ready: Promise.resolve(),
    storage: "page",
    get capacity() {
      return pageRunner.getWorkerStats().capacity;
    },
    types: pageRunner.getJobTypes(),
    validate: pageRunner.validateJobParams,
    own: THIS,
    nameOf: () => THIS,
    runnerOf: () => undefined,
    runsIn: runsInPage,
    begun: ({ attempt }) => ({ by: THIS, epoch: attempt, from: Date.now() }),
    onEvent: pageRunner.onEvent,
    // Its jobs run on while others are looked at.
    close: async () => {},
  };
}
