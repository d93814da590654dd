import { type RedisOptions, ReplyError } from "ioredis";
import type { TaskContext } from "jobgate/runner";
import { QueueWorker, type QueueWorkerOptions } from "jobgate/server";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { checkRedis } from "../../src/facade/server/connection.ts";
import { type ControlMessage, Follower } from "../../src/facade/server/follow.ts";
import type { JobStore } from "../../src/facade/server/store.ts";
import { defer } from "../../src/facade/support/defer.ts";
import type { JobRecord } from "../../src/facade/types.ts";
import { newGate } from "./support/gate.ts";
import { byWayOf, patient, startRedis, type TestRedis } from "./support/redis.ts";
import { newJob, openStore, unbounded } from "./support/stores.ts";
import { typesOf } from "./support/types.mjs";
import { hearWarnings } from "./support/warnings.ts";

let redis: TestRedis;
let store: JobStore;

beforeAll(async () => {
  redis = await startRedis();
  store = await openStore(redis.url);
});
afterAll(async () => {
  await store.close();
  await redis.stop();
});

type Isolate = "none" | "thread";

async function worker(isolate: Isolate, more: Partial<QueueWorkerOptions> = {}): Promise<QueueWorker> {
  const made = new QueueWorker({ redis: redis.url, types: typesOf(isolate), name: "w", ...more });
  onTestFinished(async () => {
    await made.close({ timeout: 0 });
    await redis.client.flushall();
  });
  await made.ready;
  return made;
}

interface Created {
  readonly record: () => Promise<JobRecord>;
  readonly is: (expected: object) => Promise<void>;
  readonly cancel: (reason?: string) => Promise<boolean>;
}

async function create(id: string, type: string, params: object = {}, more: object = {}): Promise<Created> {
  const made = newJob(id, { type, params });
  await store.create("alice", { ...made, data: { ...made.data, ...more } }, unbounded);
  const record = async () => (await store.get("alice", id))!.record;
  return {
    record,
    is: (expected) => expect.poll(record, { timeout: 20_000 }).toMatchObject(expected),
    cancel: (reason) => store.cancel("alice", id, reason),
  };
}

const retry = { limit: 5, delay: 1, maxDelay: 5, backoff: "fixed", jitter: "none" };

for (const isolate of ["none", "thread"] as const) {
  test(`${isolate}: a job runs, and its record says all of it`, async () => {
    await worker(isolate);
    const job = await create("one", "echo", { text: "hello" });
    await job.is({ status: "completed", result: "hello", attempt: 1, worker_id: "w", params: { text: "hello" } });
    const { created_at, started_at, completed_at } = await job.record();
    expect(created_at).toBeLessThanOrEqual(started_at!);
    expect(started_at).toBeLessThanOrEqual(completed_at!);
  });

  test(`${isolate}: a running job that is cancelled says so until it has settled`, async () => {
    await worker(isolate);
    const job = await create("one", "waits");
    await job.is({ status: "running", progress: { percent: 1, message: "running" } });
    expect(await job.cancel("enough")).toBe(true);
    await job.is({ status: "cancelled" });
    expect(await job.record()).not.toHaveProperty("stopping");
    expect(await job.cancel()).toBe(false);
  });

  test(`${isolate}: a job that fails is tried again, and the last error stays where none succeeds`, async () => {
    await worker(isolate);
    const well = await create("well", "fails", { times: 3 }, { retry });
    const badly = await create("badly", "fails", { times: 9 }, { retry: { ...retry, limit: 1 } });
    await well.is({ status: "completed", result: 4, attempt: 4 });
    await badly.is({ status: "failed", attempt: 2, error: { name: "Error", message: "attempt 2", code: "E_TEST" } });
    expect(await well.record()).not.toHaveProperty("error");
  });

  test(`${isolate}: an attempt that takes too long fails with a TimeoutError`, async () => {
    await worker(isolate);
    const job = await create("one", "waits", {}, { timeout: 100 });
    await job.is({ status: "failed", error: { name: "TimeoutError" } });
  });

  test(`${isolate}: a result that JSON can't carry is null, and a line of the log says so`, async () => {
    const heard: ControlMessage[] = [];
    const followed = { control: (message: ControlMessage) => heard.push(message) };
    const follower = new Follower(checkRedis(redis.url), "jobgate", followed, Infinity);
    onTestFinished(() => follower.close());
    await worker(isolate);
    for (const what of ["big", "bigint", "nothing", "null", "cycle"]) {
      const job = await create(what, "odd", { what });
      await job.is({ status: "completed", result: null });
    }
    const told = () => heard.flatMap((message) => (message.type === "log" ? message.id : []));
    await expect.poll(told).toEqual(["big@alice", "bigint@alice", "cycle@alice"]);
  });
}

