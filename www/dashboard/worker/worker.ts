// What runs in a worker of the pool: see `workerTypes` in job-types.ts.

import { exposeJobs } from "jobgate/worker";
import { sieve } from "./sieve.ts";

exposeJobs({
  sieve,
  /** One loop, in which no message arrives: it cannot hear that it is to stop. */
  stubborn({ seconds }: { seconds: number }, { progress, log }) {
    log("It does not listen from here on");
    const begun = performance.now();
    for (let gone = 0; gone < seconds; gone = (performance.now() - begun) / 1000) {
      progress((gone / seconds) * 100, `${Math.ceil(seconds - gone)} seconds to go, whoever asks`);
    }
    return { listened: false, seconds };
  },
});
