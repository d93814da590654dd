// A page cancels at its gateway what a worker runs in another process.
import { expect, test } from "vitest";
import { newGate } from "./support/gate.ts";
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
  const graces = { type: { grace: 60_000 }, byName: { deaf: { grace: 100 } } };
  await startWorker({ redis: redis.url, isolate: "thread", name: "first", ...graces });
  const isRunning = (id: string) => () => {
    const job = watches.client.getJob(id);
    return job?.status === "running" && job.progress.message === "running";
  };

  await asks.client.createJob("waits", {}, { id: "hears" });
  await watches.until(isRunning("hears"));
  expect(await asks.client.cancelJob("hears", "not needed")).toBe(true);
  await watches.until(() => watches.client.getJob("hears")?.status === "cancelled");
  expect(watches.client.getJob("hears")).toMatchObject({ reason: "not needed", attempt: 1, worker_id: "first" });

  // One that takes its time goes on, and says that it was asked.
  const gate = newGate();
  await asks.client.createJob("ignores", { file: gate.file }, { id: "late" });
  await watches.until(isRunning("late"));
  const events = watches.client.watch("late").getReader();
  expect(await asks.client.cancelJob("late", "enough")).toBe(true);
  await watches.until(() => watches.client.getJob("late")?.stopping === true);
  expect(watches.client.getJob("late")?.status).toBe("running");
  expect(await asks.client.cancelJob("late", "again")).toBe(true);
  gate.open();
  await watches.until(() => watches.client.getJob("late")?.status === "cancelled");
  expect(watches.client.getJob("late")?.reason).toBe("enough");
  let last: unknown;
  for (let part = await events.read(); !part.done; part = await events.read()) last = part.value;
  expect(last).toEqual({ event: "cancelled", data: { status: "cancelled", reason: "enough" } });
  expect(await asks.client.cancelJob("late")).toBe(false);

  // One that does not hear at all is killed with its thread.
  await asks.client.createJob("deaf", {}, { id: "deaf" });
  await watches.until(isRunning("deaf"));
  expect(await asks.client.cancelJob("deaf", "enough")).toBe(true);
  await watches.until(() => watches.client.getJob("deaf")?.status === "cancelled");
  expect(watches.client.getJob("deaf")?.reason).toBe("enough");

  // Its worker is whole, and takes the next.
  await asks.client.createJob("echo", { text: "next" }, { id: "next" });
  await watches.until(() => watches.client.getJob("next")?.status === "completed");
  for (const page of [asks, watches]) page.close();
});
