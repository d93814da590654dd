import { expect, it } from "vitest";
import { count, pool } from "../../.guides/workers/count.ts";

it("a body counts in a worker, tells how far it is, and is stopped for certain", async () => {
  const text = "a needle in hay ".repeat(20_000);
  const job = count(text, "needle");
  const percents: number[] = [];
  job.onProgress(({ percent }) => percents.push(percent));
  expect(await job.result).toBe(20_000);
  expect(percents.length).toBeGreaterThan(0);
  expect(pool.stats.spawned).toBe(1);

  const stopped = count("a".repeat(50_000_000), "a");
  await stopped.stop("enough");
  expect(await stopped.settled).toEqual({ type: "Cancelled", reason: "enough" });
  await pool.close();
});
