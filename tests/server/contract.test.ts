// What the comments of the server's types promise, where no other file has it for its subject.
import { isMainThread } from "node:worker_threads";
import { Redis, type RedisOptions } from "ioredis";
import { JobRunner, remote, type TaskContext } from "jobgate/runner";
import { QueueGateway, QueueWorker, type QueueWorkerOptions, type ServerJobType } from "jobgate/server";
import { expect, onTestFinished, test } from "vitest";
import { defer } from "../../src/facade/support/defer.ts";
import { openGateway, openPage, type Page, type Site } from "./support/gateways.ts";
import { oneRedis } from "./support/one-redis.ts";
import { typesOf } from "./support/types.mjs";

const server = oneRedis();
const { open } = server;

async function gateway(options: Parameters<typeof openGateway>[1] = {}): Promise<Site> {
  const site = await openGateway(server.redis.url, { types: typesOf("none"), ...options });
  open.push(site);
  await site.gateway.ready;
  return site;
}
async function worker(options: Partial<QueueWorkerOptions> = {}): Promise<QueueWorker> {
  const made = new QueueWorker({ redis: server.redis.url, types: typesOf("none"), name: "w", ...options });
  open.push({ close: () => made.close({ timeout: 0 }) });
  await made.ready;
  return made;
}
async function page(site: Site): Promise<Page> {
  const made = openPage("alice", [site]);
  open.push(made);
  await made.until(({ connected }) => connected);
  return made;
}
type Queue = ReturnType<QueueGateway["queue"]>;
const becomes = (queue: Pick<Queue, "getJob">, id: string, expected: object) =>
  expect.poll(() => queue.getJob(id), { timeout: 20_000 }).toMatchObject(expected);

test("redis: an address, options, or an ioredis, which is left as it was", async () => {
  const own = new Redis({ port: server.redis.port, maxRetriesPerRequest: 7 });
  onTestFinished(() => own.disconnect());
  await own.ping();
  const listeners = own.eventNames().map((name) => [name, own.listenerCount(name)]);
  const lazy = new Redis({ port: server.redis.port, lazyConnect: true });
  onTestFinished(() => lazy.disconnect());
  for (const given of [server.redis.url, { port: server.redis.port }, own, lazy]) {
    const site = await openGateway(given, { types: typesOf("none") });
    const hands = new QueueWorker({ redis: given, types: typesOf("none") });
    const queue = site.gateway.queue("alice");
    const { id } = await queue.createJob("echo", { text: "hello" });
    await becomes(queue, id, { status: "completed", result: "hello" });
    await hands.close();
    await site.close();
  }
  expect(own.eventNames().map((name) => [name, own.listenerCount(name)])).toEqual(listeners);
  expect([own.status, lazy.status, await own.ping()]).toEqual(["ready", "wait", "PONG"]);
});

test("redis: an ioredis that is never patient is so only for whom it is", async () => {
  const own = new Redis({ port: server.redis.port, enableOfflineQueue: false, commandTimeout: 1, lazyConnect: true });
  onTestFinished(() => own.disconnect());
  // What is to be answered within seconds has longer here, as everywhere in tests.
  const given = {
    duplicate: (asked: RedisOptions) =>
      own.duplicate(asked.commandTimeout === undefined ? asked : { ...asked, commandTimeout: 60_000 }),
  };
  const site = await openGateway(given, { types: typesOf("none") });
  open.push(site);
  const hands = await worker({ redis: given });
  await site.gateway.ready;
  const queue = site.gateway.queue("alice");
  const { id } = await queue.createJob("echo", { text: "hello" });
  await becomes(queue, id, { status: "completed", result: "hello" });
  await hands.close();
});

test("queues of two names in one Redis know nothing of each other", async () => {
  const [one, other] = [await gateway(), await gateway({ queue: "other" })];
  await worker({ queue: "other" });
  await one.gateway.queue("alice").createJob("echo", { text: "one" }, { id: "same" });
  await other.gateway.queue("alice").createJob("echo", { text: "other" }, { id: "same" });
  await becomes(other.gateway.queue("alice"), "same", { status: "completed", result: "other" });
  expect(one.gateway.queue("alice").getAllJobs()).toMatchObject([{ id: "same", status: "pending" }]);
});

/** A retry that says something else each time it is asked. */
class Fickle {
  private asked = 0;
  get limit() {
    this.asked += 1;
    return this.asked === 1 ? 1 : -1;
  }
  get delay() {
    return 1;
  }
}

test("a retry may be a class's, and is what it said when it was first asked: a job's and a type's", async () => {
  const types = typesOf("none").map((type) => ({ ...type, defaults: { retry: new Fickle() } }));
  const site = await gateway({ types });
  await worker();
  const queue = site.gateway.queue("alice");
  for (const options of [{}, { retry: new Fickle() }]) {
    const { id } = await queue.createJob("fails", { times: 1 }, options);
    await becomes(queue, id, { status: "completed", attempt: 2 });
  }
});

