// The same promises are held against the original and against its calls as the guide writes them.
import Original from "p-queue";
import { describe, expect, it } from "vitest";
import { PQueue } from "../../.guides/from-p-queue/p-queue.ts";
import { later } from "./support.ts";

type Options = ConstructorParameters<typeof PQueue>[0];

/** The original with the limit of any window, which is the guide's. */
const original = (options: Options = {}) => new Original({ ...(options.interval ? { strict: true } : {}), ...options });

describe.each([
  ["p-queue", original as unknown as (options?: Options) => PQueue],
  ["the guide's", (options?: Options) => new PQueue(options)],
])("%s", (_, make) => {
  /** A task that says when it begins and ends when it is told to. */
  function task<T = void>(name: string, log: string[]) {
    const { promise, resolve, reject } = later<T>();
    const run = () => {
      log.push(name);
      return promise;
    };
    return { run, resolve, reject };
  }

  it("runs so many at once, in order, and gives each its result", async () => {
    const queue = make({ concurrency: 2 });
    const log: string[] = [];
    const tasks = ["a", "b", "c", "d"].map((name) => task<string>(name, log));
    const results = queue.addAll(tasks.map(({ run }) => run));
    expect(log).toEqual(["a", "b"]);
    expect([queue.size, queue.pending]).toEqual([2, 2]);
    tasks[1]?.resolve("B");
    await expect.poll(() => log).toEqual(["a", "b", "c"]);
    tasks[0]?.resolve("A");
    await expect.poll(() => log).toEqual(["a", "b", "c", "d"]);
    tasks[2]?.resolve("C");
    tasks[3]?.resolve("D");
    expect(await results).toEqual(["A", "B", "C", "D"]);
    expect([queue.size, queue.pending]).toEqual([0, 0]);
  });

  it("starts the higher priority first, the older of equals, and one whose priority is raised", async () => {
    const queue = make({ concurrency: 1, autoStart: false });
    const log: string[] = [];
    const add = (name: string, priority: number) => queue.add(async () => void log.push(name), { id: name, priority });
    const all = [add("low", 0), add("first", 1), add("second", 1), add("raised", -1)];
    queue.setPriority("raised", 2);
    queue.start();
    await Promise.all(all);
    expect(log).toEqual(["raised", "first", "second", "low"]);
    expect(() => queue.setPriority("gone", 1)).toThrow(ReferenceError);
  });

  it("rejects with what a task throws, and goes on", async () => {
    const queue = make({ concurrency: 1 });
    const error = new Error("no");
    const failed = queue.add(() => Promise.reject(error));
    const thrown = queue.add(() => {
      throw error;
    });
    const next = queue.add(async () => 7);
    await expect(failed).rejects.toBe(error);
    await expect(thrown).rejects.toBe(error);
    expect(await next).toBe(7);
  });

  it("a task that takes too long rejects with a TimeoutError, and no longer counts", async () => {
    const queue = make({ concurrency: 1, timeout: 20 });
    const log: string[] = [];
    const slow = queue.add(task("slow", log).run);
    const next = queue.add(async () => 7);
    await expect(slow).rejects.toMatchObject({ name: "TimeoutError" });
    expect(await next).toBe(7);
    expect(queue.pending).toBe(0);
  });

  it("a signal takes a task out while it waits, and lets go of one that runs", async () => {
    const queue = make({ concurrency: 1 });
    const log: string[] = [];
    const [running, waiting] = [new AbortController(), new AbortController()];
    let seen: AbortSignal | undefined;
    const first = queue.add(
      ({ signal }) => {
        seen = signal;
        return task("first", log).run();
      },
      { signal: running.signal },
    );
    const second = queue.add(task("second", log).run, { signal: waiting.signal });
    const third = queue.add(async () => 7);
    waiting.abort("waiting");
    await expect(second).rejects.toBe("waiting");
    running.abort("running");
    await expect(first).rejects.toBe("running");
    expect(seen?.reason).toBe("running");
    expect(await third).toBe(7);
    expect(log).toEqual(["first"]);
    await expect(queue.add(async () => 7, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
  });

  it("waits while it is paused", async () => {
    const queue = make({ autoStart: false });
    expect(queue.isPaused).toBe(true);
    const log: string[] = [];
    const added = queue.add(async () => void log.push("ran"));
    await new Promise(setImmediate);
    expect(log).toEqual([]);
    expect(queue.start()).toBe(queue);
    await added;
    queue.pause();
    expect(queue.isPaused).toBe(true);
  });

  it("is cleared of what waits: that rejects with an AbortError, unhandled or not", async () => {
    const queue = make({ concurrency: 1 });
    const events: string[] = [];
    queue.addEventListener("error", () => events.push("error"));
    const running = later<number>();
    const first = queue.add(() => running.promise);
    const second = queue.add(async () => 1);
    void queue.add(async () => 1); // vitest fails on an unhandled rejection
    queue.clear();
    expect([queue.size, queue.pending]).toEqual([0, 1]);
    await expect(second).rejects.toMatchObject({ name: "AbortError" });
    running.resolve(7);
    expect(await first).toBe(7);
    expect(events).toEqual([]);
  });

  it("tells when it is empty, idle, and shorter than so many", async () => {
    const queue = make({ concurrency: 1 });
    const log: string[] = [];
    const tasks = ["a", "b", "c", "d"].map((name) => task(name, log));
    for (const { run } of tasks) void queue.add(run);
    const told: string[] = [];
    void queue.onSizeLessThan(2).then(() => told.push("shorter"));
    void queue.onEmpty().then(() => told.push("empty"));
    void queue.onIdle().then(() => told.push("idle"));
    const settled = () => new Promise(setImmediate);
    await settled();
    expect(told).toEqual([]);
    tasks[0]?.resolve(); // 2 wait
    await settled();
    expect(told).toEqual([]);
    tasks[1]?.resolve(); // 1 waits
    await settled();
    expect(told).toEqual(["shorter"]);
    tasks[2]?.resolve(); // none waits, one runs
    await settled();
    expect(told).toEqual(["shorter", "empty"]);
    tasks[3]?.resolve();
    await settled();
    expect(told).toEqual(["shorter", "empty", "idle"]);
    await Promise.all([queue.onIdle(), queue.onEmpty(), queue.onSizeLessThan(1)]);
  });

  it("starts no more than so many in any interval", async () => {
    const queue = make({ intervalCap: 2, interval: 100 });
    const starts: number[] = [];
    const added = performance.now();
    const all = queue.addAll(Array.from({ length: 6 }, () => async () => void starts.push(performance.now())));
    await expect.poll(() => queue.isRateLimited).toBe(true);
    await all;
    // Since all were added: p-queue counts from before it calls, by how much a busy machine decides, in whole milliseconds.
    for (const [at, start] of starts.entries()) {
      expect(start - added).toBeGreaterThanOrEqual(Math.floor(at / 2) * 99 - 1);
    }
    expect(starts).toHaveLength(6);
    expect(queue.isRateLimited).toBe(false);
  });

  it("starts more when its limit is raised", async () => {
    const queue = make({ concurrency: 1 });
    const log: string[] = [];
    const tasks = ["a", "b", "c"].map((name) => task(name, log));
    for (const { run } of tasks) void queue.add(run);
    expect(log).toEqual(["a"]);
    queue.concurrency = 3;
    await expect.poll(() => log).toEqual(["a", "b", "c"]);
    expect(queue.concurrency).toBe(3);
    for (const { resolve } of tasks) resolve();
    await queue.onIdle();
  });

  it("tells of each task that was added, began, ended well or failed, and of its end", async () => {
    const queue = make({ concurrency: 1 });
    const counts: Record<string, number> = {};
    const details: unknown[] = [];
    for (const type of ["add", "active", "completed", "error", "next", "empty", "idle"]) {
      queue.addEventListener(type, (event) => {
        counts[type] = (counts[type] ?? 0) + 1;
        if (type === "completed" || type === "error") details.push((event as CustomEvent).detail);
      });
    }
    const error = new Error("no");
    // The first leaves the queue empty as soon as it is added, the last when it begins.
    const all = [queue.add(async () => 7), queue.add(() => Promise.reject(error)), queue.add(async () => 8)];
    await Promise.allSettled(all);
    await queue.onIdle();
    expect(details).toEqual([7, error, 8]);
    expect(counts).toEqual({ add: 3, active: 3, completed: 2, error: 1, next: 3, empty: 2, idle: 1 });
  });
});
