import { NonRetriableError, UnknownJobTypeError, WorkerCrashedError } from "jobgate";
import { WorkerPool } from "jobgate/worker-pool";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { catchReports } from "../support/reports.js";
import { asWorker, FakeWorker } from "./support/fake-worker.js";
import { newPool, runner, running, spawn } from "./support/pool.js";
import { readOnPagesOnly } from "./support/unreadable.js";

/** A worker of this text. */
function scriptWorker(text: string): Worker {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  onTestFinished(() => URL.revokeObjectURL(address));
  return new Worker(address, { type: "module" });
}

const errorOf = async (job: { readonly settled: Promise<unknown> }) => {
  const { type, error } = (await job.settled) as { type: string; error: Error & { code?: string } };
  expect(type).toBe("Failed");
  return error;
};

describe("an error of a body", () => {
  const thrown = (what: string) => errorOf(runner(newPool()).run("throws", { what }));

  it("keeps name, message, code, stack and cause", async () => {
    const error = await thrown("custom");
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ name: "PaymentError", message: "no money", code: "E_PAYMENT" });
    expect(error.stack).toContain("worker.ts");
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.cause).toMatchObject({ message: "the card", cause: "expired" });
  });

  it("of a class without a name of its own has the class's", async () => {
    const error = await thrown("nameless");
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ name: "Nameless", message: "which class" });
  });

  it("AggregateError keeps its errors", async () => {
    const error = (await thrown("aggregate")) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.message).toBe("several");
    expect(error.errors).toEqual([expect.any(TypeError), "two", expect.objectContaining({ code: "E_PAYMENT" })]);
  });

  it("DOMException and WebAssembly's stay what they are", async () => {
    const error = await thrown("dom");
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: "TimeoutError", message: "too late", code: DOMException.TIMEOUT_ERR });
    expect(await thrown("wasm")).toBeInstanceOf(WebAssembly.RuntimeError);
  });

  it("NonRetriableError ends the job without its retries", async () => {
    const job = runner(newPool()).run("throws", { what: "final" }, { retry: { limit: 5, delay: 1 } });
    const error = await errorOf(job);
    expect(error).toBeInstanceOf(NonRetriableError);
    expect(error).toMatchObject({ message: "for good", cause: 7 });
    expect(job.attempt).toBe(1);
  });

  it("others are retried, on the same worker", async () => {
    const pool = newPool();
    const job = runner(pool).run("throws", {}, { retry: { limit: 2, delay: 1 } });
    expect((await errorOf(job)).message).toBe("plain");
    expect(job.attempt).toBe(3);
    expect(pool.stats.spawned).toBe(1);
  });

  it("whatever is thrown arrives", async () => {
    expect(await thrown("text")).toBe("a text");
    expect(await thrown("strange")).toMatchObject({ name: "Error", message: "[object Object]" });
    let depth = 0;
    for (let error: unknown = await thrown("cyclic"); error instanceof Error; error = error.cause) depth += 1;
    expect(depth).toBeGreaterThan(2);
  });
});

