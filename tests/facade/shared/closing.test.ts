// What becomes of those who wait when their runner is closed.

import { jobHandler } from "jobgate/runner";
import type { SharedTaskContext } from "jobgate/shared";
import { expect, test } from "vitest";
import { allFrames } from "../http/support/ask.js";
import { ended, holdStore, latch, queue, settle, until } from "./support/tabs.js";
import { type } from "./support/types.js";

async function read(stream: ReadableStream<unknown>): Promise<void> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

const closed = { error: { name: "JobgateError", code: "E_CLOSED" } };

test("nobody waits for ever for a job of a runner that was closed", async () => {
  const { open } = queue();
  const types = [type("deaf", () => new Promise(() => {}))];
  const [tab] = [open({ types, execute: false }), open({ types })];
  const { job } = await tab.runJob("key", "deaf");
  await until(tab, () => job.record.status === "running");
  const stops = [outcome(tab.stopJob("key")), outcome(job.stop()), outcome(job.stop("enough", { timeout: 1e9 }))];
  await until(tab, () => job.record.stopping);
  const owed = [
    ...stops,
    outcome(job.result),
    outcome(read(job.events())),
    outcome(read(tab.watch(job.record.id))),
    outcome(tab.getRunningJob("key")!.result),
  ];
  const frames = jobHandler(tab)(new Request(new URL(`/api/jobs/${job.record.id}/progress`, location.href)));
  const told = allFrames((await frames)!);
  await tab.close();
  for (const one of owed) expect(await one).toMatchObject(closed);
  expect(await job.settled).toMatchObject({ type: "Failed", ...closed });
  expect((await told).map(({ event }) => event)).toEqual(["status"]);
  expect(await outcome(tab.getRunningJob("key")!.result)).toMatchObject(closed);
  expect(await outcome(read(tab.watch(job.record.id)))).toMatchObject(closed);
});

test("a snapshot of an empty queue says whether the store is there, before, while and after it is", async () => {
  const { open } = queue();
  const tab = open();
  expect(tab.getSnapshot().connected).toBe(false);
  await tab.ready;
  expect(tab.getSnapshot().connected).toBe(true);
  await tab.close();
  expect(tab.getSnapshot().connected).toBe(false);
});

test("a runner that was closed is not connected, and says so", async () => {
  const { open } = queue();
  const tab = open({ types: [type("plain", () => 1)] });
  const { job } = await tab.runJob("key", "plain");
  await job.result;
  const told = latch<boolean>();
  tab.subscribe(() => {
    if (!tab.getSnapshot().connected) told.open(false);
  });
  await tab.close();
  expect(await told.opened).toBe(false);
  expect(tab.getSnapshot()).toMatchObject({ connected: false, stats: { completed: 1 } });
  expect(await job.settled).toEqual({ type: "Normal", result: 1 });
});

test("what was asked of a runner before it was closed, and had not begun, is refused", async () => {
  const { open } = queue();
  const tab = open({ types: [type("plain", () => 1)], execute: false });
  const asked = [outcome(tab.createJob("plain")), outcome(tab.cancelJob("one")), outcome(tab.stopJob("key"))];
  await tab.close();
  for (const one of asked) expect(await one).toMatchObject(closed);
});

test("what a job of this tab has thrown, and the reason that was given here, are the very objects also where none is kept", async () => {
  const { open } = queue({ retain: 0 });
  const [error, reason] = [new Error("mine"), { why: "mine" }];
  const begun = latch();
  const types = [
    type("fail", () => {
      throw error;
    }),
    type("wait", (_: unknown, { signal }: SharedTaskContext) => {
      begun.open();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }),
  ];
  const tab = open({ types });
  const failed = await tab.runJob("one", "fail");
  expect(((await failed.job.settled) as { error: unknown }).error).toBe(error);
  const { job } = await tab.runJob("other", "wait");
  await begun.opened;
  await job.stop(reason);
  expect(((await job.settled) as { reason: unknown }).reason).toBe(reason);
});

test("the reason is the very object also where the tab hears of the job, by an id that it knows, as it stops it", async () => {
  const { name, open } = queue();
  const types = [type("plain", () => 1)];
  const [tab, other] = [open({ types, execute: false }), open({ types })];
  const create = (options = {}) => other.createJob("plain", {}, { id: "same", key: "key", ...options });
  await create();
  await ended(tab, "same");
  await ended(other, "same");
  const store = await holdStore(name);
  const asked = [other.clearCompleted(), create({ delay: 1e9 })];
  await settle();
  const reason = { why: "mine" };
  const stopped = tab.cancelJob("same", reason);
  store.goOn();
  await Promise.all(asked);
  expect(await stopped).toBe(true);
  expect(((await tab.getLastJob("key")!.settled) as { reason: unknown }).reason).toBe(reason);
});

test("a job that is no longer kept has the end that was seen here, in every handle, whoever had read it before", async () => {
  const { open } = queue({ retain: 0 });
  const release = latch();
  const types = [type("hold", () => release.opened.then(() => "done"))];
  const tab = open({ types });
  const { job } = await tab.runJob("key", "hold");
  const other = tab.getRunningJob("key")!;
  release.open();
  await until(tab, () => tab.getJob(job.record.id) === undefined);
  for (const handle of [job, other]) {
    expect(handle.record).toMatchObject({ status: "completed", result: "done" });
    expect(handle.record).toBe(handle.record);
    expect(await handle.settled).toEqual({ type: "Normal", result: "done" });
    const kinds: string[] = [];
    for await (const event of handle.events()) kinds.push(event.type);
    expect(kinds).toEqual(["job_created", "job_completed"]);
    await handle.stop();
  }
});

test("a handle has its own job's end though those beyond the kept ones, or all, were let go of, and its id is another's", async () => {
  const { open } = queue({ retain: 1 });
  const types = [type("plain", () => "done"), type("later", () => {})];
  const tab = open({ types });
  const jobs = ["one", "two", "three"].map(async (key) => (await tab.runJob(key, "plain", {}, { id: key })).job);
  for (const { result } of await Promise.all(jobs)) await result;
  await tab.clearCompleted();
  await tab.createJob("later", {}, { id: "one", delay: 1e9 });
  for (const job of jobs) expect((await job).record).toMatchObject({ status: "completed", type: "plain" });
});

test("a job that was let go of before its end was heard of here ended in some way that is not known", async () => {
  const { name, open } = queue();
  const types = [type("plain", () => 1)];
  const [tab, other] = [open({ types, execute: false }), open({ types, execute: false })];
  const { job } = await tab.runJob("key", "plain");
  await until(other, () => other.getRunningJob("key"));
  const handle = other.getRunningJob("key")!;
  const store = await holdStore(name);
  const asked = [tab.cancelJob(job.record.id), tab.clearCompleted()];
  store.goOn();
  await Promise.all(asked);
  await until(other, () => other.getJob(job.record.id) === undefined);
  expect(await handle.settled).toMatchObject({ type: "Failed", error: { code: "E_UNKNOWN_JOB" } });
  await read(handle.events());
});
