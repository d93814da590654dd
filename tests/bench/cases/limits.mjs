/** Case 10: jobs with retry, timeout and signal set, none of which comes into play. */
import { Effect } from "effect";
import { JobManager } from "jobgate";
import PQueue from "p-queue";
import { defer, fromEvent, retry, takeUntil, timeout } from "rxjs";
import { FullManager } from "../floors/js-full.mjs";
import { countingWork, expectEqual, keys } from "../work.mjs";

export const title = "Jobs with retry, timeout and signal";
export const units = { time: "ns per job" };
export const notes = [
  "3 retries, a timeout of 10 s and an AbortSignal on every job; none fails, none takes long, nobody aborts.",
  "p-queue has no retry: it does less.",
  "effect and rxjs run each job by itself, without a limit: they take part at concurrency ∞ only.",
  "pacer and bottleneck take no signal, p-limit and fastq none of the three, xstate retries by a state machine: left out.",
];

export const variants = (quick) => {
  const n = quick ? 2000 : 10_000;
  return [
    { id: "one signal for all, ∞ at once", n, concurrency: Infinity },
    { id: "one signal for all, 10 at once", n, concurrency: 10 },
    { id: "a signal each, ∞ at once", n, concurrency: Infinity, own: true },
  ];
};

export const leftOut = ({ concurrency }) => (concurrency === Infinity ? [] : ["effect", "rxjs"]);

function makeSignals({ n, own }) {
  const shared = new AbortController();
  return Array.from({ length: n }, () => (own ? new AbortController() : shared).signal);
}

const contender = (open) => (variant) => {
  const work = countingWork();
  const { run, close } = open(work, variant, makeSignals(variant));
  return { run, check: () => work.check(variant.n), end: close };
};

export const contenders = {
  "js-full": contender((work, { n, concurrency }, signals) => {
    const manager = new FullManager({ concurrency });
    const names = keys(n);
    return {
      run: () => {
        for (let i = 0; i < n; i++)
          manager.runJob(names[i], work.body, { retry: 3, timeout: 10_000, signal: signals[i] });
        return manager.onIdle();
      },
      close: () => expectEqual("completed", manager.stats.completed, n),
    };
  }),

  jobgate: contender((work, { n, concurrency }, signals) => {
    const manager = new JobManager({ concurrency });
    const names = keys(n);
    return {
      run: () => {
        for (let i = 0; i < n; i++)
          manager.runJob(names[i], work.body, { retry: 3, timeout: 10_000, signal: signals[i] });
        return manager.onIdle();
      },
      close: () => {
        expectEqual("completed", manager.stats.completed, n);
        return manager.close();
      },
    };
  }),

  "p-queue": contender((work, { n, concurrency }, signals) => {
    const queue = new PQueue({ concurrency });
    return {
      run: () => {
        for (let i = 0; i < n; i++) queue.add(work.body, { timeout: 10_000, signal: signals[i] });
        return queue.onIdle();
      },
    };
  }),

  effect: contender((work, { n }, signals) => {
    const job = Effect.promise(work.body).pipe(Effect.timeout(10_000), Effect.retry({ times: 3 }));
    return {
      run: () => {
        const promises = [];
        for (let i = 0; i < n; i++) promises.push(Effect.runPromise(job, { signal: signals[i] }));
        return Promise.all(promises);
      },
    };
  }),

  rxjs: contender((work, { n }, signals) => ({
    run: () =>
      new Promise((resolve) => {
        let left = n;
        const complete = () => --left === 0 && resolve();
        for (let i = 0; i < n; i++) {
          defer(work.body)
            .pipe(timeout(10_000), retry(3), takeUntil(fromEvent(signals[i], "abort")))
            .subscribe({ complete });
        }
      }),
  })),
};
