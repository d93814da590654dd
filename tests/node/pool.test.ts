// The pool in Node: its workers are worker threads.
import { Worker } from "node:worker_threads";
import { JobManager, type ManagedJob, WorkerCrashedError } from "jobgate";
import { exposeJobs } from "jobgate/worker";
import { WorkerPool, type WorkerPoolOptions } from "jobgate/worker-pool";
import { describe, expect, it, onTestFinished } from "vitest";

const spawn = () => new Worker(new URL("./support/worker.mjs", import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: jobs of all types
type AnyJob = ManagedJob<string, any, never, any>;

function start(options?: WorkerPoolOptions) {
  const pool = new WorkerPool({ spawn, size: 1, ...options });
  onTestFinished(() => pool.close());
  const manager = new JobManager<string, unknown, never, unknown>();
  let serial = 0;
  const run = (type: string, params?: unknown, given?: { transfer?: Transferable[] }): AnyJob =>
    manager.runJob(`${type} ${++serial}`, pool.job<unknown, unknown>(type, params, given)).job;
  return { pool, run };
}

const running = (job: AnyJob) =>
  new Promise<void>((resolve, reject) => {
    job.onProgress(() => resolve());
    job.onStopped(() => reject(new Error(`it ended before it ran: ${job.status}`)));
  });

async function errorOf(job: AnyJob): Promise<Error & { code?: string }> {
  const completion = (await job.settled) as { type: string; error: Error };
  expect(completion.type).toBe("Failed");
  return completion.error;
}

describe("a worker thread", () => {
  it("takes params and returns its result, handed over where that is asked for", async () => {
    const { run } = start();
    const params = { date: new Date(0), map: new Map([[1, new Set([2])]]) };
    expect(await run("echo", params).result).toEqual(params);
    const { buffer } = new Float64Array([1, 2]);
    const doubled = (await run("double", { buffer }, { transfer: [buffer] }).result) as { buffer: ArrayBuffer };
    expect([...new Float64Array(doubled.buffer)]).toEqual([2, 4]);
    expect(buffer.byteLength).toBe(0);
  });

  it("says what there is of progress and state, the last before the end", async () => {
    const { run } = start();
    const job = run("talks", { times: 20 });
    expect(await job.result).toBe("talked");
    expect(job.state).toEqual({ time: 20 });
    expect(job.progress).toEqual({ percent: 100, message: "20 of 20" });
  });

  it("runs as many jobs at once as there are workers", async () => {
    const { pool, run } = start({ size: 2 });
    const jobs = [run("listens"), run("listens"), run("echo", 3)];
    await Promise.all(jobs.slice(0, 2).map(running));
    expect(pool.stats).toMatchObject({ busy: 2, spawned: 2 });
    await jobs[0]!.stop();
    expect(await jobs[2]!.result).toBe(3);
  });

  it("knows the built-in types where no spawn is given", async () => {
    const pool = new WorkerPool({ size: 1 });
    onTestFinished(() => pool.close());
    const { job } = new JobManager<string>().runJob("primes", pool.job("prime", { limit: 100 }));
    expect(await job.result).toMatchObject({ count: 25 });
  });
});

describe("stopped,", () => {
  it.each(["listens", "checkpoints", "looks"])("a body that %s ends, and its worker stays", async (type) => {
    const { pool, run } = start({ grace: 30_000 });
    const job = run(type);
    await running(job);
    await job.stop("enough");
    expect(job.completion).toEqual({ type: "Cancelled", reason: "enough" });
    expect(pool.stats).toMatchObject({ spawned: 1, killed: 0, idle: 1 });
  });

  it("one that spins is killed after the grace, and the next runs on a fresh worker", async () => {
    const { pool, run } = start({ grace: 10 });
    const job = run("spins");
    await running(job);
    await job.stop("enough");
    expect(job.completion).toEqual({ type: "Cancelled", reason: "enough" });
    expect(await run("echo", 1).result).toBe(1);
    expect(pool.stats).toMatchObject({ spawned: 2, killed: 1 });
  });
});

describe("an error", () => {
  it("keeps its class, code and cause, also of another realm", async () => {
    const { run } = start();
    const error = await errorOf(run("throws"));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: "no", code: "E_NO", cause: { a: 1 } });
    const theirs = await errorOf(run("throwsOfAnotherRealm"));
    expect(theirs).toBeInstanceOf(TypeError);
    expect(theirs.cause).toBeInstanceOf(RangeError);
    expect(await errorOf(run("throwsRevoked"))).toBeInstanceOf(Error);
    expect(await errorOf(run("badResult"))).toMatchObject({ name: "DataCloneError" });
  });

  it.each([
    ["throwsOutside", /threw outside a job/],
    ["rejectsOutside", /threw outside a job/],
    ["exits", /is gone/],
  ])("%s: the job fails with WorkerCrashedError, the next has another worker", async (type, message) => {
    const { pool, run } = start();
    const error = await errorOf(run(type));
    expect(error).toBeInstanceOf(WorkerCrashedError);
    expect(error.message).toMatch(message);
    expect(await run("echo", 1).result).toBe(1);
    expect(pool.stats).toMatchObject({ spawned: 2, killed: 1 });
  });

  it.each([
    ["a file that is not there", () => new Worker(new URL("./support/none.mjs", import.meta.url)), /none\.mjs/],
    ["a syntax error", () => new Worker("this is no JavaScript", { eval: true }), /could be loaded/],
    ["a script that ends", () => new Worker("0", { eval: true }), /is gone/],
    ["what is no worker", () => ({ postMessage() {}, terminate() {} }) as never, /spawn must return a Worker/],
  ])("%s: what waits fails with WorkerCrashedError", async (_, spawn, message) => {
    const error = await errorOf(start({ spawn }).run("echo"));
    expect(error).toMatchObject({ code: "E_WORKER_CRASHED", message: expect.stringMatching(message) });
  });

  it("exposeJobs outside a worker is refused", () => {
    expect(() => exposeJobs({})).toThrow(/a worker's own script/);
  });
});

it("closed, its jobs end cancelled and no worker is left", async () => {
  const { pool, run } = start();
  const jobs = [run("listens"), run("echo")];
  await running(jobs[0]!);
  await pool.close();
  for (const job of jobs) expect((await job.settled).type).toBe("Cancelled");
  expect(pool.stats).toMatchObject({ busy: 0, idle: 0 });
});
