/** Case 1: many jobs of an async no-op at once, from the first call to the end of the last. */
import { AsyncQueuer } from "@tanstack/pacer";
import Bottleneck from "bottleneck";
import { Effect } from "effect";
import fastq from "fastq";
import { JobManager } from "jobgate";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import { createActor, fromPromise, toPromise } from "xstate";
import { FullManager } from "../floors/js-full.mjs";
import { MinManager } from "../floors/js-min.mjs";
import { countingWork, expectEqual, keys, watchedWork } from "../work.mjs";

export const title = "Run N jobs";
export const units = { time: "ns per job" };
export const notes = [
  "p-limit and bottleneck give a promise for each job and no other way to see the end: they are awaited also in the columns without results.",
  "pacer has no promise per item: the results are those that its onSuccess callback hears.",
  "effect and rxjs run the list as one operation (forEach, mergeMap): there is no handle for a single job.",
  "xstate actors know no limit: they take part at concurrency ∞ only.",
  "fastq's drained() needs Node's process.nextTick: its drain callback is used, which works in browsers too.",
  "p-queue 10 declares Node 22; where the bench runs on Node 20 it works all the same.",
];

const variant = (n, concurrency, results) => {
  const atOnce = concurrency === Infinity ? "∞" : concurrency;
  return { id: `N ${n.toLocaleString("en")}, ${atOnce} at once${results ? ", results" : ""}`, n, concurrency, results };
};

export function variants(quick) {
  const pairs = quick
    ? [
        [1000, 10],
        [3000, Infinity],
      ]
    : [1000, 10_000, 100_000].flatMap((n) => [1, 10, Infinity].map((concurrency) => [n, concurrency]));
  return [false, true].flatMap((results) => pairs.map(([n, concurrency]) => variant(n, concurrency, results)));
}

export const leftOut = ({ concurrency }) => (concurrency === Infinity ? [] : ["xstate"]);

/** Every contender must keep to the limit, use it, and hand the results over. */
export async function prove(make, variant) {
  const n = 50;
  const limit = Math.min(variant.concurrency, n);
  const work = watchedWork(limit);
  const trial = make({ ...variant, n, work });
  await trial.run();
  trial.check();
  await trial.end?.();
  // Some peers start slowly, or the first job alone: at least half of the slots have to be in use once.
  if (work.most > limit || work.most < limit / 2) throw new Error(`${work.most} jobs at once instead of ${limit}`);
}

/** Checks the count of finished jobs, and the results where they were asked for. */
function finish(work, { n, results }, run, end) {
  let values;
  return {
    run: async () => {
      values = await run();
    },
    check: () => {
      work.check(n);
      if (results) expectEqual("results", values.length, n);
      if (results) work.checkResults(values);
    },
    end,
  };
}

