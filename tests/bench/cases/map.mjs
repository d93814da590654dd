/** Case: one function over many items, so many at once, results in the items' order. */
import { JobManager } from "jobgate";
import pMap from "p-map";
import { countingWork, expectEqual } from "../work.mjs";

export const title = "Map over many items";
export const units = { time: "ns per item" };
export const notes = ["p-map has neither priorities nor rates nor anything to watch: it does less."];

export const variants = (quick) => {
  const n = quick ? 10_000 : 100_000;
  return [10, 100].map((concurrency) => ({
    id: `N ${n.toLocaleString("en")}, ${concurrency} at once`,
    n,
    concurrency,
  }));
};

const contender =
  (open) =>
  ({ n, concurrency }) => {
    const work = countingWork();
    const items = Array.from({ length: n }, (_, index) => index);
    const { map, close } = open(concurrency);
    let results;
    return {
      run: async () => {
        results = await map(items, async (item) => {
          await work.body();
          return item;
        });
      },
      check: () => {
        work.check(n);
        for (let i = 0; i < n; i++) expectEqual("result", results[i], i);
      },
      end: close,
    };
  };

export const contenders = {
  jobgate: contender((concurrency) => {
    const manager = new JobManager({ concurrency });
    return { map: manager.map, close: () => manager.close() };
  }),

  "p-map": contender((concurrency) => ({ map: (items, body) => pMap(items, body, { concurrency }) })),
};
