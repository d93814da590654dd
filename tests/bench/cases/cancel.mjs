/** Case 8: cancelling jobs that wait behind one that runs. */
import Bottleneck from "bottleneck";
import fastq from "fastq";
import { JobManager } from "jobgate";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { FullManager } from "../floors/js-full.mjs";
import { blockedWork, expectEqual, keys, random } from "../work.mjs";

/** bottleneck needs milliseconds to take a job in. */
const FEW = 25;

export const title = "Cancel pending jobs";
export const units = { time: "ns per job" };
export const notes = [
  "all: one call. all, watched: the same, until every job's promise has rejected. each: every job by its own handle, in random order.",
  "p-limit (rejectOnClear) and bottleneck reject promises that would be reported as unhandled: theirs are always watched.",
  "Only jobgate, js-full and p-queue (a signal for each) can cancel a single job.",
  `bottleneck is measured with ${FEW} jobs.`,
  "js-min can't cancel. pacer, rxjs and effect forget the waiting items of a list without a word to anyone: left out.",
];

export const variants = (quick) => {
  const n = quick ? 10_000 : 100_000;
  return [
    { id: "all", n, how: "all" },
    { id: "all, watched", n, how: "watched" },
    { id: "each", n, how: "each" },
  ];
};

export const pace = (quick) => (quick ? {} : { warm: 40, settle: 2, rounds: [5, 9] });

export const leftOut = ({ how }) => {
  if (how === "all") return ["p-limit", "bottleneck"];
  return how === "each" ? ["p-limit", "fastq", "bottleneck"] : [];
};

function shuffled(n) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const next = random(3);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Counts rejections, and resolves at the last. */
function watchAll(promises) {
  let left = promises.length;
  return new Promise((resolve) => {
    const rejected = () => {
      if (--left === 0) resolve();
    };
    for (const promise of promises) promise.catch(rejected);
  });
}

/** A trial over n pending jobs: `check` sees that none of them ran and none is left. */
const trial = (work, pending, { n }, run, end) => ({
  n,
  ready: async () => {
    while (work.started === 0 || pending() < n) await new Promise((resolve) => setTimeout(resolve, 0));
    expectEqual("jobs pending before", pending(), n);
  },
  run,
  check: () => {
    expectEqual("jobs pending", pending(), 0);
    expectEqual("jobs started", work.started, 1);
  },
  end: () => {
    work.release();
    return end?.();
  },
});

export const contenders = {
  "js-full": (variant) => {
    const { n, how } = variant;
    const work = blockedWork();
    const names = keys(n + 1);
    const manager = new FullManager({ concurrency: 1 });
    manager.runJob(names[n], work.body);
    const jobs = Array.from({ length: n }, (_, i) => manager.runJob(names[i], work.body).job);
    const order = shuffled(n);
    const ended = how === "watched" ? watchAll(jobs.map((job) => job.result)) : undefined;
    const run = async () => {
      if (how !== "each") void manager.stopAll();
      else for (let i = 0; i < n; i++) void jobs[order[i]].stop();
      await ended;
    };
    return trial(
      work,
      () => manager.stats.pending,
      variant,
      run,
      () => manager.onIdle(),
    );
  },

  jobgate: (variant) => {
    const { n, how } = variant;
    const work = blockedWork();
    const names = keys(n + 1);
    const manager = new JobManager({ concurrency: 1 });
    manager.runJob(names[n], work.body);
    const jobs = Array.from({ length: n }, (_, i) => manager.runJob(names[i], work.body).job);
    const order = shuffled(n);
    const ended = how === "watched" ? watchAll(jobs.map((job) => job.result)) : undefined;
    const run = async () => {
      if (how !== "each") void manager.stopAll();
      else for (let i = 0; i < n; i++) void jobs[order[i]].stop();
      await ended;
    };
    return trial(
      work,
      () => manager.stats.pending,
      variant,
      run,
      () => manager.close(),
    );
  },

  "p-queue": (variant) => {
    const { n, how } = variant;
    const work = blockedWork();
    const queue = new PQueue({ concurrency: 1 });
    queue.add(work.body);
    const controllers = how === "each" ? Array.from({ length: n }, () => new AbortController()) : [];
    const promises = Array.from({ length: n }, (_, i) =>
      queue.add(work.body, how === "each" ? { signal: controllers[i].signal } : undefined),
    );
    const order = shuffled(n);
    const ended = how === "all" ? undefined : watchAll(promises);
    const run = async () => {
      if (how !== "each") queue.clear();
      else for (let i = 0; i < n; i++) controllers[order[i]].abort();
      await ended;
    };
    return trial(
      work,
      () => queue.size,
      variant,
      run,
      () => queue.onIdle(),
    );
  },

  "p-limit": (variant) => {
    const work = blockedWork();
    const limit = pLimit({ concurrency: 1, rejectOnClear: true });
    limit(work.body);
    const promises = Array.from({ length: variant.n }, () => limit(work.body));
    const ended = watchAll(promises);
    const run = async () => {
      limit.clearQueue();
      await ended;
    };
    return trial(work, () => limit.pendingCount, variant, run);
  },

  fastq: (variant) => {
    const { n, how } = variant;
    const work = blockedWork();
    const queue = fastq.promise(work.body, 1);
    queue.push(n);
    const promises = Array.from({ length: n }, (_, i) => queue.push(i));
    const ended = how === "watched" ? watchAll(promises) : undefined;
    const run = async () => {
      queue.abort();
      await ended;
    };
    return trial(work, () => queue.length(), variant, run);
  },

  bottleneck: ({ n }) => {
    const few = { n: Math.min(n, FEW) };
    const work = blockedWork();
    const limiter = new Bottleneck({ maxConcurrent: 1 });
    limiter.schedule(work.body);
    const promises = Array.from({ length: few.n }, () => limiter.schedule(work.body));
    const ended = watchAll(promises);
    const run = async () => {
      void limiter.stop({ dropWaitingJobs: true });
      await ended;
    };
    return trial(work, () => limiter.counts().QUEUED, few, run);
  },
};
