/** Case 6, second half: jobs that run, all waiting for the same promise. */
import Bottleneck from "bottleneck";
import { Effect } from "effect";
import fastq from "fastq";
import { JobManager } from "jobgate";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { from, mergeMap } from "rxjs";
import { createActor, fromPromise } from "xstate";
import { FullManager } from "../floors/js-full.mjs";
import { MinManager } from "../floors/js-min.mjs";
import { few } from "../memory-case.mjs";
import { blockedWork, expectEqual, keys } from "../work.mjs";

export { pace, sample, units } from "../memory-case.mjs";

export const title = "Memory per running job";
export const notes = [
  "bottleneck is measured with 200 jobs.",
  "JavaScript heap after garbage collection, plus WebAssembly memory; body and key strings are shared and not counted.",
  "pacer is left out: it copies its list of running items on every start, 100,000 would take minutes.",
];

export const variants = (quick) => [{ id: "running", n: quick ? 3000 : 100_000 }];

/** `open(work)` makes something without a limit: `add(i)`, or `addAll(names)` where jobs are started as one list. */
const contender =
  (open) =>
  ({ n: all }) => {
    const work = blockedWork();
    const { add, addAll, close, usesWasm, n = all } = open(work, keys(all));
    return {
      n,
      usesWasm,
      run: async () => {
        if (addAll) await addAll();
        else for (let i = 0; i < n; i++) add(i);
        while (work.started < n) await new Promise((resolve) => setTimeout(resolve, 1));
      },
      check: () => expectEqual("jobs started", work.started, n),
      end: close,
    };
  };

export const contenders = {
  "js-min": contender((work, names) => {
    const manager = new MinManager();
    return { add: (i) => void manager.runJob(names[i], work.body) };
  }),

  "js-full": contender((work, names) => {
    const manager = new FullManager();
    return { add: (i) => void manager.runJob(names[i], work.body) };
  }),

  jobgate: contender((work, names) => {
    const manager = new JobManager();
    return {
      usesWasm: true,
      add: (i) => void manager.runJob(names[i], work.body),
      close: () => {
        work.release();
        return manager.close();
      },
    };
  }),

  "p-queue": contender((work) => {
    const queue = new PQueue();
    return { add: () => void queue.add(work.body) };
  }),

  "p-limit": contender((work) => {
    const limit = pLimit(Infinity);
    return { add: () => void limit(work.body) };
  }),

  fastq: contender((work) => {
    const queue = fastq.promise(work.body, Infinity);
    return { add: (i) => void queue.push(i) };
  }),

  bottleneck: contender((work, { length }) => {
    const limiter = new Bottleneck();
    return { n: few(length), add: () => void limiter.schedule(work.body) };
  }),

  effect: contender((work, names) => ({
    addAll: () => {
      const job = () => Effect.promise(work.body);
      Effect.runFork(Effect.forEach(names, job, { concurrency: "unbounded", discard: true }));
    },
  })),

  rxjs: contender((work, names) => ({
    addAll: () => void from(names).pipe(mergeMap(work.body)).subscribe(),
  })),

  xstate: contender((work) => {
    const logic = fromPromise(work.body);
    return { add: () => void createActor(logic).start() };
  }),
};
