/** Case 2: the next job is started when the result of the one before is there. */
import Bottleneck from "bottleneck";
import { Effect } from "effect";
import fastq from "fastq";
import { JobManager } from "jobgate";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { defer, lastValueFrom } from "rxjs";
import { createActor, fromPromise, toPromise } from "xstate";
import { FullManager } from "../floors/js-full.mjs";
import { MinManager } from "../floors/js-min.mjs";
import { countingWork, expectEqual, keys } from "../work.mjs";

export const title = "One job at a time";
export const units = { time: "ns per job" };
export const notes = ["pacer is left out: adding an item gives no promise to wait for."];

export const variants = (quick) => [{ id: "await each result", n: quick ? 1000 : 10_000 }];

/** `open(work)` makes the function that runs job i and gives its promise. */
const contender =
  (open) =>
  ({ n }) => {
    const work = countingWork();
    const { run, close } = open(work, n);
    let sum = 0;
    const add = (value) => {
      sum += value;
    };
    return {
      run: () => run(add),
      check: () => {
        work.check(n);
        expectEqual("sum of results", sum, (n * (n + 1)) / 2);
      },
      end: close,
    };
  };

export const contenders = {
  "js-min": contender((work, n) => {
    const manager = new MinManager();
    const names = keys(n);
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await manager.runJob(names[i], work.body).job.result);
      },
    };
  }),

  "js-full": contender((work, n) => {
    const manager = new FullManager();
    const names = keys(n);
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await manager.runJob(names[i], work.body).job.result);
      },
    };
  }),

  jobgate: contender((work, n) => {
    const manager = new JobManager();
    const names = keys(n);
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await manager.runJob(names[i], work.body).job.result);
      },
      close: () => manager.close(),
    };
  }),

  "p-queue": contender((work, n) => {
    const queue = new PQueue({ concurrency: 1 });
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await queue.add(work.body));
      },
    };
  }),

  "p-limit": contender((work, n) => {
    const limit = pLimit(1);
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await limit(work.body));
      },
    };
  }),

  fastq: contender((work, n) => {
    const queue = fastq.promise(work.body, 1);
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await queue.push(i));
      },
    };
  }),

  bottleneck: contender((work, n) => {
    const limiter = new Bottleneck({ maxConcurrent: 1 });
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await limiter.schedule(work.body));
      },
    };
  }),

  effect: contender((work, n) => {
    const job = Effect.promise(work.body);
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await Effect.runPromise(job));
      },
    };
  }),

  rxjs: contender((work, n) => {
    const job = defer(work.body);
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await lastValueFrom(job));
      },
    };
  }),

  xstate: contender((work, n) => {
    const logic = fromPromise(work.body);
    return {
      run: async (add) => {
        for (let i = 0; i < n; i++) add(await toPromise(createActor(logic).start()));
      },
    };
  }),
};
