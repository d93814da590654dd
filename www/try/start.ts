import type { RunJobResult, RunOptions } from "jobgate";
import type { RunWishes } from "../shared/run-options.tsx";
import { type Body, withTidyUp } from "./bodies/body.ts";
import { download } from "./bodies/download.ts";
import { flaky } from "./bodies/flaky.ts";
import { countPrimes } from "./bodies/primes.ts";
import { manager, type Work, type WorkJob, type WorkState } from "./manager.ts";
import { askToStop } from "./stop-barriers.ts";

/** What the form holds. Numbers that jobgate takes are passed on as they are: it refuses what is none or out of bounds. */
export interface Wish extends RunWishes {
  readonly key: string;
  readonly work: Work;
  /** Bytes a second, as text; "" is as fast as it goes. */
  readonly rate: string;
  readonly primeLimit: string;
  readonly onDuplicate: NonNullable<RunOptions["onDuplicate"]>;
  readonly retryDelay: number | undefined;
  readonly tidyUp: number | undefined;
}

export const workNames: Record<Work, string> = {
  download: "Download a file",
  primes: "Count primes on the page",
  flaky: "Flaky: fails twice, then works",
};

function bodyOf(wish: Wish): Body {
  switch (wish.work) {
    case "download":
      return download(wish.rate === "" ? undefined : Number(wish.rate));
    case "primes":
      return countPrimes(Number(wish.primeLimit));
    case "flaky":
      return flaky();
  }
}

/** Throws what `runJob` throws, and for what that is not given. */
export function start(wish: Wish): RunJobResult<WorkJob> {
  const { tidyUp = 0 } = wish;
  if (wish.key === "") throw new TypeError("The key must be a text, got none");
  if (!(tidyUp >= 0)) throw new RangeError(`Tidy up must be a number of milliseconds, 0 or more, got ${tidyUp}`);
  const standing = manager.getRunningJob(wish.key);
  const answer = manager.runJob(wish.key, withTidyUp(tidyUp, bodyOf(wish)), {
    onDuplicate: wish.onDuplicate,
    priority: wish.priority,
    retry: {
      limit: wish.retries ?? 0,
      backoff: "exponential",
      jitter: "none",
      ...(wish.retryDelay === undefined ? {} : { delay: wish.retryDelay }),
    },
    ...(wish.timeout === undefined ? {} : { timeout: wish.timeout }),
    initialState: { work: wish.work, paused: false, note: "not started" } satisfies WorkState,
  });
  if (wish.onDuplicate === "replace" && standing) askToStop(standing);
  return answer;
}
