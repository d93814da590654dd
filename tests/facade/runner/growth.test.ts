// Costs that must not grow with the square: what one job costs among many, against what it costs among a quarter of them.

import { JobRunner, QueueClient, type QueuePort } from "jobgate/runner";
import { expect, it } from "vitest";
import { growthOf } from "../support/growth.js";
import { pendingRecord } from "./support/records.js";

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

it.each([
  ["watch", 500],
  ["eventStream", 500],
] as const)(
  "a job's watcher costs nothing where another's events are told: %s",
  async (way, few) => {
    const watched = (count: number) => async () => {
      const runner = new JobRunner({ types: [steady], concurrency: 10 });
      const streams = Array.from({ length: count }, async () => {
        const reader = runner[way](runner.createJob("steady").id).getReader();
        while (!(await reader.read()).done);
      });
      await Promise.all(streams);
      await runner.close();
    };
    expect(await growthOf(watched, few)).toBe("in proportion");
  },
  patience,
);

/** Jobs, always as many and one after the other: a snapshot copies the list, of those that wait, too. */
const CHANGES = 100;

it(
  "a snapshot at each change, with many finished jobs kept",
  async () => {
    const created = async (kept: number) => {
      const runner = new JobRunner({ types: [quick], retain: kept });
      const run = (count: number) => {
        for (let made = 0; made < count; made += 1) runner.createJob("quick");
        return runner.manager.onIdle();
      };
      await run(kept);
      expect(runner.getSnapshot().jobs).toHaveLength(kept);
      runner.subscribe(() => runner.getSnapshot());
      return async () => {
        for (let made = 0; made < CHANGES; made += 1) await run(1);
        await runner.close();
      };
    };
    expect(await growthOf(created, 4000)).toBe("in proportion");
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

it.each(["with", "without"])(
  "a client takes in a state of many finished jobs, %s ranks",
  async (way) => {
    const stats = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0, total: 0 };
    const told = (count: number) => {
      let tell: (event: { data: unknown }) => void = () => {};
      const port: QueuePort = {
        postMessage() {},
        addEventListener: (type: string, listener: typeof tell) => {
          if (type === "message") tell = listener;
        },
        removeEventListener() {},
      };
      const client = new QueueClient(port);
      const jobs = Array.from({ length: count }, (_, at) =>
        pendingRecord(`job ${at}`, at === 0 ? {} : { status: "completed", completed_at: count - at }),
      );
      const ranks = way === "with" ? { ranks: jobs.map((_, at) => [at === 0 ? 1 : 4, at]) } : {};
      return () => {
        tell({ data: { type: "queue_state", protocol: 2, seq: 1, jobs, stats, ...ranks } });
        expect(client.getAllJobs().map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
        client.close();
      };
    };
    expect(await growthOf(told, 50_000)).toBe("in proportion");
  },
  patience,
);
