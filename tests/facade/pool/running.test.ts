import type { JobEvent } from "jobgate";
import { WorkerPool } from "jobgate/worker-pool";
import { describe, expect, it, onTestFinished } from "vitest";
import { newManager } from "../support/manager.js";
import { newPool, runner, spawn } from "./support/pool.js";

describe("a job in a worker", () => {
  it("takes params and returns its result by structured clone", async () => {
    const { run } = runner(newPool());
    const params = { date: new Date(0), map: new Map([["key", [1n]]]), nothing: undefined };
    const job = run("echo", params);
    expect(await job.result).toEqual(params);
    expect(job.completion).toMatchObject({ type: "Normal" });
    expect(await run("sum", { numbers: [1, 2, 3] }).result).toBe(6);
    expect(await run("nothing").result).toBeUndefined();
  });

  it("knows its id and attempt", async () => {
    const job = runner(newPool()).run("context");
    expect(await job.result).toEqual({ id: job.id, attempt: 1, aborted: false });
  });

  it("hands over what is transferable, both ways", async () => {
    const { run } = runner(newPool());
    const numbers = Float64Array.of(1, 2, 3);
    const job = run("double", { buffer: numbers.buffer }, { transfer: [numbers.buffer] });
    const { buffer } = await job.result;
    expect(numbers.byteLength).toBe(0);
    expect([...new Float64Array(buffer)]).toEqual([2, 4, 6]);
  });

  it("what a result hands over is no longer the worker's", async () => {
    const kept = new Promise((resolve) => {
      const pool = newPool({
        spawn: () => {
          const worker = spawn();
          worker.addEventListener("message", ({ data }) => {
            if ("kept" in data) resolve(data.kept);
          });
          return worker;
        },
      });
      runner(pool).run("keepsWhatItTransfers");
    });
    expect(await kept).toBe(0);
  });

  it("progress, state and log come in order, the last before the end, one message a frame at most", async () => {
    const job = runner(newPool()).run("talks", { times: 2000 });
    const events: JobEvent[] = [];
    const states: { time: number }[] = [];
    job.onStateChange((state) => states.push(state));
    for await (const event of job.events()) events.push(event);
    expect(job.progress).toEqual({ percent: 100, message: "2000 of 2000" });
    expect(job.state).toEqual({ time: 2000 });
    expect(states.map(({ time }) => time)).toEqual([...states.map(({ time }) => time)].sort((a, b) => a - b));
    const logs = events.flatMap((event) => (event.type === "job_log" ? [event.message] : []));
    expect(logs).toEqual(Array.from({ length: 2000 }, (_, line) => `line ${line + 1}`));
    const took = (job.finishedAt ?? 0) - (job.startedAt ?? 0);
    // One at once, one a frame, one at the end.
    expect(states.length).toBeLessThanOrEqual(took / 16 + 2);
    expect(events.at(-1)?.type).toBe("job_completed");
  });

  it("a state is told as it was when it was set", async () => {
    const job = runner(newPool()).run("changesItsState");
    const states: unknown[] = [];
    job.onStateChange((state) => states.push(state));
    await job.settled;
    expect(states).toEqual([{ at: "first" }, { at: "second" }]);
  });

  it("a state that can't be sent takes nothing else along", async () => {
    const job = runner(newPool()).run("badStateAfterNews");
    await new Promise<void>((resolve) => job.onProgress(({ percent }) => percent === 2 && resolve()));
    expect(job.progress.message).toBe("later");
    await job.stop();
  });

  it("a worker stays warm, and there are no more than there is work for", async () => {
    const pool = newPool({ size: 3 });
    const { run } = runner(pool);
    expect(pool.stats).toEqual({ size: 3, busy: 0, idle: 0, spawned: 0, killed: 0 });
    for (let round = 0; round < 20; round += 1) await run("echo", round).result;
    expect(pool.stats).toEqual({ size: 3, busy: 0, idle: 1, spawned: 1, killed: 0 });
    await Promise.all(Array.from({ length: 20 }, (_, round) => run("echo", round).result));
    expect(pool.stats.spawned).toBeLessThanOrEqual(3);
    expect(pool.stats.busy).toBe(0);
  });

  it("idle workers are ended, and others start when there is work again", async () => {
    const pool = newPool({ size: 2, idleTimeout: 20 });
    const { run } = runner(pool);
    await run("echo").result;
    await expect.poll(() => pool.stats.idle).toBe(0);
    expect(await run("echo", 7).result).toBe(7);
    expect(pool.stats).toMatchObject({ spawned: 2, killed: 0 });
  });

  it("messages that are no answers are passed over", async () => {
    expect(await runner(newPool()).run("answersNonsense").result).toBe("sense");
  });
});

