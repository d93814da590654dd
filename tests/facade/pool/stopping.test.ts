import { describe, expect, it, onTestFinished } from "vitest";
import { newManager } from "../support/manager.js";
import { newPool, type PoolJob, runner, running, spawn } from "./support/pool.js";

/** The latest state that a job has. */
const stateOf = (job: PoolJob) => job.state as Record<string, unknown>;

describe("a job that listens", () => {
  it("ends with the page's very reason, and its worker stays", async () => {
    const pool = newPool();
    const { run } = runner(pool);
    const job = run("untilAborted");
    await running(job);
    const reason = { why: () => "functions do not cross" };
    await job.stop(reason);
    expect(job.completion?.type).toBe("Cancelled");
    expect(job.completion).toHaveProperty("reason", reason);
    expect(await run("echo", 1).result).toBe(1);
    expect(pool.stats).toMatchObject({ spawned: 1, killed: 0 });
  });

  it("is cancelled whatever its body returns", async () => {
    const job = runner(newPool()).run("returnsOnAbort");
    await running(job);
    await job.stop();
    expect(job.completion?.type).toBe("Cancelled");
  });

  it.each([
    ["nothing given", undefined, { isDom: true, name: "AbortError" }],
    ["a text", "because", { isError: false, reason: "because" }],
    ["data", { code: 7 }, { isError: false, reason: { code: 7 } }],
    [
      "an error",
      new TypeError("wrong", { cause: "a cause" }),
      { isError: true, name: "TypeError", message: "wrong", cause: "a cause" },
    ],
    ["what can't be cloned", () => {}, { isError: true, name: "Error", message: expect.stringContaining("=>") }],
  ])("hears the reason: %s", async (_, reason, heard) => {
    const job = runner(newPool()).run("tellsReason");
    await running(job);
    await job.stop(reason);
    expect(stateOf(job)).toMatchObject(heard);
  });

  it("hears the caller's signal, and a timeout", async () => {
    const { run } = runner(newPool());
    const controller = new AbortController();
    const job = run("tellsReason", undefined, { signal: controller.signal });
    await running(job);
    controller.abort(new DOMException("by the caller", "AbortError"));
    expect(await job.settled).toMatchObject({ type: "Cancelled", reason: controller.signal.reason });
    expect(stateOf(job)).toMatchObject({ isDom: true, message: "by the caller" });

    const late = run("tellsReason", undefined, { timeout: 30 });
    expect(await late.settled).toMatchObject({ type: "Failed", error: { name: "TimeoutError" } });
    expect(stateOf(late)).toMatchObject({ isDom: true, name: "TimeoutError" });
  });

  it("sees it at a checkpoint", async () => {
    const pool = newPool();
    const job = runner(pool).run("checkpoints");
    await running(job);
    await job.stop("enough");
    expect(job.completion).toEqual({ type: "Cancelled", reason: "enough" });
    expect(pool.stats.killed).toBe(0);
  });
});

describe("a job that does not listen", () => {
  it.each(["spins", "neverSettles"])("%s: it is killed after the grace, and a fresh worker is there", async (type) => {
    const pool = newPool({ size: 1, grace: 50 });
    const { run } = runner(pool);
    const job = run(type);
    await running(job);
    const stopped = job.stop("now");
    expect(job.stopping).toBe(true);
    await stopped;
    expect(job.completion).toEqual({ type: "Cancelled", reason: "now" });
    expect(pool.stats).toEqual({ size: 1, busy: 0, idle: 1, spawned: 2, killed: 1 });
    expect(await run("echo", 7).result).toBe(7);
    expect(pool.stats.spawned).toBe(2);
  });

  it("the next starts without waiting for the browser to end the worker", async () => {
    const dying: (() => void)[] = [];
    const pool = newPool({
      size: 1,
      grace: 20,
      // Chromium takes two seconds to end what spins; here it takes until the test is over.
      spawn: () => {
        const worker = spawn();
        const terminate = worker.terminate.bind(worker);
        worker.terminate = () => dying.push(terminate);
        return worker;
      },
    });
    onTestFinished(async () => {
      await pool.close();
      for (const terminate of dying) terminate();
    });
    const { run } = runner(pool);
    const job = run("neverSettles");
    await running(job);
    const next = run("echo", "next");
    await job.stop();
    expect(await next.result).toBe("next");
    expect(dying).toHaveLength(1);
  });

  it("fails with the timeout's error if it was that", async () => {
    const pool = newPool({ grace: 20 });
    const { run } = runner(pool);
    await run("nothing").result;
    const job = run("neverSettles", undefined, { timeout: 100 });
    expect(await job.settled).toMatchObject({ type: "Failed", error: { name: "TimeoutError" } });
    expect(pool.stats.killed).toBe(1);
  });

  it("only that job is hit", async () => {
    const pool = newPool({ size: 2, grace: 20 });
    const { run } = runner(pool);
    const [stubborn, other] = [run("neverSettles"), run("untilAborted")];
    await Promise.all([running(stubborn), running(other)]);
    await stubborn.stop();
    expect(other.status).toBe("running");
    expect(pool.stats).toMatchObject({ spawned: 3, killed: 1 });
    await other.stop("too");
    expect(other.completion).toEqual({ type: "Cancelled", reason: "too" });
  });
});

