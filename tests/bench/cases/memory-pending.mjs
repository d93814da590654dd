/** Case 6, first half: jobs that wait for the one slot, which a job holds that does not end. */
import Bottleneck from "bottleneck";
import fastq from "fastq";
import { JobManager } from "jobgate";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { FullManager } from "../floors/js-full.mjs";
import { MinManager } from "../floors/js-min.mjs";
import { few } from "../memory-case.mjs";
import { blockedWork, expectEqual, keys } from "../work.mjs";

export { pace, sample, units } from "../memory-case.mjs";

export const title = "Memory per pending job";
export const notes = [
  "bottleneck is measured with 200 jobs.",
  "JavaScript heap after garbage collection, plus WebAssembly memory; body and key strings are shared and not counted.",
  "pacer, effect and rxjs are left out: what waits there is the bare value in a list, no job yet. xstate has no limit, so nothing waits.",
];

export const variants = (quick) => [{ id: "pending", n: quick ? 3000 : 100_000 }];

/** `open(work)` makes a queue with one slot: `add(i)`, and how many wait. Without `close` the queue is left to the collector. */
const contender =
  (open) =>
  ({ n: all }) => {
    const { add, waiting, close, usesWasm, n = all } = open(blockedWork(), keys(all + 1));
    add(n);
    return {
      n,
      usesWasm,
      run: async () => {
        for (let i = 0; i < n; i++) add(i);
        while (waiting() < n) await new Promise((resolve) => setTimeout(resolve, 1));
      },
      check: () => expectEqual("jobs waiting", waiting(), n),
      end: close,
    };
  };

export const contenders = {
  "js-min": contender((work, names) => {
    const manager = new MinManager(1);
    return { add: (i) => void manager.runJob(names[i], work.body), waiting: () => manager.queue.length - manager.head };
  }),

  "js-full": contender((work, names) => {
    const manager = new FullManager({ concurrency: 1 });
    return { add: (i) => void manager.runJob(names[i], work.body), waiting: () => manager.stats.pending };
  }),

  jobgate: contender((work, names) => {
    const manager = new JobManager({ concurrency: 1 });
    return {
      usesWasm: true,
      add: (i) => void manager.runJob(names[i], work.body),
      waiting: () => manager.stats.pending,
      close: () => {
        work.release();
        return manager.close();
      },
    };
  }),

  "p-queue": contender((work) => {
    const queue = new PQueue({ concurrency: 1 });
    return { add: () => void queue.add(work.body), waiting: () => queue.size };
  }),

  "p-limit": contender((work) => {
    const limit = pLimit(1);
    return { add: () => void limit(work.body), waiting: () => limit.pendingCount };
  }),

  fastq: contender((work) => {
    const queue = fastq.promise(work.body, 1);
    return { add: (i) => void queue.push(i), waiting: () => queue.length() };
  }),

  bottleneck: contender((work, { length }) => {
    const limiter = new Bottleneck({ maxConcurrent: 1 });
    return { n: few(length), add: () => void limiter.schedule(work.body), waiting: () => limiter.counts().QUEUED };
  }),
};