describe("what can't be sent", () => {
  it("params: the job fails, the worker stays", async () => {
    const pool = newPool();
    const { run } = runner(pool);
    const error = await errorOf(run("echo", { callback() {} }));
    expect(error).toMatchObject({ name: "DataCloneError", message: expect.stringContaining('params of "echo"') });
    expect(await run("echo", 1).result).toBe(1);
    expect(pool.stats).toMatchObject({ spawned: 1, killed: 0 });
  });

  it("params that only a page can read: the job fails, the worker stays", async () => {
    const pool = newPool({ size: 1 });
    const { run } = runner(pool);
    const unreadable = await readOnPagesOnly();
    const jobs = [run("echo", 1), run("echo", { unreadable }), run("echo", 2)];
    expect(await jobs[0]!.result).toBe(1);
    expect(await errorOf(jobs[1]!)).toMatchObject({
      name: "DataCloneError",
      message: expect.stringContaining("read in a worker"),
    });
    expect(await jobs[2]!.result).toBe(2);
    expect(pool.stats).toMatchObject({ spawned: 1, killed: 0 });
  });

  it("a message of the app's own that a worker can't read fails no job", async () => {
    const unreadable = await readOnPagesOnly();
    let worker!: Worker;
    const pool = newPool({
      size: 1,
      spawn: () => {
        worker = spawn();
        return worker;
      },
    });
    const { run } = runner(pool);
    expect(await run("echo", 1).result).toBe(1);
    worker.postMessage(unreadable);
    const next = run("echo", 2);
    worker.postMessage(unreadable);
    expect(await next.result).toBe(2);
    expect(await run("echo", 3).result).toBe(3);
    expect(pool.stats).toMatchObject({ spawned: 1, killed: 0 });
  });

  it("a result", async () => {
    const error = await errorOf(runner(newPool()).run("badResult"));
    expect(error).toMatchObject({ name: "DataCloneError", message: expect.stringContaining('result of "badResult"') });
  });

  it("a state, and progress that is no number: thrown to the body", async () => {
    const { run } = runner(newPool());
    expect(await errorOf(run("badState"))).toMatchObject({
      name: "DataCloneError",
      message: expect.stringContaining("state"),
    });
    expect(await errorOf(run("badProgress"))).toBeInstanceOf(RangeError);
  });

  it("what was handed over once can't be again", async () => {
    const job = runner(newPool()).run("throws", new ArrayBuffer(8), { retry: { limit: 1, delay: 1 } });
    expect((await errorOf(job)).message).toBe("plain");
    const { buffer } = new Uint8Array(8);
    const again = runner(newPool()).run("throws", { buffer }, { retry: { limit: 1, delay: 1 }, transfer: [buffer] });
    expect(await errorOf(again)).toMatchObject({ name: "DataCloneError", message: expect.stringContaining("params") });
  });
});

describe("a type that is not there", () => {
  it("fails with UnknownJobTypeError, which names those that are", async () => {
    const { run } = runner(newPool());
    for (const type of ["nonsense", "toString", "__proto__", ""]) {
      const error = await errorOf(run(type));
      expect(error).toBeInstanceOf(UnknownJobTypeError);
      expect(error).toMatchObject({ code: "E_UNKNOWN_TYPE", message: expect.stringContaining("echo") });
    }
  });
});

describe("a worker that can't be loaded", () => {
  it.each([
    ["404", () => new Worker("/there-is-no-such-worker.js", { type: "module" }), /could be loaded/],
    ["a syntax error", () => scriptWorker("this is no JavaScript"), /could be loaded/],
    ["a script that throws", () => scriptWorker("throw new Error('at once')"), /at once/],
    ["an import that is not there", () => scriptWorker("import '/there-is-no-such-module.js'"), /could be loaded/],
    [
      "a spawn that throws",
      () => {
        throw new Error("not today");
      },
      /could not be started/,
    ],
    ["a spawn that returns something else", () => ({}) as Worker, /could not be started/],
  ])("%s: all that wait fail with WorkerCrashedError", async (_, spawn, message) => {
    const pool = newPool({ spawn, size: 2 });
    const { run } = runner(pool);
    const jobs = [run("echo"), run("echo"), run("echo")];
    for (const job of jobs) {
      const error = await errorOf(job);
      expect(error).toBeInstanceOf(WorkerCrashedError);
      expect(error).toMatchObject({ code: "E_WORKER_CRASHED", message: expect.stringMatching(message) });
    }
    await expect.poll(() => pool.stats).toMatchObject({ busy: 0, idle: 0 });
  });

  it("fails the oldest that waits and no other, if those being loaded beside it come up", async () => {
    const faulty = new FakeWorker(undefined, false);
    const workers: (() => Worker)[] = [() => asWorker(faulty)];
    const pool = newPool({ size: 3, spawn: () => (workers.shift() ?? spawn)() });
    const { run } = runner(pool);
    const jobs = [1, 2, 3, 4, 5].map((at) => run("echo", at));
    faulty.dispatchEvent(new ErrorEvent("error"));
    expect(await errorOf(jobs[0]!)).toBeInstanceOf(WorkerCrashedError);
    expect(await Promise.all(jobs.slice(1).map(({ result }) => result))).toEqual([2, 3, 4, 5]);
  });

  it("that says nothing is given up after 30 s", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const pool = newPool({ spawn: () => asWorker(new FakeWorker(undefined, false)) });
    const job = runner(pool).run("echo");
    vi.advanceTimersByTime(29_999);
    expect([job.status, pool.stats.idle]).toEqual(["running", 1]);
    vi.advanceTimersByTime(1);
    const error = await errorOf(job);
    expect(error).toBeInstanceOf(WorkerCrashedError);
    expect(error.message).toMatch(/did not say within 30 s that it is ready/);
    expect(pool.stats).toMatchObject({ idle: 0, busy: 0, killed: 0 });
  });

  it("tries again with the next job", async () => {
    let faulty = true;
    const pool = newPool({
      spawn: () =>
        faulty
          ? scriptWorker("throw 1")
          : new Worker(new URL("./support/worker.ts", import.meta.url), { type: "module" }),
    });
    const { run } = runner(pool);
    await errorOf(run("echo"));
    faulty = false;
    expect(await run("echo", 1).result).toBe(1);
  });
});

