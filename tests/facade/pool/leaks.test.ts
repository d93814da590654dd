import { JobManager } from "jobgate";
import { WorkerPool } from "jobgate/worker-pool";
import { expect, it } from "vitest";
import { fewer, grownBy, usedHeap } from "../support/heap.js";
import { countedSignal } from "../support/signals.js";
import { turn } from "../support/turns.js";
import { newPool, runner, running, spawn } from "./support/pool.js";

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

  async function spins(count: number): Promise<void> {
    for (let done = 0; done < count; done += 1) {
      const job = run("spins");
      await running(job);
      await job.stop();
      expect(job.completion?.type).toBe("Cancelled");
    }
  }

  await jobs(500);
  await kills(10);
  const before = await usedHeap();
  await jobs(fewer(10_000));
  await kills(fewer(200));
  await spins(10);
  const after = await usedHeap();

  const killed = 10 + fewer(200) + 10;
  expect(pool.stats).toMatchObject({ size: 2, busy: 0, killed });
  expect(pool.stats.idle).toBeLessThanOrEqual(2);
  expect(manager.stats).toMatchObject({ pending: 0, running: 0, completed: 500 + fewer(10_000), cancelled: killed });
  expect(caller.listeners).toBe(0);
  expect(grownBy(before, after)).toBeLessThan(500_000);
}, 240_000);

it("a pool that was never closed is forgotten once its workers have ended", async () => {
  async function use(): Promise<WeakRef<object>> {
    const pool = new WorkerPool({ spawn, size: 1, idleTimeout: 0 });
    expect(await new JobManager().runJob("key", pool.job("echo", 1)).job.result).toBe(1);
    // Not by `expect.poll`, which would hold the pool until the test is over.
    while (pool.stats.idle > 0) await turn();
    return new WeakRef(pool);
  }
  const pool = await use();
  const isThere = async () => {
    await usedHeap();
    return pool.deref() !== undefined;
  };
  await expect.poll(isThere, { timeout: 60_000 }).toBe(false);
}, 90_000);