export const contenders = {
  "js-min": (variant) => {
    const { n, concurrency, results, work = countingWork() } = variant;
    const names = keys(n);
    const manager = new MinManager(concurrency);
    return finish(work, variant, () => {
      if (!results) {
        for (let i = 0; i < n; i++) manager.runJob(names[i], work.body);
        return manager.onIdle();
      }
      const promises = [];
      for (let i = 0; i < n; i++) promises.push(manager.runJob(names[i], work.body).job.result);
      return Promise.all(promises);
    });
  },

  "js-full": (variant) => {
    const { n, concurrency, results, work = countingWork() } = variant;
    const names = keys(n);
    const manager = new FullManager({ concurrency });
    return finish(work, variant, () => {
      if (!results) {
        for (let i = 0; i < n; i++) manager.runJob(names[i], work.body);
        return manager.onIdle();
      }
      const promises = [];
      for (let i = 0; i < n; i++) promises.push(manager.runJob(names[i], work.body).job.result);
      return Promise.all(promises);
    });
  },

  jobgate: (variant) => {
    const { n, concurrency, results, work = countingWork() } = variant;
    const names = keys(n);
    const manager = new JobManager({ concurrency });
    const run = () => {
      if (!results) {
        for (let i = 0; i < n; i++) manager.runJob(names[i], work.body);
        return manager.onIdle();
      }
      const promises = [];
      for (let i = 0; i < n; i++) promises.push(manager.runJob(names[i], work.body).job.result);
      return Promise.all(promises);
    };
    return finish(work, variant, run, () => {
      expectEqual("completed in stats", manager.stats.completed, n);
      return manager.close();
    });
  },

  "p-queue": (variant) => {
    const { n, concurrency, results, work = countingWork() } = variant;
    const queue = new PQueue({ concurrency });
    return finish(work, variant, () => {
      if (!results) {
        for (let i = 0; i < n; i++) queue.add(work.body);
        return queue.onIdle();
      }
      const promises = [];
      for (let i = 0; i < n; i++) promises.push(queue.add(work.body));
      return Promise.all(promises);
    });
  },

  "p-limit": (variant) => {
    const { n, concurrency, work = countingWork() } = variant;
    const limit = pLimit(concurrency);
    return finish(work, variant, () => {
      const promises = [];
      for (let i = 0; i < n; i++) promises.push(limit(work.body));
      return Promise.all(promises);
    });
  },

  fastq: (variant) => {
    const { n, concurrency, results, work = countingWork() } = variant;
    const queue = fastq.promise(work.body, concurrency);
    return finish(work, variant, () => {
      if (!results) {
        const drained = new Promise((resolve) => {
          queue.drain = resolve;
        });
        for (let i = 0; i < n; i++) queue.push(i);
        return drained;
      }
      const promises = [];
      for (let i = 0; i < n; i++) promises.push(queue.push(i));
      return Promise.all(promises);
    });
  },

  bottleneck: (variant) => {
    const { n, concurrency, work = countingWork() } = variant;
    const limiter = new Bottleneck({ maxConcurrent: concurrency === Infinity ? null : concurrency });
    return finish(work, variant, () => {
      const promises = [];
      for (let i = 0; i < n; i++) promises.push(limiter.schedule(work.body));
      return Promise.all(promises);
    });
  },

  pacer: (variant) => {
    const { n, concurrency, work = countingWork() } = variant;
    return finish(
      work,
      variant,
      () =>
        new Promise((resolve) => {
          const values = [];
          const onSuccess = (value) => {
            if (values.push(value) === n) resolve(values);
          };
          const queuer = new AsyncQueuer(work.body, { concurrency, onSuccess });
          for (let i = 0; i < n; i++) queuer.addItem(i);
        }),
    );
  },

  effect: (variant) => {
    const { n, concurrency, results, work = countingWork() } = variant;
    const items = keys(n);
    const limit = concurrency === Infinity ? "unbounded" : concurrency;
    return finish(work, variant, () => {
      const job = () => Effect.promise(work.body);
      return Effect.runPromise(Effect.forEach(items, job, { concurrency: limit, discard: !results }));
    });
  },

  rxjs: (variant) => {
    const { n, concurrency, results, work = countingWork() } = variant;
    const items = keys(n);
    return finish(work, variant, () => {
      const stream = from(items).pipe(mergeMap(() => work.body(), concurrency));
      return lastValueFrom(results ? stream.pipe(toArray()) : stream);
    });
  },

  xstate: (variant) => {
    const { n, results, work = countingWork() } = variant;
    const logic = fromPromise(work.body);
    return finish(work, variant, () => {
      if (results) {
        const promises = [];
        for (let i = 0; i < n; i++) promises.push(toPromise(createActor(logic).start()));
        return Promise.all(promises);
      }
      return new Promise((resolve) => {
        let left = n;
        const observer = { complete: () => --left === 0 && resolve() };
        for (let i = 0; i < n; i++) {
          const actor = createActor(logic);
          actor.subscribe(observer);
          actor.start();
        }
      });
    });
  },
};
