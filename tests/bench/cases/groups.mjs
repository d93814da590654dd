/** Case 17: fairness by groups: what a job costs in one of few groups, in one of many, and without any. */
import { JobManager } from "jobgate";
import { countingWork, expectEqual, keys, random } from "../work.mjs";

export const title = "Groups";
export const units = { time: "ns per job" };
export const notes = [
  "16 at once, 1 at once in each group. bare is the same manager with the same jobs in no group.",
  "rate: at most so many starts of a group in a window that none fills.",
];

const HOUR = 3_600_000;

export const variants = (quick) => {
  const n = quick ? 2000 : 40_000;
  return [
    { id: "in 16 groups", n, groups: () => 16 },
    { id: "in as many groups", n, groups: (n) => n },
    { id: "in 16 groups, rate", n, groups: () => 16, rate: true },
  ];
};

function trial({ n, groups, rate }, isGrouped) {
  const limits = { groupConcurrency: 1, ...(rate && { groupRateLimit: { limit: n, interval: HOUR } }) };
  const manager = new JobManager({ concurrency: 16, ...(isGrouped && limits) });
  const work = countingWork();
  const draw = random(7);
  const names = keys(n);
  const options = names.map(() => ({ group: `group ${Math.floor(draw() * groups(n))}` }));
  return {
    run: () => {
      for (let at = 0; at < n; at++) manager.runJob(names[at], work.body, isGrouped ? options[at] : undefined);
      return manager.onIdle();
    },
    check: () => {
      work.check(n);
      expectEqual("completed", manager.stats.completed, n);
    },
    end: () => manager.close(),
  };
}

export const contenders = {
  jobgate: (variant) => trial(variant, true),
  "jobgate, a quarter as many": (variant) => ({ ...trial({ ...variant, n: variant.n / 4 }, true), n: variant.n / 4 }),
  bare: (variant) => trial(variant, false),
};
