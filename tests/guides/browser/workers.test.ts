import type { QueueClient } from "jobgate/queue-client";
import { expect, it } from "vitest";
import { openQueue } from "../../.guides/shared-workers/anywhere.ts";
import { countPrimes, queue as shared } from "../../.guides/shared-workers/page.ts";
import { count, pool } from "../../.guides/workers/count.ts";
import { primesBelow, queue } from "../../.guides/workers/queue-page.ts";

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

async function resultOf(queue: QueueClient, id: string): Promise<unknown> {
  for await (const { event, data } of queue.watch(id)) {
    if (event === "complete") return data.result;
    if (event === "failed" || event === "cancelled") throw new Error(`the job ${event}`);
  }
  throw new Error("the stream ended before the job");
}

it("a queue in a worker of the page answers its client", async () => {
  const { id, type } = await primesBelow(10_000);
  expect(type).toBe("prime");
  expect(await resultOf(queue, id)).toMatchObject({ count: 1_229 });
  queue.close();
});

it("a queue in a SharedWorker is one for all its clients; the same id is the same job", async () => {
  const other = openQueue();
  const [one, again] = await Promise.all([countPrimes(100_000), countPrimes(100_000)]);
  expect(again.id).toBe(one.id);
  for (const client of [shared, other]) {
    await expect.poll(() => client.getJob(one.id)).toMatchObject({ type: "prime", status: "completed" });
  }
  for (const client of [shared, other]) client.close();
});
