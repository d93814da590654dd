// What some platforms lack, and what comes from another realm.
import { describe, expect, it, onTestFinished } from "vitest";
import { asWorker, FakeWorker } from "./support/fake-worker.js";
import { newPool, runner, running } from "./support/pool.js";

/** The page is without it, or has another, until the test has ended. */
function replace(holder: object, name: string, value?: unknown): void {
  const before = Object.getOwnPropertyDescriptor(holder, name);
  onTestFinished(() => {
    if (before === undefined) Reflect.deleteProperty(holder, name);
    else Object.defineProperty(holder, name, before);
  });
  Reflect.deleteProperty(holder, name);
  if (value !== undefined) Object.defineProperty(holder, name, { value, configurable: true, writable: true });
}

/** A worker of a browser that lacks all that the floor lacks. */
const spawnOld = () => new Worker(new URL("./support/old-worker.ts", import.meta.url), { type: "module" });

describe("where there is no SharedArrayBuffer", () => {
  it("a cross-origin isolated page has workers all the same, as WebKit's", async () => {
    replace(globalThis, "crossOriginIsolated", true);
    replace(globalThis, "SharedArrayBuffer");
    expect(typeof SharedArrayBuffer).toBe("undefined");
    const pool = newPool({ size: 1 });
    const { run } = runner(pool);
    expect(await run("echo", 1).result).toBe(1);
    const job = run("checkpoints");
    await running(job);
    await job.stop("enough");
    expect(job.completion).toEqual({ type: "Cancelled", reason: "enough" });
    expect(pool.stats).toMatchObject({ spawned: 1 });
  });

  it("memory that can't be sent after all, likewise: aborts come by message", async () => {
    replace(globalThis, "crossOriginIsolated", true);
    // Pages have none that are not isolated indeed.
    replace(globalThis, "SharedArrayBuffer", ArrayBuffer);
    const own: FakeWorker[] = [];
    const pool = newPool({
      size: 1,
      spawn: () => {
        own.push(
          new FakeWorker(({ jobgate, task }, worker) => {
            if (jobgate === "flag") throw new DOMException("not shared", "DataCloneError");
            if (jobgate === "run")
              worker.say({ jobgate: "news", task, news: { progress: { percent: 0, message: "running" } } });
            if (jobgate === "abort") worker.say({ jobgate: "done", task, result: "aborted" });
          }),
        );
        return asWorker(own.at(-1)!);
      },
    });
    const job = runner(pool).run("any");
    await running(job);
    await job.stop("enough");
    expect(own.map(({ orders }) => orders.map(({ jobgate }) => jobgate))).toEqual([["flag", "run", "abort"]]);
    expect(pool.stats).toMatchObject({ killed: 0 });
  });
});

describe("where there is no structuredClone and no throwIfAborted", () => {
  const start = () => {
    replace(globalThis, "structuredClone");
    replace(AbortSignal.prototype, "throwIfAborted");
    const pool = newPool({ size: 1, spawn: spawnOld });
    return { pool, ...runner(pool) };
  };

  it("jobs run, and their states come as they were set", async () => {
    const { run } = start();
    const job = run("changesItsState");
    const states: unknown[] = [];
    job.onStateChange((state) => states.push(state));
    await job.result;
    expect(states).toEqual([{ at: "first" }, { at: "second" }]);
  });

  it("errors keep what they hold", async () => {
    const { run } = start();
    const { error } = (await run("throws").settled) as { error?: Error };
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: "no", cause: { a: 1 } });
  });

  it("what can't be cloned arrives in words, and is thrown to the body where it is its state", async () => {
    const { run } = start();
    expect(await run("badState").settled).toMatchObject({ type: "Failed", error: { name: "DataCloneError" } });
    expect(await run("throwsWhatCannotBeCloned").settled).toMatchObject({
      type: "Failed",
      error: { message: "[object Object]" },
    });
  });

  it("reasons arrive, also at a body's checkpoint", async () => {
    const { pool, run } = start();
    const job = run("checkpoints");
    await running(job);
    await job.stop({ why: "enough" });
    expect(job.completion).toEqual({ type: "Cancelled", reason: { why: "enough" } });
    expect(job.state).toEqual({ thrown: { why: "enough" } });
    expect(pool.stats).toMatchObject({ killed: 0 });
  });

  it("a job whose signal has aborted is not sent", async () => {
    const { pool } = start();
    const controller = new AbortController();
    controller.abort("before");
    const factory = pool.job("echo", 1);
    await expect(factory({ id: "1", attempt: 1, signal: controller.signal } as never)).rejects.toBe("before");
    expect(pool.stats.spawned).toBe(0);
  });
});

describe("an error of another realm", () => {
  it("given as a reason arrives as an error of its class", async () => {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    onTestFinished(() => frame.remove());
    const realm = frame.contentWindow as unknown as typeof globalThis;
    const reasons = {
      TypeError: new realm.TypeError("theirs", { cause: new realm.RangeError("because") }),
      TimeoutError: new realm.DOMException("too late", "TimeoutError"),
    };
    for (const [name, reason] of Object.entries(reasons)) {
      expect(reason instanceof Error).toBe(false);
      const job = runner(newPool()).run("tellsReason");
      await running(job);
      await job.stop(reason);
      expect(job.state).toMatchObject({ isError: true, isDom: name === "TimeoutError", name, message: reason.message });
    }
  });

  it("thrown while params are read is told in its words", async () => {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    onTestFinished(() => frame.remove());
    const realm = frame.contentWindow as unknown as typeof globalThis;
    const params = {
      get field() {
        throw new realm.RangeError("theirs");
      },
    };
    const { error } = (await runner(newPool()).run("echo", params).settled) as { error?: Error };
    expect(error).toMatchObject({ name: "DataCloneError", message: expect.stringContaining("theirs") });
  });
});

describe("a signal", () => {
  it("is looked at, not its events: one that nobody has aborted changes nothing", async () => {
    const pool = newPool({ size: 1 });
    const { run } = runner(pool);
    const job = run("untilAborted");
    await running(job);
    const waiting = run("echo", "later");
    for (const { signal } of [job, waiting]) signal.dispatchEvent(new Event("abort"));
    expect([job.status, waiting.status]).toEqual(["running", "running"]);
    await job.stop("in earnest");
    expect(job.completion).toEqual({ type: "Cancelled", reason: "in earnest" });
    expect(await waiting.result).toBe("later");
    expect(pool.stats).toMatchObject({ spawned: 1, killed: 0 });
  });

  it("of the body's own kind, a factory used by hand, keeps no listener once the job has ended", async () => {
    const pool = newPool({ size: 1 });
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners += 1;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...given);
    };
    for (const type of ["echo", "throws", "nonsense"]) {
      const end = pool.job(type, {})({ id: "1", attempt: 1, signal } as never) as Promise<unknown>;
      await end.catch(() => {});
    }
    expect(listeners).toBe(0);
  });
});
