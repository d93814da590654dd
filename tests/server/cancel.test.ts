// A page cancels at its gateway what a worker runs in another process.
import { expect, test } from "vitest";
import { openGateway, openPage } from "./support/gateways.ts";
import { startWorker } from "./support/processes.ts";
import { startRedis } from "./support/redis.ts";
import { typesOf } from "./support/types.mjs";

test("a running job is asked by the one page, says so to the other, and ends cancelled at both", async () => {
  await using redis = await startRedis();
  const options = { types: typesOf("thread") };
  await using one = await openGateway(redis.url, options);
  await using other = await openGateway(redis.url, options);
  const [asks, watches] = [openPage("team", [one]), openPage("team", [other])];
  await startWorker({ redis: redis.url, isolate: "thread", name: "first", type: { grace: 1500 } });
  const isRunning = (id: string) => () => {
    const job = watches.client.getJob(id);
    return job?.status === "running" && job.progress.message === "running";
  };

  await asks.client.createJob("waits", {}, { id: "hears" });
  await watches.until(isRunning("hears"));
  expect(await asks.client.cancelJob("hears", "not needed")).toBe(true);
  await watches.until(() => watches.client.getJob("hears")?.status === "cancelled");
  expect(watches.client.getJob("hears")).toMatchObject({ reason: "not needed", attempt: 1, worker_id: "first" });

  // One that does not hear goes on, and says that it was asked, until its thread is killed.
  await asks.client.createJob("deaf", {}, { id: "deaf" });
  await watches.until(isRunning("deaf"));
  const events = watches.client.watch("deaf").getReader();
  expect(await asks.client.cancelJob("deaf", "enough")).toBe(true);
  await watches.until(() => watches.client.getJob("deaf")?.stopping === true);
  expect(watches.client.getJob("deaf")?.status).toBe("running");
  expect(await asks.client.cancelJob("deaf", "again")).toBe(true);
  await watches.until(() => watches.client.getJob("deaf")?.status === "cancelled");
  expect(watches.client.getJob("deaf")?.reason).toBe("enough");
  let last: unknown;
  for (let part = await events.read(); !part.done; part = await events.read()) last = part.value;
  expect(last).toEqual({ event: "cancelled", data: { status: "cancelled", reason: "enough" } });
  expect(await asks.client.cancelJob("deaf")).toBe(false);

  // Its worker is whole, and takes the next.
  await asks.client.createJob("echo", { text: "next" }, { id: "next" });
  await watches.until(() => watches.client.getJob("next")?.status === "completed");
  for (const page of [asks, watches]) page.close();
});