test("defaults are a type's, option by option, where a job does not say", async () => {
  const retry = { limit: 1, delay: 1 };
  const site = await gateway({ types: typesOf("none", { defaults: { priority: "background", timeout: 300, retry } }) });
  // As they were when they were handed in.
  retry.limit = 0;
  await worker();
  const queue = site.gateway.queue("alice");
  const tried = await queue.createJob("fails", { times: 1 });
  const once = await queue.createJob("fails", { times: 1 }, { retry: 0, priority: 5 });
  await queue.createJob("waits", {}, { id: "timed", retry: 0 });
  expect([tried.priority < 0, once.priority]).toEqual([true, 5]);
  await becomes(queue, tried.id, { status: "completed", attempt: 2 });
  await becomes(queue, once.id, { status: "failed", attempt: 1 });
  await becomes(queue, "timed", { status: "failed", attempt: 1, error: { name: "TimeoutError" } });
  // Again, with what it was made with.
  const again = await queue.retryJob(once.id);
  expect(again.priority).toBe(5);
  await becomes(queue, again.id, { status: "failed", attempt: 1 });
});

test("a body runs in a thread of its module where nothing is said, and a gateway needs none", async () => {
  const [bare] = typesOf("none").map(({ name, params }) => ({
    name,
    description: "",
    params,
    execute: () => isMainThread,
  }));
  const site = await gateway({ types: [bare!] });
  expect(() => new QueueWorker({ redis: server.redis.url, types: [bare!] })).toThrow('"echo" needs a module');
  const { module } = typesOf("thread")[0]!;
  await worker({ types: [{ ...bare!, module: module! }] });
  const { id } = await site.gateway.queue("alice").createJob("echo", { text: "of the module" });
  await becomes(site.gateway.queue("alice"), id, { status: "completed", result: "of the module" });
});

test("an attempt that times out and does not hear is killed with its thread after its grace", async () => {
  const site = await gateway();
  await worker({ types: typesOf("thread", { grace: 200 }) });
  const queue = site.gateway.queue("alice");
  await queue.createJob("deaf", {}, { id: "deaf", timeout: 300 });
  await becomes(queue, "deaf", { status: "failed", error: { name: "TimeoutError" } });
});

test("without a thread a deaf body is waited for, and stopping until it has settled", async () => {
  const site = await gateway({
    types: ["deaf", "quick"].map((name) => ({ name, description: "", params: [], execute: () => {} })),
  });
  const body = defer<void>();
  const execute = (_: unknown, { progress }: TaskContext) => {
    progress(1, "running");
    return body.promise;
  };
  const types: ServerJobType[] = [
    { name: "deaf", description: "", params: [], isolate: "none", grace: 0, execute },
    { name: "quick", description: "", params: [], isolate: "none", execute: () => {} },
  ];
  await worker({ types });
  onTestFinished(() => body.resolve());
  const queue = site.gateway.queue("alice");
  await queue.createJob("deaf", {}, { id: "one" });
  await becomes(queue, "one", { status: "running", progress: { message: "running" } });
  expect(await queue.cancelJob("one")).toBe(true);
  // The worker goes on with others.
  for (const id of ["two", "three"]) {
    await queue.createJob("quick", {}, { id, delay: 50 });
    await becomes(queue, id, { status: "completed" });
  }
  expect(queue.getJob("one")).toMatchObject({ status: "running", stopping: true });
  body.resolve();
  await becomes(queue, "one", { status: "cancelled" });
});

test("a body knows its id and attempt, and what it logs reaches who watches a page", async () => {
  const site = await gateway();
  const told: unknown[] = [];
  const types: ServerJobType[] = [
    {
      name: "waits",
      description: "",
      params: [],
      isolate: "none",
      execute: async (_, { id, attempt, log, checkpoint, signal }) => {
        told.push([id, attempt]);
        log(`${id} ${attempt}`);
        if (attempt === 1) throw new Error("again");
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        told.push((signal.reason as Error).message);
        await checkpoint();
        told.push("not reached");
      },
    },
  ];
  await worker({ types });
  const one = await page(site);
  const heard: unknown[] = [];
  one.sockets[0]!.on("message", (data) => {
    const message = JSON.parse(String(data));
    if (message.type === "job_log") heard.push([message.job_id, message.message]);
  });
  await one.client.createJob("waits", {}, { id: "a:b", retry: { limit: 1, delay: 1 } });
  await one.until(() => one.client.getJob("a:b")?.attempt === 2 && one.client.getJob("a:b")?.status === "running");
  await expect.poll(() => told.length).toBe(2);
  expect(await one.client.cancelJob("a:b", "not needed")).toBe(true);
  await one.until(() => one.client.getJob("a:b")?.status === "cancelled");
  expect(told).toEqual([["a:b", 1], ["a:b", 2], "not needed"]);
  await expect
    .poll(() => heard)
    .toEqual([
      ["a:b", "a:b 1"],
      ["a:b", "a:b 2"],
    ]);
});

