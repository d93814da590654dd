import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { QueueFullError } from "../../src/facade/errors.ts";
import { checkRedis } from "../../src/facade/server/connection.ts";
import { type ControlMessage, Follower } from "../../src/facade/server/follow.ts";
import type { JobStore } from "../../src/facade/server/store.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { type Hands, newJob, openStore, rawWorker, records, unbounded } from "./support/stores.ts";

let redis: TestRedis;
let store: JobStore;
let other: JobStore;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await redis.client.flushall();
});

async function stores(): Promise<void> {
  store = await openStore(redis.url);
  other = await openStore(redis.url);
  open.push(store, other);
}

async function hands(): Promise<Hands> {
  const worker = await rawWorker(redis.url);
  open.push(worker);
  return worker;
}

const result = (value: unknown) => ({ result: value });

test("twenty creates of one id at two stores make one job, and all answer with it", async () => {
  await stores();
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      (at % 2 ? store : other).create("alice", newJob("one", { params: { at } }), unbounded),
    ),
  );
  expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(new Set(made.map(({ job }) => JSON.stringify(job.record))).size).toBe(1);
  expect(await records(store, "alice")).toEqual([made[0]!.job.record]);
  expect(await store.stats("alice")).toMatchObject({ pending: 1, total: 1 });
});

test("a known id answers with the job that stands, unfinished or finished; once cleared it makes a new one", async () => {
  await stores();
  const worker = await hands();
  await store.create("alice", newJob("one"), unbounded);
  const running = await worker.taken("one@alice");
  expect((await other.create("alice", newJob("one"), unbounded)).job.record.status).toBe("running");
  running.end(result(7));
  await expect.poll(async () => (await store.get("alice", "one"))?.record.status).toBe("completed");
  const again = await other.create("alice", newJob("one"), unbounded);
  expect(again.isNew).toBe(false);
  expect(again.job.record).toMatchObject({ status: "completed", result: 7, attempt: 1 });
  expect(await store.clear("alice")).toBe(1);
  expect((await other.create("alice", newJob("one"), unbounded)).isNew).toBe(true);
});

test("ids of any text make jobs of their own, and none is another scope's", async () => {
  await stores();
  const ids = ["1", "a:b", "x@y", "é√😀", " ", "wait", "meta", "%40", "*"];
  for (const scope of ["a", "a@b", "b:c", "*"]) {
    for (const id of ids) await store.create(scope, newJob(id, { params: { scope } }), unbounded);
  }
  for (const scope of ["a", "a@b", "b:c", "*"]) {
    const listed = await records(other, scope);
    expect(listed.map(({ id }) => id)).toEqual(ids);
    expect(listed.every(({ params }) => (params as { scope: string }).scope === scope)).toBe(true);
  }
  expect(await store.get("a", "y@a")).toBeUndefined();
  expect(await store.cancel("b", "1")).toBe(false);
  expect(await store.stats("b")).toMatchObject({ pending: 0, total: 0 });
});

test("jobs are listed running, then as they will start, then finished with the newest first, by every store alike", async () => {
  await stores();
  const worker = await hands();
  await store.create("alice", newJob("first"), unbounded);
  (await worker.taken("first@alice")).end(result(null));
  await store.create("alice", newJob("second"), unbounded);
  (await worker.taken("second@alice")).fail(new Error("no"));
  await expect.poll(async () => (await store.stats("alice")).running).toBe(0);
  await store.create("alice", newJob("late", { delay: 100_000 }), unbounded);
  await store.create("alice", newJob("later", { delay: 200_000 }), unbounded);
  await worker.close();
  for (const [id, priority] of [
    ["low", -5],
    ["plain", 0],
    ["high", 5.4],
    ["same", 0],
  ] as const) {
    await other.create("alice", newJob(id, { priority }), unbounded);
  }
  const listed = await records(store, "alice");
  expect(listed.map(({ id }) => id)).toEqual(["high", "plain", "same", "low", "late", "later", "second", "first"]);
  expect(listed).toEqual(await records(other, "alice"));
  expect(listed[0]).toMatchObject({ priority: 5.4, status: "pending", attempt: 0 });
  expect(listed[4]!.ready_at! - listed[4]!.created_at).toBe(100_000);
  expect(listed[6]).toMatchObject({ status: "failed", error: { name: "Error", message: "no" } });
  expect(await store.setPriority("alice", "low", 100)).toBe(true);
  expect((await records(other, "alice"))[0]).toMatchObject({ id: "low", priority: 100 });
  expect(await store.setPriority("alice", "first", 100)).toBe(false);
});

