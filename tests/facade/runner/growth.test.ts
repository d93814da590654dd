// Costs that must not grow with the square: what one job costs among many, against what it costs among a quarter of them.

import { JobRunner } from "jobgate/runner";
import { expect, it } from "vitest";

const quick = { name: "quick", description: "", params: [], execute: () => 1 };
const steady = {
  name: "steady",
  description: "",
  params: [],
  async execute(_: unknown, { progress }: { progress(percent: number): void }) {
    for (let step = 0; step < 20; step += 1) {
      progress(step);
      await undefined;
    }
  },
};
const patience = 300_000;

/** Milliseconds a job, the best of three. */
async function best(measure: () => Promise<number>): Promise<number> {
  const all = [await measure(), await measure(), await measure()];
  return Math.min(...all);
}

it.each([
  ["watch", 500],
  ["eventStream", 500],
] as const)(
  "a job's watcher costs nothing where another's events are told: %s",
  async (way, few) => {
    const perJob = (count: number) => async () => {
      const runner = new JobRunner({ types: [steady], concurrency: 10 });
      const began = performance.now();
      const streams = Array.from({ length: count }, async () => {
        const reader = runner[way](runner.createJob("steady").id).getReader();
        while (!(await reader.read()).done);
      });
      await Promise.all(streams);
      const time = (performance.now() - began) / count;
      await runner.close();
      return time;
    };
    await perJob(few)();
    expect((await best(perJob(few * 4))) / (await best(perJob(few)))).toBeLessThan(2.5);
  },
  patience,
);

it(
  "a snapshot at each change, with many finished jobs kept",
  async () => {
    const perJob = (kept: number) => async () => {
      const runner = new JobRunner({ types: [quick], retain: kept });
      for (let count = 0; count < kept; count += 1) runner.createJob("quick");
      await runner.manager.onIdle();
      expect(runner.getSnapshot().jobs).toHaveLength(kept);
      runner.subscribe(() => runner.getSnapshot());
      const began = performance.now();
      for (let count = 0; count < 200; count += 1) runner.createJob("quick");
      await runner.manager.onIdle();
      const time = (performance.now() - began) / 200;
      await runner.close();
      return time;
    };
    await perJob(1000)();
    expect((await best(perJob(4000))) / (await best(perJob(1000)))).toBeLessThan(3.5);
  },
  patience,
);

it(
  "a listener that clears twenty thousand jobs: each is told of once, in the order in which they ended",
  async () => {
    const count = 20_000;
    const runner = new JobRunner({ types: [quick], retain: count });
    const all = Array.from({ length: count }, () => runner.createJob("quick").id);
    await runner.manager.onIdle();
    const removed: string[] = [];
    runner.onEvent((event) => {
      if (event.type === "job_removed") removed.push(event.job_id);
      if (event.type === "job_created") expect(runner.clearCompleted()).toBe(count);
    });
    runner.createJob("quick");
    expect(removed).toEqual(all);
    await runner.close();
  },
  patience,
);