describe("the binary of the built-in types", () => {
  it("fails the job that waits for it where it can't be compiled; for the next it is tried again", async () => {
    const compile = vi.spyOn(WebAssembly, "compile").mockRejectedValueOnce(new RangeError("out of memory"));
    onTestFinished(() => compile.mockRestore());
    const pool = new WorkerPool({ size: 1 });
    onTestFinished(() => pool.close());
    const { run } = runner(pool);
    const error = await errorOf(run("fibonacci", { count: 10 }));
    expect(error).toBeInstanceOf(WorkerCrashedError);
    expect(error).toMatchObject({
      message: expect.stringContaining("did not get the binary of the built-in job types"),
      cause: { name: "RangeError", message: "out of memory" },
    });
    expect(await run("fibonacci", { count: 10 }).result).toMatchObject({ numbers: expect.arrayContaining(["55"]) });
    expect(compile).toHaveBeenCalledTimes(2);
    expect(pool.stats).toMatchObject({ spawned: 2, idle: 1 });
  });
});

describe("a worker that breaks", () => {
  it.each([
    ["throwsOutside", { name: "PaymentError", message: "outside", code: "E_PAYMENT" }],
    ["rejectsOutside", { name: "TypeError", message: "nobody listens" }],
  ])("%s: the job fails with the error as its cause; the next has another worker", async (type, cause) => {
    const pool = newPool({ size: 1 });
    const { run } = runner(pool);
    const job = run(type);
    const next = run("echo", 1);
    const error = await errorOf(job);
    expect(error).toBeInstanceOf(WorkerCrashedError);
    expect(error).toMatchObject({ message: expect.stringContaining("outside a job"), cause });
    expect(await next.result).toBe(1);
    expect(pool.stats).toMatchObject({ spawned: 2, killed: 1 });
  });

  it("closes itself", async () => {
    const pool = newPool({ size: 1 });
    const { run } = runner(pool);
    const error = await errorOf(run("closes"));
    expect(error).toBeInstanceOf(WorkerCrashedError);
    expect(error.message).toContain("close()");
    expect(await run("echo", 1).result).toBe(1);
  });

  it("was terminated by someone else", async () => {
    const workers: Worker[] = [];
    const pool = newPool({
      size: 1,
      spawn: () => {
        workers.push(new Worker(new URL("./support/worker.ts", import.meta.url), { type: "module" }));
        return workers.at(-1)!;
      },
    });
    const { run } = runner(pool);
    const job = run("neverSettles");
    await running(job);
    workers[0]?.terminate();
    expect(await errorOf(job)).toMatchObject({
      name: "WorkerCrashedError",
      message: expect.stringContaining("is gone"),
    });
    expect(await run("echo", 1).result).toBe(1);
  });

  it("with no job on it: the page is told, and another takes its place when there is work", async () => {
    const reports = catchReports();
    const pool = newPool({ size: 1 });
    const { run } = runner(pool);
    await run("afterwards").result;
    const [error] = await reports.reached(1);
    expect(error).toMatchObject({ name: "WorkerCrashedError", cause: { message: "afterwards" } });
    expect(await run("echo", 1).result).toBe(1);
    expect(pool.stats).toMatchObject({ spawned: 2, killed: 1 });
  });

  it("throws at whatever is done with it: told to the page, and nobody else is hit", async () => {
    const reports = catchReports();
    const ended: (() => void)[] = [];
    onTestFinished(() => {
      for (const end of ended) end();
    });
    const pool = newPool({
      size: 1,
      grace: 10,
      spawn: () => {
        const worker = spawn();
        ended.push(worker.terminate.bind(worker));
        const post = worker.postMessage.bind(worker);
        worker.postMessage = (message: { jobgate: string }) => {
          if (message.jobgate === "abort") throw new Error("no abort");
          post(message);
        };
        worker.terminate = () => {
          throw new Error("no end");
        };
        return worker;
      },
    });
    const { run } = runner(pool);
    const job = run("untilAborted");
    await running(job);
    const next = run("echo", 1);
    await job.stop("enough");
    expect(job.completion).toEqual({ type: "Cancelled", reason: "enough" });
    expect(await next.result).toBe(1);
    await pool.close();
    expect(pool.stats).toMatchObject({ busy: 0, idle: 0, spawned: 2, killed: 1 });
    expect(reports.errors.map((error) => (error as Error).message)).toEqual(["no abort", "no end", "no end"]);
  });

  it("answers what makes no sense as an error: the job fails with what can be made of it", async () => {
    const pool = newPool({ size: 1 });
    const { run } = runner(pool);
    const error = await errorOf(run("failsMalformed"));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "7", message: "[object Object]", cause: undefined });
    expect(error.code).toBeUndefined();
    expect((error as AggregateError).errors).toEqual([undefined, expect.any(Error)]);
  });

  it("does not understand its orders: the job fails and says so", async () => {
    const pool = newPool({
      spawn: () => {
        const worker = spawn();
        const post = worker.postMessage.bind(worker);
        worker.postMessage = ({ id: _, ...order }: { id?: string }) => post(order);
        return worker;
      },
    });
    expect((await errorOf(runner(pool).run("echo"))).message).toContain("another version");
  });

  it("retries run on another worker", async () => {
    const pool = newPool({ size: 1 });
    const job = runner(pool).run("closes", undefined, { retry: { limit: 2, delay: 1 } });
    expect(await errorOf(job)).toBeInstanceOf(WorkerCrashedError);
    expect(job.attempt).toBe(3);
    expect(pool.stats.spawned).toBe(3);
  });
});