test("a scope is full of what is pending, not of what has ended and nobody has read yet", async () => {
  await stores();
  const worker = await hands();
  const one = { maxPending: 1, retain: Infinity };
  for (const how of ["end", "fail"] as const) {
    await store.create("alice", newJob(how), one);
    const running = await worker.taken(`${how}@alice`);
    if (how === "end") running.end(result(null));
    else running.fail(new Error("no"));
    await expect.poll(() => redis.client.hget(`bull:jobgate:${how}@alice`, "finishedOn")).not.toBeNull();
  }
  await store.create("alice", newJob("next", { delay: 100_000 }), one);
  await expect(store.create("alice", newJob("full"), one)).rejects.toThrow(QueueFullError);
  expect(await store.stats("alice")).toMatchObject({ pending: 1, completed: 1, failed: 1, total: 3 });
});

test("a pending or delayed job that is cancelled has ended at once, and never starts", async () => {
  await stores();
  await store.create("alice", newJob("one"), unbounded);
  await store.create("alice", newJob("two", { delay: 100_000 }), unbounded);
  expect(await other.cancel("alice", "one", "not wanted")).toBe(true);
  expect(await other.cancel("alice", "two")).toBe(true);
  expect(await store.cancel("alice", "one")).toBe(false);
  expect(await store.cancel("alice", "three")).toBe(false);
  const [one] = (await records(store, "alice")).filter(({ id }) => id === "one");
  expect(one).toMatchObject({ status: "cancelled", attempt: 0 });
  expect(one).not.toHaveProperty("error");
  expect(await store.stats("alice")).toEqual({
    pending: 0,
    running: 0,
    completed: 0,
    failed: 0,
    cancelled: 2,
    total: 2,
  });
  const worker = await hands();
  await store.create("alice", newJob("next"), unbounded);
  await worker.taken("next@alice");
  expect((await store.get("alice", "one"))?.record.status).toBe("cancelled");
});

test("a running job is asked once, and says so until it has settled; who follows hears of it", async () => {
  await stores();
  const worker = await hands();
  const heard: ControlMessage[] = [];
  const follower = new Follower(checkRedis(redis.url), "jobgate", { control: (message) => heard.push(message) });
  open.push(follower);
  await store.create("alice", newJob("one"), unbounded);
  const running = await worker.taken("one@alice");
  expect(await Promise.all([store.cancel("alice", "one", "a"), other.cancel("alice", "one", "b")])).toEqual([
    true,
    true,
  ]);
  expect((await store.get("alice", "one"))?.record).toMatchObject({ status: "running", stopping: true });
  await expect.poll(() => heard.length).toBeGreaterThan(0);
  running.end(result(1));
  await expect.poll(async () => (await store.get("alice", "one"))?.record.stopping).toBeUndefined();
  expect(heard.filter(({ type }) => type === "stop")).toHaveLength(1);
  expect(await store.cancel("alice", "one")).toBe(false);
});

test("no more wait than may, and no more ended ones are kept than are to be", async () => {
  await stores();
  const bounds = { maxPending: 2, retain: 1 };
  await store.create("alice", newJob("1"), bounds);
  await store.create("alice", newJob("2"), bounds);
  await expect(other.create("alice", newJob("3"), bounds)).rejects.toThrow(QueueFullError);
  expect(await store.get("alice", "3")).toBeUndefined();
  expect((await other.create("alice", newJob("2"), bounds)).isNew).toBe(false);
  await other.create("bob", newJob("3"), bounds);
  for (const id of ["1", "2"]) await store.cancel("alice", id);
  expect((await records(store, "alice")).map(({ id }) => id)).toHaveLength(1);
  expect(await store.stats("alice")).toMatchObject({ pending: 0, cancelled: 2, total: 2 });
});

