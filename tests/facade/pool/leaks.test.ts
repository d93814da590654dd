import { expect, it } from "vitest";
import { grownBy, usedHeap } from "../support/heap.js";
import { countedSignal } from "../support/signals.js";
import { newPool, runner, running } from "./support/pool.js";

it("10,000 jobs and 200 kills leave nothing behind", async () => {
  const pool = newPool({ size: 2, grace: 0 });
  const { run, manager } = runner(pool);
  const caller = countedSignal();

  async function jobs(count: number): Promise<void> {
    for (let done = 0; done < count; done += 100) {
      const batch = Array.from({ length: 100 }, (_, index) => run("echo", index, { signal: caller.signal }));
      for (const [index, job] of batch.entries()) expect(await job.result).toBe(index);
    }
  }

  async function kills(count: number): Promise<void> {
    for (let done = 0; done < count; done += 2) {
      const pair = [run("neverSettles"), run("neverSettles")];
      await Promise.all(pair.map(running));
      await Promise.all(pair.map((job) => job.stop()));
      for (const { completion } of pair) expect(completion?.type).toBe("Cancelled");
    }
  }

  await jobs(500);
  await kills(10);
  const before = await usedHeap();
  await jobs(10_000);
  await kills(200);
  const after = await usedHeap();

  expect(pool.stats).toMatchObject({ size: 2, busy: 0, killed: 210 });
  expect(pool.stats.idle).toBeLessThanOrEqual(2);
  expect(manager.stats).toMatchObject({ pending: 0, running: 0, completed: 10_500, cancelled: 210 });
  expect(caller.listeners).toBe(0);
  expect(grownBy(before, after)).toBeLessThan(500_000);
}, 240_000);