describe("the package's own worker", () => {
  function defaultPool() {
    const pool = new WorkerPool({ size: 2, grace: 30_000 });
    onTestFinished(() => pool.close());
    return pool;
  }

  it("knows the built-in types and compiles their binary once", async () => {
    const pool = defaultPool();
    const { run } = runner(pool);
    const jobs = [
      run("prime", { limit: 1000 }),
      run("fibonacci", { count: 10 }),
      run("echo", { message: "hi", delay: 1 }),
      run("countdown", { seconds: 1 }),
      run("url_fetch", { urls: [new URL("/fetch-site/text?size=7", location.href).href] }),
    ];
    const [prime, fibonacci, echo, countdown, fetched] = await Promise.all(jobs.map((job) => job.result));
    expect(prime).toMatchObject({ count: 168, largest: 997, duration: expect.any(Number) });
    expect(prime.primes).toHaveLength(168);
    expect(fibonacci.numbers.at(-1)).toBe("55");
    expect(echo.message).toBe("hi");
    expect(countdown).toEqual({ message: "Countdown complete!" });
    expect(fetched.results[0]).toMatchObject({ status: 200, size: 7 });
    expect(pool.stats.spawned).toBe(2);
  });

  it("prime takes large limits, with progress and without the list", async () => {
    const job = runner(defaultPool()).run("prime", { limit: 20_000_000 });
    const percents: number[] = [];
    job.onProgress(({ percent }) => percents.push(percent));
    const result = await job.result;
    expect(result).toEqual({ count: 1_270_607, largest: 19_999_999, duration: expect.any(Number) });
    expect(percents.at(-1)).toBe(100);
  });

  it("prime's list of primes goes up to 100,000", async () => {
    const { run } = runner(defaultPool());
    const [listed, counted] = [run("prime", { limit: 100_000 }), run("prime", { limit: 100_001 })];
    const found = { count: 9592, largest: 99_991, duration: expect.any(Number) };
    expect(await listed.result).toEqual({ ...found, primes: expect.any(Array) });
    expect((await listed.result).primes).toHaveLength(9592);
    expect(await counted.result).toEqual(found);
  });

  it("refuses params as the runner does, every fault listed", async () => {
    const { run } = runner(defaultPool());
    const [one, other] = [run("prime", { limit: 2_000_000_000 }), run("echo", {})];
    await expect(one.result).rejects.toMatchObject({
      name: "InvalidParamsError",
      code: "E_INVALID_PARAMS",
      errors: [{ param: "limit", message: expect.stringContaining("1000000000") }],
    });
    await expect(other.result).rejects.toMatchObject({ errors: [{ param: "message" }, { param: "delay" }] });
  });

  it("stops a long computation in a moment and keeps its worker", async () => {
    const pool = defaultPool();
    const manager = newManager();
    const job = runner(pool, manager).run("prime", { limit: 1_000_000_000 });
    await new Promise<void>((resolve) => job.onProgress(() => resolve()));
    await job.stop("enough");
    expect(job.completion).toEqual({ type: "Cancelled", reason: "enough" });
    expect(pool.stats).toMatchObject({ spawned: 1, killed: 0, idle: 1 });
  });
});
