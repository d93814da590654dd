import { describe, expect, it } from "vitest";
import { type AnyManager, newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { startLog, Work } from "../support/work.js";

function runMany(manager: AnyManager, count: number, prefix = "job"): Work[] {
  return Array.from({ length: count }, (_, index) => {
    const work = new Work();
    manager.runJob(`${prefix} ${index}`, work.factory);
    return work;
  });
}

const startsOf = (works: readonly Work[]) => works.map((work) => work.starts);

describe("JobManagerOptions.concurrency", () => {
  it("runs so many at once; the next starts when one has settled", async () => {
    const manager = newManager({ concurrency: 2 });
    const works = runMany(manager, 4);
    expect(startsOf(works)).toEqual([1, 1, 0, 0]);
    expect(manager.jobs("pending").map((job) => job.key)).toEqual(["job 2", "job 3"]);
    works[1]?.reject(new Error("broken"));
    await works[2]?.started();
    expect(startsOf(works)).toEqual([1, 1, 1, 0]);
    works[0]?.resolve();
    await works[3]?.started();
  });

  it("is Infinity by default", () => {
    const manager = newManager();
    expect(manager.concurrency).toBe(Number.POSITIVE_INFINITY);
    expect(startsOf(runMany(manager, 1000)).every((starts) => starts === 1)).toBe(true);
    expect(manager.stats).toMatchObject({ running: 1000, pending: 0 });
  });

  it("is never exceeded, nor left unused, over a long run", async () => {
    const manager = newManager({ concurrency: 3 });
    let running = 0;
    let highest = 0;
    for (let index = 0; index < 300; index += 1) {
      manager.runJob(`job ${index}`, async () => {
        running += 1;
        highest = Math.max(highest, running);
        for (let hop = index % 5; hop >= 0; hop -= 1) await Promise.resolve();
        running -= 1;
        if (index % 7 === 0) throw new Error("broken");
      });
    }
    await manager.onIdle();
    expect(highest).toBe(3);
    expect(manager.stats).toMatchObject({ completed: 257, failed: 43, total: 300 });
  });

  it("raised while jobs wait: they start before the setter returns", () => {
    const manager = newManager({ concurrency: 1 });
    const works = runMany(manager, 4);
    manager.concurrency = 3;
    expect(manager.concurrency).toBe(3);
    expect(startsOf(works)).toEqual([1, 1, 1, 0]);
    manager.concurrency = Number.POSITIVE_INFINITY;
    expect(startsOf(works)).toEqual([1, 1, 1, 1]);
  });

  it("lowered: running jobs go on, none starts until there are fewer", async () => {
    const manager = newManager({ concurrency: 3 });
    const works = runMany(manager, 5);
    manager.concurrency = 1;
    works[0]?.resolve();
    works[1]?.resolve();
    await turn();
    expect(startsOf(works)).toEqual([1, 1, 1, 0, 0]);
    works[2]?.resolve();
    await works[3]?.started();
    expect(startsOf(works)).toEqual([1, 1, 1, 1, 0]);
  });

  it("refuses what is not an integer of at least 1, and keeps the old value", () => {
    const manager = newManager({ concurrency: 2 });
    for (const bad of [0, -1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(() => {
        manager.concurrency = bad;
      }, String(bad)).toThrow(RangeError);
    }
    for (const bad of ["3", null, undefined, {}]) {
      expect(() => {
        manager.concurrency = bad as unknown as number;
      }, String(bad)).toThrow(TypeError);
    }
    expect(manager.concurrency).toBe(2);
  });
});

describe("JobManagerOptions.groupConcurrency", () => {
  it("limits the jobs of one group, not those of another or of none", async () => {
    const manager = newManager({ groupConcurrency: 1 });
    const run = (key: string, group?: string) => {
      const work = new Work();
      manager.runJob(key, work.factory, { group });
      return work;
    };
    const works = [run("a1", "a"), run("a2", "a"), run("b1", "b"), run("free 1"), run("free 2"), run("a3", "a")];
    expect(startsOf(works)).toEqual([1, 0, 1, 1, 1, 0]);
    works[0]?.resolve();
    await works[1]?.started();
    expect(startsOf(works)).toEqual([1, 1, 1, 1, 1, 0]);
  });

  it("a full group does not hold up those behind it, and the order within it stays", async () => {
    const manager = newManager({ concurrency: 2, groupConcurrency: 1 });
    const blocker = new Work();
    manager.runJob("blocker", blocker.factory, { group: "a" });
    const { order, body } = startLog();
    manager.runJob("a low", body("a low"), { group: "a" });
    manager.runJob("a high", body("a high"), { group: "a", priority: 9 });
    manager.runJob("b", body("b"), { group: "b" });
    manager.runJob("free", body("free"));
    await turn();
    expect(order).toEqual(["b", "free"]);
    blocker.resolve();
    await manager.onIdle();
    expect(order).toEqual(["b", "free", "a high", "a low"]);
  });

  it("a job that was asked to stop keeps its place in the group until it has settled", async () => {
    const manager = newManager({ groupConcurrency: 1 });
    const first = new Work();
    const second = new Work();
    const { job } = manager.runJob("first", first.factory, { group: "a" });
    manager.runJob("second", second.factory, { group: "a" });
    void job.stop();
    await turn();
    expect(second.starts).toBe(0);
    first.resolve();
    await second.started();
  });

  it("without it a group limits nothing", () => {
    const manager = newManager();
    const works = [1, 2, 3].map((index) => {
      const work = new Work();
      manager.runJob(`job ${index}`, work.factory, { group: "a" });
      return work;
    });
    expect(startsOf(works)).toEqual([1, 1, 1]);
  });
});

describe("JobManager.pause and resume", () => {
  it("running jobs go on; none starts until resume", async () => {
    const manager = newManager({ concurrency: 1 });
    const [first, second] = runMany(manager, 2) as [Work, Work];
    expect(manager.isPaused).toBe(false);
    manager.pause();
    expect(manager.isPaused).toBe(true);
    first.resolve();
    await turn();
    expect(second.starts).toBe(0);
    expect(manager.stats).toMatchObject({ completed: 1, pending: 1, running: 0 });
    manager.resume();
    expect(manager.isPaused).toBe(false);
    await second.started();
  });

  it("a manager may begin paused; both calls are idempotent", async () => {
    const manager = newManager({ paused: true, concurrency: 2 });
    expect(manager.isPaused).toBe(true);
    manager.pause();
    const works = runMany(manager, 3);
    expect(startsOf(works)).toEqual([0, 0, 0]);
    manager.resume();
    manager.resume();
    await works[1]?.started();
    expect(startsOf(works)).toEqual([1, 1, 0]);
  });

  it("starts in the order of priority when it is resumed", async () => {
    const manager = newManager({ paused: true });
    const { order, body } = startLog();
    manager.runJob("low", body("low"), { priority: -1 });
    manager.runJob("high", body("high"), { priority: 1 });
    manager.resume();
    await manager.onIdle();
    expect(order).toEqual(["high", "low"]);
  });
});

describe("JobManagerOptions.maxPending", () => {
  it("more pending than this: QueueFullError from runJob, and nothing has changed", async () => {
    const manager = newManager({ concurrency: 1, maxPending: 2 });
    const works = runMany(manager, 3);
    const refused = new Work();
    const before = manager.getSnapshot();
    const oneMore = () => manager.runJob("one more", refused.factory);
    expect(oneMore).toThrow(expect.objectContaining({ name: "QueueFullError", code: "E_QUEUE_FULL" }));
    expect(manager.getSnapshot()).toBe(before);
    expect(manager.getRunningJob("one more")).toBeUndefined();
    expect(manager.runJob("job 2", refused.factory).type).toBe("JOB_ALREADY_RUNNING");
    works[0]?.resolve();
    await works[1]?.started();
    expect(oneMore().type).toBe("JOB_CREATED");
    expect(refused.starts).toBe(0);
  });

  it("0 lets only those in that start at once", () => {
    const manager = newManager({ concurrency: 1, maxPending: 0 });
    expect(manager.runJob("first", new Work().factory).type).toBe("JOB_CREATED");
    expect(() => manager.runJob("second", () => {})).toThrow(/pending/i);
  });
});
