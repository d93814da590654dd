// What goes wrong for real: processes that are killed, stopped and gone on with, a Redis that is away.
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JobStore } from "../../src/facade/server/store.ts";
import type { JobRecord } from "../../src/facade/types.ts";
import { newGate } from "./support/gate.ts";
import { ended, startWorker, terminate } from "./support/processes.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { newJob, openStore, records, unbounded } from "./support/stores.ts";

let redis: TestRedis;
let store: JobStore;
let other: JobStore;

beforeEach(async () => {
  redis = await startRedis();
  store = await openStore(redis.url);
  other = await openStore(redis.url);
});
afterEach(async () => {
  await store.close();
  await other.close();
  await redis.stop();
});

const create = (id: string, type: string, params: object = {}) =>
  store.create("alice", newJob(id, { type, params }), unbounded);
const record = async (id: string): Promise<JobRecord> => (await store.get("alice", id))!.record;
const becomes = (id: string, expected: object) =>
  expect.poll(() => record(id).catch(() => undefined), { timeout: 30_000 }).toMatchObject(expected);
const inThread = (name: string, more: object = {}) =>
  startWorker({ redis: redis.url, isolate: "thread", name, lock: 1000, ...more });
/** For a worker whose lock outlasts any pause of the machine: as if it had run out, and a look at that were due. */
const runsOut = (id: string) => redis.client.del(`bull:jobgate:${id}@alice:lock`, "bull:jobgate:stalled-check");

test("a worker that is killed: its job goes on elsewhere as its next attempt", async () => {
  const gate = newGate();
  const first = await inThread("first");
  await create("one", "ignores", { file: gate.file });
  await becomes("one", { status: "running", worker_id: "first" });
  const { attempt } = await record("one");
  await inThread("second");
  first.kill("SIGKILL");
  await becomes("one", { worker_id: "second" });
  gate.open();
  await becomes("one", { status: "completed", worker_id: "second", result: "done" });
  expect((await record("one")).attempt).toBeGreaterThan(attempt);
});

for (const how of ["throws", "rejects", "exits"]) {
  test(`a body whose thread ${how} once it is idle: a warning says so, and the worker's other jobs go on`, async () => {
    const gate = newGate();
    const worker = await inThread("first", { lock: 60_000 });
    let said = "";
    worker.stderr?.on("data", (part) => {
      said += part;
    });
    await create("other", "ignores", { file: gate.file });
    await becomes("other", { status: "running", progress: { message: "running" } });
    await create("careless", "late", { how });
    // Where the thread is gone before its answer was read, that is the job's end.
    await becomes("careless", { completed_at: expect.any(Number) });
    if ((await record("careless")).status === "completed") {
      await expect
        .poll(() => said, { timeout: 20_000 })
        .toMatch(
          {
            throws: /JobgateWarning: A worker of the pool .*: throws/,
            rejects: /JobgateWarning: .*: rejects/,
            exits: /is gone/,
          }[how]!,
        );
    }
    gate.open();
    await becomes("other", { status: "completed", attempt: 1, worker_id: "first" });
    await create("next", "echo", { text: "goes on" });
    await becomes("next", { status: "completed", worker_id: "first" });
    expect(worker.exitCode).toBeNull();
  });
}

test("a job that loses its workers more often than it may fails, and says why", async () => {
  const first = await inThread("first", { maxLost: 0, lock: 600_000 });
  await create("one", "waits");
  await becomes("one", { status: "running", worker_id: "first" });
  first.kill("SIGKILL");
  await runsOut("one");
  await inThread("second", { maxLost: 0 });
  await becomes("one", { status: "failed", error: { name: "WorkerCrashedError", code: "E_WORKER_CRASHED" } });
});

test("a job that was told to end, and loses its last worker instead, ends cancelled", async () => {
  const first = await inThread("first", { maxLost: 0, lock: 600_000 });
  await create("one", "deaf");
  await becomes("one", { status: "running", progress: { message: "running" } });
  expect(await store.cancel("alice", "one", "enough")).toBe(true);
  first.kill("SIGKILL");
  await runsOut("one");
  await inThread("second", { maxLost: 0 });
  await becomes("one", { status: "cancelled", reason: "enough" });
  expect(await store.stats("alice")).toMatchObject({ cancelled: 1, failed: 0, running: 0 });
});