test("finished jobs can be had again with what they were made of, others can't", async () => {
  await stores();
  await store.create("alice", newJob("one", { params: { list: [], nested: { empty: [] } }, priority: 3 }), unbounded);
  await expect(store.again("alice", "one")).rejects.toMatchObject({ code: "E_NOT_FINISHED" });
  await expect(store.again("alice", "two")).rejects.toMatchObject({ code: "E_UNKNOWN_JOB" });
  await store.cancel("alice", "one");
  expect(await store.again("alice", "one")).toEqual({
    type: "work",
    data: { params: { list: [], nested: { empty: [] } }, priority: 3 },
  });
});

test("a job that one of BullMQ's own tools starts again is unfinished again, and has one more end", async () => {
  await stores();
  await store.create("alice", newJob("one"), unbounded);
  await store.cancel("alice", "one");
  expect(await store.stats("alice")).toMatchObject({ cancelled: 1 });
  const connection = redis.client.duplicate({ maxRetriesPerRequest: null });
  const queue = new Queue("jobgate", { connection });
  open.push({ close: () => queue.close() }, { close: () => connection.disconnect() });
  const worker = await hands();
  await (await queue.getJob("one@alice"))!.retry("failed");
  const running = await worker.taken("one@alice");
  expect((await records(store, "alice")).map(({ status, stopping }) => [status, stopping])).toEqual([
    ["running", undefined],
  ]);
  running.end(result(1));
  await expect.poll(async () => (await records(store, "alice"))[0]?.status).toBe("completed");
  expect(await store.stats("alice")).toEqual({
    pending: 0,
    running: 0,
    completed: 1,
    failed: 0,
    cancelled: 1,
    total: 1,
  });
});

test("a job that one of BullMQ's own tools removes is known no longer", async () => {
  await stores();
  await store.create("alice", newJob("one"), unbounded);
  const connection = redis.client.duplicate({ maxRetriesPerRequest: null });
  const queue = new Queue("jobgate", { connection });
  open.push({ close: () => queue.close() }, { close: () => connection.disconnect() });
  await queue.remove("one@alice");
  expect(await records(store, "alice")).toEqual([]);
  expect(await store.stats("alice")).toMatchObject({ pending: 0, running: 0 });
  expect((await store.create("alice", newJob("one"), unbounded)).isNew).toBe(true);
});

test("a long list is read page by page", async () => {
  await stores();
  const creates = Array.from({ length: 1200 }, (_, at) => store.create("alice", newJob(`job ${at}`), unbounded));
  await Promise.all(creates);
  const pages: number[] = [];
  for await (const page of other.list("alice")) pages.push(page.length);
  expect(pages).toEqual([500, 500, 200]);
});

test("while Redis is away who asks is told so, and nothing is lost when it is back", async () => {
  await stores();
  await store.create("alice", newJob("one"), unbounded);
  await redis.kill("SIGKILL");
  await expect(store.create("alice", newJob("two"), unbounded)).rejects.toMatchObject({ code: "E_DISCONNECTED" });
  await expect(store.get("alice", "one")).rejects.toMatchObject({ code: "E_DISCONNECTED" });
  await redis.start();
  await expect.poll(() => store.isConnected).toBe(true);
  expect((await records(store, "alice")).map(({ id }) => id)).toEqual(["one"]);
});

test("a store without memory takes no more, and says so", async () => {
  await stores();
  await redis.client.config("SET", "maxmemory", "1");
  await expect(store.create("alice", newJob("one"), unbounded)).rejects.toMatchObject({ code: "E_QUEUE_FULL" });
  await redis.client.config("SET", "maxmemory", "0");
  expect((await store.create("alice", newJob("one"), unbounded)).isNew).toBe(true);
});
