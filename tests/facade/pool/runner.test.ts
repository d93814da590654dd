import { describe, expect, it } from "vitest";
import { ended, newRunner } from "../runner/support/runner.js";
import { newPool } from "./support/pool.js";

const description = (name: string) => ({ name, description: "Runs in a worker", params: [] });

describe("a runner's type in a pool", () => {
  it("has its params checked and filled in, and runs in a worker", async () => {
    const pool = newPool();
    const type = pool.jobType({
      ...description("sum"),
      params: [{ name: "numbers", type: "array", items: { type: "integer" }, default: [1, 2] }],
    });
    const runner = newRunner({ types: [type] });
    expect(() => runner.createJob("sum", { numbers: ["one"] })).toThrow(/numbers/);
    expect(await ended(runner, runner.createJob("sum").id)).toMatchObject({ status: "completed", result: 3 });
    expect(pool.stats).toMatchObject({ spawned: 1, idle: 1 });
  });

  it("is watched, cancelled and killed as any other", async () => {
    const pool = newPool({ grace: 10 });
    const runner = newRunner({
      types: [pool.jobType(description("neverSettles")), pool.jobType(description("talks"))],
    });
    const { id } = runner.createJob("neverSettles");
    const stream = runner.watch(id).getReader();
    for (let told = await stream.read(); told.value?.event !== "progress"; told = await stream.read());
    runner.cancelJob(id, "enough");
    expect(await ended(runner, id)).toMatchObject({ status: "cancelled", progress: { message: "running" } });
    expect(pool.stats.killed).toBe(1);
  });

  it("ends cancelled when the pool is closed", async () => {
    const pool = newPool();
    const runner = newRunner({ types: [pool.jobType(description("untilAborted"))] });
    const { id } = runner.createJob("untilAborted");
    await pool.close();
    expect(await ended(runner, id)).toMatchObject({ status: "cancelled" });
    expect(await ended(runner, runner.createJob("untilAborted").id)).toMatchObject({
      status: "failed",
      error: { code: "E_CLOSED" },
    });
  });
});