describe("a job that has no worker yet", () => {
  it("ends at once", async () => {
    const pool = newPool({ size: 1 });
    const { run } = runner(pool);
    const [first, second] = [run("untilAborted"), run("echo")];
    await running(first);
    await second.stop("not needed");
    expect(second.completion).toEqual({ type: "Cancelled", reason: "not needed" });
    expect(first.status).toBe("running");
  });

  it("also while the first worker is being loaded", async () => {
    const pool = newPool();
    const { run } = runner(pool);
    await run("neverSettles").stop();
    expect(pool.stats).toMatchObject({ busy: 0, killed: 0 });
    expect(await run("echo", 1).result).toBe(1);
    expect(pool.stats.spawned).toBe(1);
  });
});

describe("close", () => {
  it("cancels what waits and what runs, and ends every worker", async () => {
    const pool = newPool({ size: 2, grace: 50 });
    const { run } = runner(pool);
    const jobs = [run("untilAborted"), run("neverSettles")];
    await Promise.all(jobs.map(running));
    const waiting = run("echo");
    const closed = pool.close();
    expect(pool.close()).toBe(closed);
    await closed;
    for (const job of [...jobs, waiting]) {
      expect(await job.settled).toMatchObject({ type: "Cancelled", reason: { name: "AbortError" } });
    }
    expect(pool.stats).toMatchObject({ busy: 0, idle: 0, spawned: 2 });
  });

  it("while a worker is being started: none is left", async () => {
    let started = 0;
    let ended = 0;
    const pool = newPool({
      size: 2,
      spawn: () => {
        const worker = spawn();
        const terminate = worker.terminate.bind(worker);
        started += 1;
        worker.terminate = () => {
          ended += 1;
          terminate();
        };
        void pool.close();
        return worker;
      },
    });
    const job = runner(pool).run("echo");
    expect(await job.settled).toMatchObject({ type: "Cancelled", reason: { name: "AbortError" } });
    await pool.close();
    expect([started, ended]).toEqual([1, 1]);
  });

  it("who called the factory without a job gets an AbortError", async () => {
    const pool = newPool();
    const signal = new AbortController().signal;
    const result = Promise.resolve(pool.job("neverSettles")({ id: "1", attempt: 1, signal } as never));
    const thrown = result.catch((error: unknown) => error);
    await pool.close();
    expect(await thrown).toBeInstanceOf(DOMException);
    expect(await thrown).toMatchObject({ name: "AbortError", message: "The worker pool was closed" });
  });

  it("of a pool that never ran anything resolves", async () => {
    await newPool().close();
  });

  it("no job is taken any more, and a retry does not start one", async () => {
    const pool = newPool({ grace: 10 });
    const manager = newManager();
    const { run } = runner(pool, manager);
    const retried = run("neverSettles", undefined, { retry: { limit: 3, delay: 1 } });
    await running(retried);
    await pool.close();
    expect(await retried.settled).toMatchObject({ type: "Cancelled" });
    const refused = run("echo");
    expect(await refused.settled).toMatchObject({ type: "Failed", error: { code: "E_CLOSED" } });
    expect(manager.stats).toMatchObject({ running: 0, pending: 0 });
  });
});
