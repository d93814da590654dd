// Jobs that this tab has not heard of yet: the store knows them.

import { jobHandler } from "jobgate/runner";
import { useTestClock } from "jobgate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { allFrames, asker, posted } from "../http/support/ask.js";
import { queue } from "./support/tabs.js";
import { type } from "./support/types.js";

/** Of two tabs neither hears of the other, and time, after which they would look, stands still. */
async function deafTabs() {
  const clock = useTestClock();
  vi.stubGlobal("BroadcastChannel", undefined);
  onTestFinished(() => {
    vi.unstubAllGlobals();
    clock.restore();
  });
  const { open } = queue();
  const tabs = [1, 2].map(() => open({ types: [type("plain", () => 1)], execute: false }));
  for (const tab of tabs) {
    await tab.ready;
    // Written after all that it has begun to read.
    await tab.setPriority("none", 1);
  }
  return tabs as [(typeof tabs)[0], (typeof tabs)[0]];
}

test("a job that another tab has only just made can be stopped by its key", async () => {
  const [one, other] = await deafTabs();
  const { job } = await one.runJob("key", "plain", {}, { delay: 1000 });
  const { id } = job.record;
  expect(other.getJob(id)).toBeUndefined();
  const reason = { why: "enough" };
  await other.stopJob("key", reason);
  expect(other.getJob(id)).toMatchObject({ status: "cancelled" });
  const { settled } = other.getLastJob("key")!;
  expect(await settled).toEqual({ type: "Cancelled", reason });
  expect(((await settled) as { reason: unknown }).reason).toBe(reason);
  await other.stopJob("no such key");
});

test("with the job that stands under a key, the one that waits behind it is stopped", async () => {
  const [one, other] = await deafTabs();
  const first = await one.runJob("key", "plain", {}, { delay: 1000 });
  const behind = await one.runJob("key", "plain", {}, { onDuplicate: "queue" });
  await other.stopJob("key");
  const statuses = [first, behind].map(({ job }) => other.getJob(job.record.id)?.status);
  expect(statuses).toEqual(["cancelled", "cancelled"]);
});

test("a job that another tab has only just made can be joined, and its end is heard", async () => {
  const [one, other] = await deafTabs();
  await one.runJob("key", "plain", {}, { delay: 1000 });
  const { type: how, job } = await other.runJob("key", "plain");
  expect(how).toBe("JOB_ALREADY_RUNNING");
  await job.stop("enough");
  expect(await job.settled).toEqual({ type: "Cancelled", reason: "enough" });
});

test("a job that has only just ended elsewhere can be run again, and one that has not is refused", async () => {
  const [one, other] = await deafTabs();
  const { id } = await one.createJob("plain", {}, { delay: 1000 });
  await expect(other.retryJob(id)).rejects.toMatchObject({ code: "E_NOT_FINISHED" });
  await one.cancelJob(id);
  expect(await other.retryJob(id)).toMatchObject({ type: "plain", status: "pending" });
  await expect(other.retryJob("none")).rejects.toMatchObject({ code: "E_UNKNOWN_JOB" });
});

test("who has a job's id later is another job: it can be cancelled, and handles of the first leave it alone", async () => {
  const [one, other] = await deafTabs();
  await one.createJob("plain", {}, { id: "same", key: "key", delay: 1000 });
  await other.setPriority("same", 1);
  const old = other.getRunningJob("key")!;
  expect(await other.cancelJob("same")).toBe(true);
  expect(await other.cancelJob("same")).toBe(false);
  await one.clearCompleted();
  await one.createJob("plain", {}, { id: "same", delay: 1000 });
  await old.stop();
  await old.dispatch(undefined as never);
  expect(await one.setPriority("same", 2)).toBe(true);
  expect(one.getJob("same")).toMatchObject({ status: "pending" });
  expect(await other.cancelJob("same")).toBe(true);
  expect(other.getJob("same")).toMatchObject({ status: "cancelled", priority: 2 });
});

test("with a reason of one job, no other that has its id later has ended", async () => {
  const [one, other] = await deafTabs();
  for (const [tab, why] of [
    [other, "first"],
    [one, "second"],
  ] as const) {
    await one.clearCompleted();
    await one.createJob("plain", {}, { id: "same", key: "key", delay: 1000 });
    expect(await tab.cancelJob("same", { why })).toBe(true);
  }
  // It hears of the second only now.
  expect(await other.cancelJob("same")).toBe(false);
  expect(await other.getLastJob("key")!.settled).toEqual({ type: "Cancelled", reason: { why: "second" } });
});

test("over HTTP a job that another tab has only just made is found, and one that has gone is not", async () => {
  const [one, other] = await deafTabs();
  const ask = asker(jobHandler(other));
  const status = async (path: string, init?: RequestInit) => (await ask(path, init)).status;
  const make = async () => (await one.createJob("plain", {}, { delay: 1000 })).id;
  const id = await make();
  expect(other.getJob(id)).toBeUndefined();
  expect(await (await ask(`/api/jobs/${id}`)).json()).toEqual(one.getJob(id));
  await one.setPriority(id, 5);
  expect(await (await ask(`/api/jobs/${id}`)).json()).toMatchObject({ priority: 5 });
  expect(await status("/api/jobs", posted({ type: "other", id: await make() }))).toBe(409);
  expect(await status(`/api/jobs/${await make()}/retry`, { method: "POST" })).toBe(409);
  expect(await status(`/api/jobs/${await make()}`, { method: "DELETE" })).toBe(200);
  const watched = await make();
  await one.cancelJob(watched);
  const frames = await allFrames(await ask(`/api/jobs/${watched}/progress`));
  expect(frames.map(({ event }) => event)).toEqual(["cancelled"]);
  await one.clearCompleted();
  expect(await status(`/api/jobs/${watched}`)).toBe(404);
});