describe("options", () => {
  it.each([
    [{ size: 0 }, RangeError, /size must be an integer of at least 1/],
    [{ size: 1.5 }, RangeError, /size/],
    [{ size: "4" }, TypeError, /size must be a number/],
    [{ grace: -1 }, RangeError, /grace must be/],
    [{ grace: Infinity }, RangeError, /grace must be a finite/],
    [{ idleTimeout: Number.NaN }, RangeError, /idleTimeout must be/],
    [{ spawn: "worker.js" }, TypeError, /spawn must be a function/],
    [null, TypeError, /options must be an object/],
  ])("%o is refused", (options, type, message) => {
    const construct = () => new WorkerPool(options as never);
    expect(construct).toThrow(type);
    expect(construct).toThrow(message);
  });

  it("more workers than 32 count as 32; the default leaves a processor to the page", () => {
    expect(newPool({ size: 1000 }).stats.size).toBe(32);
    expect(newPool({ size: Infinity }).stats.size).toBe(32);
    expect(newPool().stats.size).toBe(Math.min(Math.max(navigator.hardwareConcurrency - 1, 1), 32));
  });

  it("job refuses what makes no sense", () => {
    const pool = newPool();
    expect(() => pool.job(7 as never)).toThrow(/type must be a string/);
    expect(() => pool.job("echo", 1, { transfer: 7 as never })).toThrow(/transfer must be an array/);
    expect(() => pool.job("echo", 1, null as never)).toThrow(/options must be an object/);
    expect(() => pool.jobType(undefined as never)).toThrow(/type/);
  });
});
