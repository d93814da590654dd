// A snapshot at each change is made from a list that the manager keeps: it is what the engine lists, at every moment.

import { JobManager } from "jobgate";
import { expect, it } from "vitest";

it.each([0, 1, 50])("a snapshot at each change is in step with the jobs, %i of them kept", async (retain) => {
  const manager = new JobManager<number>({ retain, concurrency: 3 });
  const sizes: number[] = [];
  const look = () => {
    const { jobs, stats } = manager.getSnapshot();
    expect(jobs).toEqual(manager.jobs());
    expect(manager.getSnapshot().jobs).toBe(jobs);
    const ended = stats.completed + stats.failed + stats.cancelled;
    expect(jobs).toHaveLength(stats.pending + stats.running + Math.min(ended, retain));
    expect(jobs.map(({ key }) => key)).toEqual(jobs.map(({ key }) => key).toSorted((one, other) => one - other));
    sizes.push(jobs.length);
  };
  const stop = manager.subscribe(look);
  for (let key = 0; key < 200; key += 1) manager.runJob(key, () => key);
  await manager.onIdle();
  look();
  stop();
  expect(sizes.at(-1)).toBe(retain);
  expect(sizes.length).toBeGreaterThan(200);
  await manager.close();
});
