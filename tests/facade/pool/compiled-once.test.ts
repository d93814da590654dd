import { WorkerPool } from "jobgate/worker-pool";
import { expect, it, onTestFinished, vi } from "vitest";
import { runner } from "./support/pool.js";

it("the built-in types' binary is compiled once, whatever the number of workers and pools, and posted to each", async () => {
  const compile = vi.spyOn(WebAssembly, "compile");
  const post = vi.spyOn(Worker.prototype, "postMessage");
  onTestFinished(() => void vi.restoreAllMocks());
  const pools = [new WorkerPool({ size: 2 }), new WorkerPool({ size: 1 })];
  onTestFinished(async () => {
    await Promise.all(pools.map((pool) => pool.close()));
  });
  const [two, one] = pools.map((pool) => runner(pool)) as [ReturnType<typeof runner>, ReturnType<typeof runner>];
  const jobs = [two, two, one].map(({ run }) => run("prime", { limit: 2_000_000 }));
  for (const job of jobs) expect(await job.result).toMatchObject({ count: 148_933 });
  expect(pools.map(({ stats }) => stats.spawned)).toEqual([2, 1]);

  expect(compile).toHaveBeenCalledTimes(1);
  const modules = post.mock.calls.flatMap(([message]) => (message.jobgate === "module" ? [message.module] : []));
  expect(modules).toHaveLength(3);
  for (const module of modules) expect(module).toBe(modules[0]);
  expect(modules[0]).toBeInstanceOf(WebAssembly.Module);
});