test("what a body says is told now and then, the last of it before its end", async () => {
  await worker("none");
  const job = await create("one", "talks");
  await job.is({ status: "completed", result: [], progress: { percent: 100, message: "1000" } });
  const events = await redis.client.xrange("bull:jobgate:events", "-", "+");
  expect(events.filter(([, fields]) => fields.includes("progress")).length).toBeLessThan(500);
});

test("what was asked of an earlier job of an id, and is heard again, does not end the one that has it now", async () => {
  const gate = newGate();
  await worker("none");
  const job = await create("same", "ignores", { file: gate.file });
  const other = await create("other", "waits");
  for (const one of [job, other]) await one.is({ status: "running", progress: { message: "running" } });
  // As whoever begins a moment later hears it, or comes back.
  const before = ["type", "stop", "id", "same@alice", "reason", '{"reason":"the first"}'];
  await redis.client.xadd("bull:jobgate:control", "*", ...before);
  await other.cancel("heard after it");
  await other.is({ status: "cancelled" });
  gate.open();
  await job.is({ status: "completed", result: "done" });
});

test("what a body says while Redis answers nothing is kept within bounds", async () => {
  const [asked, answered] = [defer<void>(), defer<void>()];
  const slow = byWayOf(redis.url, "jgTell", async (ask) => {
    asked.resolve();
    await answered.promise;
    return ask();
  });
  const talks = {
    name: "talks",
    description: "",
    params: [],
    isolate: "none" as const,
    async execute(_: unknown, { log }: TaskContext) {
      log("first");
      await asked.promise;
      // Longer than it is from one telling to the next.
      for (let round = 0; round < 4; round += 1) {
        for (let at = 0; at < 600; at += 1) log(`${round} ${at}`);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      answered.resolve();
    },
  };
  await worker("none", { redis: slow, types: [talks] });
  const job = await create("one", "talks");
  await job.is({ status: "completed" });
  expect(await redis.client.xlen("bull:jobgate:control")).toBe(1001);
});

test("a type that the worker does not have, and params that its type refuses, fail without another attempt", async () => {
  await worker("none");
  const unknown = await create("one", "nobody's", {}, { retry });
  await unknown.is({ status: "failed", attempt: 1, error: { name: "UnknownJobTypeError", code: "E_UNKNOWN_TYPE" } });
  const wrong = await create("two", "echo", { text: 7 }, { retry });
  await wrong.is({ status: "failed", attempt: 1, error: { name: "InvalidParamsError", code: "E_INVALID_PARAMS" } });
});

test("retryIf decides about another attempt; one that throws counts as no", async () => {
  const asked: unknown[] = [];
  const types = typesOf("none", {
    retryIf: (error, attempt) => {
      asked.push([(error as Error).message, attempt]);
      if (attempt === 3) throw new Error("of retryIf");
      return true;
    },
  });
  const warnings = hearWarnings();
  await worker("none", { types });
  const job = await create("one", "fails", { times: 9 }, { retry });
  await job.is({ status: "failed", attempt: 3 });
  expect(asked).toEqual([
    ["attempt 1", 1],
    ["attempt 2", 2],
    ["attempt 3", 3],
  ]);
  expect(warnings).toEqual(["JobgateWarning: of retryIf"]);
});

test("a retryIf that answers with a promise has said yes, and what that rejects with is a warning of the process", async () => {
  const warnings = hearWarnings();
  const retryIf = (async () => {
    throw new Error("of retryIf");
  }) as never;
  await worker("none", { types: typesOf("none", { retryIf }) });
  const job = await create("one", "fails", { times: 1 }, { retry });
  await job.is({ status: "completed", attempt: 2 });
  await expect.poll(() => warnings).toEqual(["JobgateWarning: of retryIf"]);
});

for (const isolate of ["none", "thread"] as const) {
  test(`${isolate}: a NonRetriableError is final, unless a retryIf of one's own says yes`, async () => {
    await worker(isolate, { types: typesOf(isolate, {}, { gaveUp: { retryIf: () => true } }) });
    const final = await create("final", "givesUp", {}, { retry: { ...retry, limit: 1 } });
    const again = await create("again", "gaveUp", {}, { retry: { ...retry, limit: 1 } });
    await final.is({ status: "failed", attempt: 1, error: { code: "E_NON_RETRIABLE" } });
    await again.is({ status: "failed", attempt: 2, error: { code: "E_NON_RETRIABLE" } });
  });
}

test("a job that waits for its next attempt ends at once when it is cancelled", async () => {
  await worker("none");
  const job = await create("one", "fails", { times: 9 }, { retry: { ...retry, delay: 100_000, maxDelay: 100_000 } });
  await job.is({ status: "pending", attempt: 1 });
  expect((await job.record()).ready_at).toBeGreaterThan((await job.record()).started_at! + 90_000);
  expect(await job.cancel()).toBe(true);
  expect((await job.record()).status).toBe("cancelled");
});

test("a deaf body is killed with its thread once its grace is over; until then it is stopping", async () => {
  await worker("thread", { types: typesOf("thread", { grace: 700 }) });
  const job = await create("one", "deaf");
  await job.is({ status: "running", progress: { message: "running" } });
  expect(await job.cancel("now")).toBe(true);
  expect(await job.record()).toMatchObject({ status: "running", stopping: true });
  await job.is({ status: "cancelled" });
  const next = await create("two", "echo", { text: "still here" });
  await next.is({ status: "completed" });
});

test("a body that blocks its thread for longer than the lock lasts keeps its job", async () => {
  const gate = newGate();
  // Renewed when half of it is over.
  await worker("thread", { lock: 24_000 });
  const job = await create("one", "blocks", { file: gate.file });
  await job.is({ status: "running", progress: { message: "running" } });
  let least = Infinity;
  const hasRisen = async () => {
    const left = await redis.client.pttl("bull:jobgate:one@alice:lock");
    least = Math.min(least, left);
    return left > least;
  };
  await expect.poll(hasRisen, { timeout: 40_000 }).toBe(true);
  gate.open();
  await job.is({ status: "completed", result: "done", attempt: 1 });
});

test("a worker with a shorter lock takes no other's job for lost", async () => {
  const gate = newGate();
  await worker("none", { lock: 600_000, name: "long" });
  const job = await create("one", "ignores", { file: gate.file });
  await job.is({ status: "running", worker_id: "long" });
  await worker("none", { lock: 1000, name: "short" });
  // So that it is the short one that looks from now on.
  await redis.client.del("bull:jobgate:stalled-check");
  const looks = new Set<string | null>();
  const seen = async () => looks.add(await redis.client.get("bull:jobgate:stalled-check")).size;
  await expect.poll(seen, { timeout: 20_000 }).toBeGreaterThan(3);
  gate.open();
  await job.is({ status: "completed", worker_id: "long", attempt: 1 });
});

test("an attempt that has lost its job and settles at last does not cost the next one, in the same worker, its lock", async () => {
  const works = [defer<string>(), defer<string>()];
  const type = {
    name: "held",
    description: "",
    params: [],
    isolate: "none" as const,
    execute: (_: unknown, { attempt, progress }: TaskContext) => {
      progress(attempt, "running");
      return works[attempt - 1]!.promise;
    },
  };
  const lock = 4000;
  await worker("none", { types: [type], concurrency: 2, lock });
  const job = await create("one", "held");
  await job.is({ status: "running", progress: { percent: 1 } });
  await redis.client.del("bull:jobgate:one@alice:lock");
  await job.is({ status: "running", attempt: 2, progress: { percent: 2 } });
  works[0]!.resolve("late");
  // Longer than one lock lasts.
  let [rises, before] = [0, Infinity];
  const timesRenewed = async () => {
    const left = await redis.client.pttl("bull:jobgate:one@alice:lock");
    if (left > before) rises += 1;
    before = left;
    return rises;
  };
  await expect.poll(timesRenewed, { timeout: 40_000 }).toBeGreaterThan(2);
  works[1]!.resolve("in time");
  await job.is({ status: "completed", result: "in time", attempt: 2 });
});

test("no more run at once than may, and no more begin in a while", async () => {
  await worker("none", { concurrency: 2, rateLimit: { limit: 3, interval: 100_000 } });
  const jobs = await Promise.all([1, 2, 3, 4].map((at) => create(`${at}`, "waits")));
  const running = async () => (await store.stats("alice")).running;
  await expect.poll(running).toBe(2);
  await jobs[0]!.cancel();
  await jobs[0]!.is({ status: "cancelled" });
  await expect.poll(running).toBe(2);
  await jobs[1]!.cancel();
  await jobs[1]!.is({ status: "cancelled" });
  expect(await store.stats("alice")).toMatchObject({ running: 1, pending: 1 });
  await jobs[2]!.cancel();
});

test("a worker that closes lets what runs end, and takes no more", async () => {
  const gate = newGate();
  const closing = await worker("none");
  const job = await create("one", "ignores", { file: gate.file });
  // Before its body runs, it would be handed back.
  await job.is({ status: "running", progress: { message: "running" } });
  const closed = closing.close();
  const next = await create("two", "echo", { text: "later" });
  gate.open();
  await closed;
  expect(await job.record()).toMatchObject({ status: "completed", result: "done" });
  expect(await next.record()).toMatchObject({ status: "pending" });
  expect(await next.record()).not.toHaveProperty("started_at");
});

test("a job whose attempt was just beginning when its worker closed goes back, and its body is not called", async () => {
  const [asked, answered] = [defer<void>(), defer<void>()];
  const slow = byWayOf(redis.url, "jgStart", async (ask) => {
    const answer = await ask();
    asked.resolve();
    await answered.promise;
    return answer;
  });
  const closing = await worker("none", { redis: slow });
  const job = await create("one", "echo", { text: "called" });
  await asked.promise;
  const closed = closing.close();
  answered.resolve();
  await closed;
  expect(await job.record()).toMatchObject({ status: "pending" });
});

test("a worker that may take no more for a while closes without waiting for that, also while a job of its ends", async () => {
  for (let round = 0; round < 12; round += 1) {
    const job = await create(`held-${round}`, "waits");
    await create(`next-${round}`, "echo", { text: "later" });
    const closing = await worker("none", { concurrency: 2, rateLimit: { limit: 1, interval: 25_000 } });
    await job.is({ status: "running", progress: { message: "running" } });
    await job.cancel();
    // Somewhat later in each round: the end is told, written, or over.
    for (let at = 0; at < round % 6; at += 1) await redis.client.ping();
    await closing.close({ timeout: 0 });
    const [limiter] = await redis.client.keys("*:limiter");
    expect(await redis.client.pttl(limiter ?? ""), `milliseconds left of the limit, round ${round}`).toBeGreaterThan(0);
    await redis.client.flushall();
  }
});

test("a Redis that refuses all it is told is asked now and then, not without a pause, and a warning says so once", async () => {
  const warnings = hearWarnings();
  const jobs = [await create("one", "echo", { text: "1" }), await create("two", "echo", { text: "2" })];
  onTestFinished(() => void redis.client.config("SET", "min-replicas-to-write", "0"));
  await redis.client.config("SET", "min-replicas-to-write", "1");
  await expect(create("three", "echo", { text: "3" })).rejects.toMatchObject({ code: "E_DISCONNECTED" });
  await redis.client.config("RESETSTAT");
  await worker("none");
  const refused = async () => {
    const stats = await redis.client.info("commandstats");
    return Number(/cmdstat_evalsha:.*failed_calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };
  await expect.poll(refused).toBeGreaterThan(3);
  // Without a pause there were thousands.
  expect(await refused()).toBeLessThan(100);
  await redis.client.config("SET", "min-replicas-to-write", "0");
  for (const job of jobs) await job.is({ status: "completed" });
  expect(warnings).toEqual([expect.stringMatching(/^JobgateWarning: Redis refuses what it is told, .*NOREPLICAS/)]);
});

/** As `redis`: what has that in it is refused so often, as by one without memory. */
function refusing(text: string, times: number) {
  const left = { times };
  const full = {
    duplicate(own: RedisOptions) {
      const made = patient(redis.url).duplicate(own);
      const send = made.sendCommand.bind(made);
      made.sendCommand = (command, stream) => {
        if (left.times === 0 || !command.args.some((word) => String(word).includes(text))) return send(command, stream);
        left.times -= 1;
        command.reject(new ReplyError("OOM command not allowed when used memory > 'maxmemory'."));
        return command.promise;
      };
      return made;
    },
  };
  return { full, left };
}

test("a result that Redis refuses once is told again, and is no failure of the job's", async () => {
  const { full, left } = refusing('{"result":"precious"}', 1);
  await worker("none", { redis: full });
  const job = await create("one", "echo", { text: "precious" });
  await job.is({ status: "completed", result: "precious", attempt: 1 });
  expect(left.times).toBe(0);
});

test("of an error that Redis refuses twice there is one stack trace, as of each attempt's", async () => {
  const { full, left } = refusing("Error: attempt 1", 2);
  await worker("none", { redis: full });
  const job = await create("one", "fails", { times: 9 }, { retry: { ...retry, limit: 1 } });
  await job.is({ status: "failed", attempt: 2 });
  expect(left.times).toBe(0);
  const traces = await redis.client.hget("bull:jobgate:one@alice", "stacktrace");
  expect(JSON.parse(traces!)).toHaveLength(2);
});

test("a worker whose Redis has no memory closes all the same, and its job is done elsewhere once there is some", async () => {
  const gate = newGate();
  const closing = await worker("none", { lock: 600_000 });
  const job = await create("one", "ignores", { file: gate.file });
  await job.is({ status: "running", progress: { message: "running" } });
  onTestFinished(() => void redis.client.config("SET", "maxmemory", "0"));
  await redis.client.config("SET", "maxmemory", "1");
  gate.open();
  await closing.close();
  expect(await job.record()).toMatchObject({ status: "running", attempt: 1 });
  await redis.client.config("SET", "maxmemory", "0");
  // As if it had run out, and the time for a look at that had come.
  await redis.client.del("bull:jobgate:one@alice:lock", "bull:jobgate:stalled-check");
  await worker("none", { name: "another", lock: 2000 });
  await job.is({ status: "completed", result: "done", worker_id: "another" });
});

test("what does not end in time is handed back, and another worker's next attempt does it", async () => {
  const closing = await worker("thread");
  const job = await create("one", "waits");
  await job.is({ status: "running", progress: { message: "running" } });
  await closing.close({ timeout: 100 });
  expect(await job.record()).toMatchObject({ status: "pending", attempt: 1 });
  await worker("thread", { name: "another" });
  await job.is({ status: "running", attempt: 2, worker_id: "another" });
  await job.cancel();
  await job.is({ status: "cancelled" });
});

test("what is wrong with the options is said with its field", () => {
  const { url } = redis;
  const types = typesOf("none");
  const refuse = (options: object, message: RegExp) =>
    expect(() => new QueueWorker({ redis: url, types, ...options } as QueueWorkerOptions)).toThrow(message);
  refuse({ redis: 7 }, /redis must be an address or an object/);
  refuse({ redis: "http://localhost" }, /redis must begin with/);
  refuse({ queue: "a:b" }, /queue must be a string/);
  refuse({ types: {} }, /types must be an array/);
  refuse({ types: [{ ...types[0], isolate: "process" }] }, /types\[0\]\.isolate must be one of/);
  refuse({ types: [{ ...types[0], isolate: "thread", module: undefined }] }, /"echo" needs a module/);
  refuse({ types: [{ ...types[0], grace: -1 }] }, /types\[0\]\.grace must be/);
  const refuseDefault = (defaults: object, message: RegExp) => refuse({ types: [{ ...types[0], defaults }] }, message);
  refuseDefault({ timeout: -1 }, /^types\[0\]\.defaults: timeout must be .*, got -1$/);
  refuseDefault({ priority: "urgent" }, /^types\[0\]\.defaults: priority must be a number or one of/);
  refuseDefault({ retry: null }, /^types\[0\]\.defaults: retry must be a number or an object, got null$/);
  refuseDefault({ retry: { limit: 0.5 } }, /^types\[0\]\.defaults: retry\.limit must be .*, got 0\.5$/);
  refuseDefault({ retry: { limit: 1, retryIf: () => true } }, /^types\[0\]\.defaults: retry\.retryIf can't be stored/);
  refuse({ concurrency: 0 }, /concurrency must be an integer of at least 1/);
  refuse({ lock: 10 }, /lock must be an integer of at least 1000/);
  refuse({ maxLost: 0.5 }, /maxLost must be/);
  refuse({ rateLimit: { limit: 0, interval: 1 } }, /rateLimit\.limit must be/);
});
