// What a job costs, from its creation to where its end is seen, beside BullMQ by itself: `npx tsx`-free, run by vitest.
import { Job, Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";
import { QueueWorker } from "jobgate/server";
import { checkRedis } from "../../../src/facade/server/connection.ts";
import { Follower } from "../../../src/facade/server/follow.ts";
import type { TestRedis } from "../support/redis.ts";
import { newJob, openStore, unbounded } from "../support/stores.ts";

export interface Cost {
  /** Milliseconds of this process's CPU a job. */
  readonly cpu: number;
  /** Of Redis. */
  readonly redis: number;
  readonly perSecond: number;
}

const AT_ONCE = 50;

async function redisCpu(redis: TestRedis): Promise<number> {
  const info = await redis.client.info("cpu");
  const of = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return 1000 * (of("used_cpu_user") + of("used_cpu_sys"));
}

/** `create` starts the job of that number; `seen` resolves when the ends of all have been seen. */
async function measure(
  redis: TestRedis,
  count: number,
  create: (at: number) => Promise<unknown>,
  seen: Promise<void>,
): Promise<Cost> {
  const before = process.cpuUsage();
  const redisBefore = await redisCpu(redis);
  const began = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < count) await create(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await seen;
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - began) / 1000;
  return {
    cpu: (user + system) / 1000 / count,
    redis: ((await redisCpu(redis)) - redisBefore) / count,
    perSecond: count / seconds,
  };
}

function countdown(count: number): { done: Promise<void>; one(): void } {
  let left = count;
  let resolve = () => {};
  const done = new Promise<void>((given) => {
    resolve = given;
  });
  return { done, one: () => void (--left === 0 && resolve()) };
}

export async function rawCost(redis: TestRedis, count: number): Promise<Cost> {
  const connect = () => new Redis(redis.url, { maxRetriesPerRequest: null });
  const connections = [connect(), connect(), connect()];
  const queue = new Queue("raw", { connection: connections[0]! });
  const worker = new Worker("raw", async (job) => job.data.text, { connection: connections[1]!, concurrency: AT_ONCE });
  const events = new QueueEvents("raw", { connection: connections[2]! });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady(), events.waitUntilReady()]);
  const { done, one } = countdown(count);
  // Who shows a job reads it.
  events.on("completed", ({ jobId }) => void Job.fromId(queue, jobId).then(one));
  const cost = await measure(redis, count, (at) => queue.add("echo", { text: `${at}` }), done);
  await worker.close();
  await events.close();
  await queue.close();
  for (const connection of connections) connection.disconnect();
  return cost;
}

export async function ownCost(redis: TestRedis, count: number): Promise<Cost> {
  const store = await openStore(redis.url, "own");
  const type = {
    name: "echo",
    description: "",
    params: [{ name: "text", type: "string" as const }],
    execute: ({ text }: { text: string }) => text,
    isolate: "none" as const,
  };
  const worker = new QueueWorker({ redis: redis.url, queue: "own", types: [type], concurrency: AT_ONCE });
  await worker.ready;
  const { done, one } = countdown(count);
  const ended: string[] = [];
  const follower = new Follower(
    checkRedis(redis.url),
    "own",
    {
      event: ({ event, jobId }) => {
        if (event === "completed") ended.push(jobId!);
      },
      caughtUp: () => {
        const ids = ended.splice(0);
        void store.read("alice", ids).then((jobs) => jobs.forEach(one));
      },
    },
    0,
  );
  await follower.ready;
  const params = (at: number) => newJob(`job ${at}`, { type: "echo", params: { text: `${at}` } });
  const cost = await measure(redis, count, (at) => store.create("alice", params(at), unbounded), done);
  await worker.close();
  follower.close();
  await store.close();
  return cost;
}