test("await using ends a worker and a gateway, and nothing of theirs is left in Redis's list of clients", async () => {
  {
    await using hands = new QueueWorker({ redis: server.redis.url, types: typesOf("none") });
    await using made = new QueueGateway({
      redis: server.redis.url,
      types: typesOf("none"),
      authorize: () => "alice",
      scope: (user) => user,
      origins: [],
    });
    await Promise.all([hands.ready, made.ready]);
    const { id } = await made.queue("alice").createJob("echo", { text: "" });
    await becomes(made.queue("alice"), id, { status: "completed" });
  }
  const clients = async () =>
    String(await server.redis.client.client("LIST"))
      .trim()
      .split("\n").length;
  await expect.poll(clients).toBe(1);
});

test("server code has all of a queue", async () => {
  const site = await gateway();
  const queue = site.gateway.queue("alice");
  let changes = 0;
  const leave = queue.subscribe(() => {
    changes += 1;
  });
  await queue.createJob("echo", { text: "low" }, { id: "low", priority: -1 });
  await queue.createJob("echo", { text: "high" }, { id: "high" });
  expect(queue.getAllJobs().map(({ id }) => id)).toEqual(["high", "low"]);
  expect(await queue.createJob("echo", { text: "other" }, { id: "low" })).toEqual(queue.getJob("low"));
  await queue.createJob("echo", { text: "last" }, { id: "last" });
  expect(await queue.setPriority("high", 0)).toBe(true);
  expect(queue.getAllJobs().map(({ id }) => id)).toEqual(["high", "last", "low"]);
  expect(await queue.cancelJob("last")).toBe(true);
  expect(await queue.setPriority("low", 10)).toBe(true);
  expect(queue.getAllJobs().map(({ id }) => id)).toEqual(["low", "high", "last"]);
  const heard = (async () => {
    const events: string[] = [];
    for await (const { event } of queue.watch("low")) events.push(event);
    return events;
  })();
  expect(await queue.cancelJob("low", "why")).toBe(true);
  expect(queue.getJob("low")).toMatchObject({ status: "cancelled", reason: "why" });
  expect(await heard).toEqual(["status", "cancelled"]);
  expect(queue.getQueueStats()).toMatchObject({ pending: 1, cancelled: 2, total: 3 });
  expect(await queue.retryJob("low")).toMatchObject({ status: "pending", params: { text: "low" }, priority: 10 });
  await expect(queue.retryJob("high")).rejects.toMatchObject({ code: "E_NOT_FINISHED" });
  expect(await queue.clearCompleted()).toBe(2);
  expect(queue.getJob("low")).toBeUndefined();
  expect(() => queue.watch("low")).toThrow(expect.objectContaining({ code: "E_UNKNOWN_JOB" }));
  expect(queue.getSnapshot()).toBe(queue.getSnapshot());
  expect(changes).toBeGreaterThan(0);
  leave();
  await expect(queue.createJob("nothing")).rejects.toMatchObject({ code: "E_UNKNOWN_TYPE" });
  await expect(queue.createJob("echo", { text: 1 })).rejects.toMatchObject({ code: "E_INVALID_PARAMS" });
});

test("a gateway that was closed refuses all, and nothing hangs", async () => {
  const site = await gateway();
  const queue = site.gateway.queue("alice");
  const { id } = await queue.createJob("echo", { text: "" });
  const closed = site.gateway.close();
  expect(site.gateway.close()).toBe(closed);
  await closed;
  expect(queue.getSnapshot().connected).toBe(false);
  await expect(queue.createJob("echo", { text: "" })).rejects.toThrow();
  await expect(queue.cancelJob(id)).rejects.toThrow();
  expect((await site.ask("alice", "/jobs")).status).toBe(503);
  expect(() => site.gateway.queue("alice")).toThrow(expect.objectContaining({ code: "E_CLOSED" }));
  const { port1 } = new MessageChannel();
  expect(() => site.gateway.serve(port1 as never, { name: "alice" })).toThrow("closed");
  port1.close();
});

test("one type of a page's runner runs on the server: result, error and cancelling are those of there", async () => {
  const site = await gateway();
  await worker();
  const { client } = await page(site);
  const text = { name: "text", type: "string" } as const;
  const times = { name: "times", type: "integer" } as const;
  const types = [
    remote({ name: "echo", description: "", params: [text] }, client),
    remote({ name: "fails", description: "", params: [times] }, client),
    remote({ name: "waits", description: "", params: [] }, client),
  ];
  const runner = new JobRunner({ builtins: false, types });
  open.push(runner);
  const here = runner.asQueue();
  const echo = runner.createJob("echo", { text: "hello" });
  const fails = runner.createJob("fails", { times: 1 });
  const waits = runner.createJob("waits");
  await becomes(here, echo.id, { status: "completed", result: "hello" });
  await becomes(here, fails.id, { status: "failed", error: { message: "attempt 1", code: "E_TEST" } });
  await becomes(here, waits.id, { status: "running", progress: { message: "running" } });
  expect(runner.cancelJob(waits.id)).toBe(true);
  await becomes(here, waits.id, { status: "cancelled" });
  const there = site.gateway.queue("alice");
  await expect.poll(() => there.getQueueStats()).toMatchObject({ completed: 1, failed: 1, cancelled: 1, running: 0 });
});
