// What a snapshot at each change costs must not grow with the number of jobs that are kept.

import { JobManager } from "jobgate";
import { expect, it } from "vitest";

const perJob = async (kept: number) => {
  const manager = new JobManager<number>({ retain: kept });
  for (let key = 0; key < kept; key += 1) manager.runJob(key, () => {});
  await manager.onIdle();
  expect(manager.getSnapshot().jobs).toHaveLength(kept);
  manager.subscribe(() => manager.getSnapshot());
  const began = performance.now();
  for (let key = kept; key < kept + 200; key += 1) manager.runJob(key, () => {});
  await manager.onIdle();
  const time = (performance.now() - began) / 200;
  const { jobs } = manager.getSnapshot();
  expect(jobs.map(({ key }) => key)).toEqual(Array.from({ length: kept }, (_, index) => index + 200));
  expect(jobs).toEqual(manager.jobs());
  await manager.close();
  return time;
};

const best = async (kept: number) => Math.min(await perJob(kept), await perJob(kept), await perJob(kept));

it("a manager's snapshot at each change, with many finished jobs kept", async () => {
  await perJob(1000);
  expect((await best(8000)) / (await best(2000))).toBeLessThan(3.5);
}, 300_000);