test("a worker that was stopped and goes on: its signal aborts, and what it returns is refused", async () => {
  const gate = newGate();
  const notes = `${gate.file}.notes`;
  const first = await inThread("first");
  await create("one", "notes", { file: gate.file, notes });
  await becomes("one", { status: "running", worker_id: "first", progress: { message: "running" } });
  const { attempt } = await record("one");
  const second = await inThread("second");
  first.kill("SIGSTOP");
  await becomes("one", { worker_id: "second" });
  first.kill("SIGCONT");
  await expect.poll(() => readFile(notes, "utf8").catch(() => "")).toContain(`attempt ${attempt}: LostJobError`);
  gate.open();
  await becomes("one", { status: "completed" });
  expect((await record("one")).result).toBeGreaterThan(attempt);
  expect(await store.stats("alice")).toMatchObject({ completed: 1, failed: 0, running: 0 });
  // The first is whole: it takes the next.
  second.kill("SIGKILL");
  await ended(second);
  await create("two", "echo", { text: "next" });
  await becomes("two", { status: "completed", worker_id: "first" });
});

test("a cancel whose news gets lost is read at the next renewal of the lock", async () => {
  await inThread("first");
  await create("one", "waits");
  await becomes("one", { status: "running", progress: { message: "running" } });
  // As the script marks it, and nothing on the control stream.
  await redis.client.hset("bull:jobgate:one@alice", "jg:stop", '{"reason":"lost"}', "jg:ending", '{"cancelled":true}');
  await becomes("one", { status: "cancelled", reason: "lost" });
});

test("on SIGTERM a worker lets what runs end", async () => {
  const gate = newGate();
  const worker = await startWorker({ redis: redis.url, isolate: "thread" });
  await create("short", "ignores", { file: gate.file });
  await becomes("short", { status: "running", progress: { message: "running" } });
  await terminate(worker);
  gate.open();
  expect(await ended(worker)).toBe(0);
  expect(await record("short")).toMatchObject({ status: "completed", result: "done" });
});

test("on SIGTERM a worker hands back what takes longer than it may", async () => {
  const options = { close: { timeout: 100 }, type: { grace: 100 } };
  const worker = await startWorker({ redis: redis.url, isolate: "thread", ...options });
  await create("long", "waits");
  await create("deaf", "deaf");
  for (const id of ["long", "deaf"]) await becomes(id, { status: "running", progress: { message: "running" } });
  worker.kill("SIGTERM");
  expect(await ended(worker)).toBe(0);
  expect(await record("long")).toMatchObject({ status: "pending" });
  expect(await record("deaf")).toMatchObject({ status: "pending" });
});

test("a loop that blocks the worker's own thread costs the lock, and the job is run elsewhere", async () => {
  const gate = newGate();
  const blocked = await startWorker({ redis: redis.url, isolate: "none", name: "blocked", lock: 1000 });
  await create("one", "blocks", { file: gate.file });
  await becomes("one", { status: "running", worker_id: "blocked" });
  await inThread("second");
  await becomes("one", { worker_id: "second" });
  gate.open();
  await becomes("one", { status: "completed", result: "done" });
  expect(blocked.exitCode).toBeNull();
});

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`Redis gets ${signal} while jobs run: none is lost, and what was asked to end does`, async () => {
    const gate = newGate();
    await inThread("first", { concurrency: 4, lock: 3000 });
    await create("kept", "ignores", { file: gate.file });
    await create("cancelled", "waits");
    await becomes("cancelled", { status: "running", progress: { message: "running" } });
    const ids = Array.from({ length: 50 }, (_, at) => `job ${at}`);
    await Promise.all(ids.map((id) => create(id, "echo", { text: id })));
    expect(await store.cancel("alice", "cancelled")).toBe(true);
    await redis.kill(signal);
    await redis.start();
    gate.open();
    await expect
      .poll(async () => (await store.stats("alice").catch(() => undefined))?.completed, { timeout: 30_000 })
      .toBe(51);
    await becomes("cancelled", { status: "cancelled" });
    const all = await records(store, "alice");
    expect(all.map(({ id }) => id).sort()).toEqual(["cancelled", "kept", ...ids].sort());
    expect(all.filter(({ status }) => status === "completed")).toHaveLength(51);
  });
}

test("Redis is away for longer than a lock lasts: what runs goes on or is run again, and ends once; a warning says so once", async () => {
  const gate = newGate();
  const worker = await inThread("first", { lock: 1000 });
  let said = "";
  worker.stderr?.on("data", (part) => {
    said += part;
  });
  await create("one", "ignores", { file: gate.file });
  await becomes("one", { status: "running" });
  await redis.kill("SIGTERM");
  gate.open();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  await redis.start();
  await becomes("one", { status: "completed" });
  expect(await store.stats("alice")).toMatchObject({ completed: 1, failed: 0, total: 1 });
  expect(said.match(/JobgateWarning: Redis does not answer/g)).toHaveLength(1);
});

test("a worker whose Redis is away ends all the same, and its job is run elsewhere once it is back", async () => {
  const worker = await inThread("first", { close: { timeout: 100 } });
  await create("one", "waits");
  await becomes("one", { status: "running", progress: { message: "running" } });
  const { attempt } = await record("one");
  await redis.kill("SIGTERM");
  worker.kill("SIGTERM");
  expect(await ended(worker)).toBe(0);
  await redis.start();
  await inThread("second");
  await becomes("one", { status: "running", worker_id: "second" });
  expect((await record("one")).attempt).toBeGreaterThan(attempt);
});

test("a worker whose Redis stands still ends all the same, and its job is done", async () => {
  const gate = newGate();
  const worker = await inThread("first", { close: { timeout: 100 } });
  await create("one", "ignores", { file: gate.file });
  await becomes("one", { status: "running", progress: { message: "running" } });
  process.kill(redis.pid, "SIGSTOP");
  gate.open();
  worker.kill("SIGTERM");
  expect(await ended(worker)).toBe(0);
  process.kill(redis.pid, "SIGCONT");
  await inThread("second");
  await becomes("one", { status: "completed", result: "done" });
});

test("a Redis without memory: what runs is kept until there is some, and its result is not lost", async () => {
  const gate = newGate();
  await inThread("first", { lock: 2000 });
  await create("one", "ignores", { file: gate.file });
  await becomes("one", { status: "running", progress: { message: "running" } });
  await redis.client.config("SET", "maxmemory", "1");
  await expect(create("two", "echo", { text: "" })).rejects.toMatchObject({ code: "E_QUEUE_FULL" });
  gate.open();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await redis.client.config("SET", "maxmemory", "0");
  await becomes("one", { status: "completed", result: "done" });
});

test("cancels that race starts, finishes and each other: who is told yes sees it cancelled, who is told no does not", async () => {
  await inThread("first", { concurrency: 8, isolate: "none", lock: 30_000 });
  const ids = Array.from({ length: 200 }, (_, at) => `job ${at}`);
  const answers = await Promise.all(
    ids.map(async (id, at) => {
      // A cancel that overtakes its job finds none.
      const early = other.cancel("alice", id);
      const made = create(id, "echo", { text: id });
      if (at % 4 === 0) await made;
      if (at % 4 === 1) await made.then(() => store.get("alice", id));
      const asked = await Promise.all([store.cancel("alice", id), other.cancel("alice", id)]);
      const wasEarly = await early;
      await made;
      return wasEarly || asked.some(Boolean);
    }),
  );
  await expect.poll(async () => (await store.stats("alice")).running + (await store.stats("alice")).pending).toBe(0);
  const statuses = new Map((await records(store, "alice")).map(({ id, status }) => [id, status]));
  for (const [at, id] of ids.entries()) {
    expect([id, statuses.get(id)]).toEqual([id, answers[at] ? "cancelled" : "completed"]);
  }
  expect(answers).toContain(true);
});

test("a cancel reaches a body in another process within a few milliseconds", async () => {
  await inThread("first", { concurrency: 2 });
  const times: number[] = [];
  for (let at = 0; at < 15; at++) {
    const id = `job-${at}`;
    await create(id, "waits");
    await becomes(id, { status: "running", progress: { message: "running" } });
    const events = redis.client.duplicate();
    const [newest] = (await events.xrevrange("bull:jobgate:events", "+", "-", "COUNT", 1))!;
    const began = performance.now();
    await other.cancel("alice", id);
    let after = newest![0];
    for (let isOver = false; !isOver; ) {
      const answer = await events.xread("BLOCK", 1000, "STREAMS", "bull:jobgate:events", after);
      for (const [name, fields] of answer?.[0]?.[1] ?? []) {
        after = name;
        isOver ||= fields.includes("failed") && fields.includes(`${id}@alice`);
      }
    }
    times.push(performance.now() - began);
    events.disconnect();
  }
  times.sort((one, another) => one - another);
  console.log(`cancel to settled: median ${times[7]!.toFixed(1)} ms, worst ${times[14]!.toFixed(1)} ms`);
  expect(times).toHaveLength(15);
});
