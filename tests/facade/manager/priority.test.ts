import type { Priority } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { startLog, Work } from "../support/work.js";

/** Starts the named jobs at the given priorities behind one that blocks, and gives the order they ran in. */
async function orderOf(jobs: readonly (readonly [string, Priority | undefined])[]): Promise<string[]> {
  const manager = newManager({ concurrency: 1 });
  const blocker = new Work();
  manager.runJob("the blocker", blocker.factory);
  const { order, body } = startLog();
  for (const [name, priority] of jobs) manager.runJob(name, body(name), { priority });
  blocker.resolve();
  await manager.onIdle();
  return order;
}

describe("RunOptions.priority", () => {
  it("higher runs first; equal is first in, first out", async () => {
    const order = await orderOf([
      ["a0", 0],
      ["b5", 5],
      ["c-5", -5],
      ["d0", 0],
      ["e5", 5],
      ["f default", undefined],
      ["g-5", -5],
    ]);
    expect(order).toEqual(["b5", "e5", "a0", "d0", "f default", "c-5", "g-5"]);
  });

  it("the words stand for 100, 0 and -100", async () => {
    const order = await orderOf([
      ["background", "background"],
      ["-100", -100],
      ["-99", -99],
      ["visible", "user-visible"],
      ["0", 0],
      ["1", 1],
      ["blocking", "user-blocking"],
      ["100", 100],
      ["101", 101],
    ]);
    expect(order).toEqual(["101", "blocking", "100", "1", "visible", "0", "-99", "background", "-100"]);
    const manager = newManager({ paused: true });
    const words = ["user-blocking", "user-visible", "background"] as const;
    const read = words.map((priority) => manager.runJob(priority, () => {}, { priority }).job.priority);
    expect(read).toEqual([100, 0, -100]);
  });

  it("takes any finite number", async () => {
    const order = await orderOf([
      ["tiny", -1e300],
      ["half", 0.5],
      ["zero", 0],
      ["minus zero", -0],
      ["huge", 1e300],
      ["third", 1 / 3],
      ["max", Number.MAX_SAFE_INTEGER],
      ["minus half", -0.5],
    ]);
    expect(order).toEqual(["huge", "max", "half", "third", "zero", "minus zero", "minus half", "tiny"]);
  });

  it("orders a thousand jobs as a stable sort does", async () => {
    let seed = 12345;
    const jobs = Array.from({ length: 1000 }, (_, index) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return [`job ${index}`, seed % 7] as const;
    });
    const expected = [...jobs].sort((left, right) => right[1] - left[1]).map(([name]) => name);
    expect(await orderOf(jobs)).toEqual(expected);
  });

  it("does not interrupt a running job", async () => {
    const manager = newManager({ concurrency: 1 });
    const work = new Work();
    const urgent = new Work();
    const { job } = manager.runJob("report", work.factory);
    manager.runJob("urgent", urgent.factory, { priority: "user-blocking" });
    expect(job.stopping).toBe(false);
    expect(urgent.starts).toBe(0);
    work.resolve(1);
    expect(await job.result).toBe(1);
    await urgent.started();
  });

  it("takes the manager's default when none is given", () => {
    const manager = newManager({ paused: true, defaults: { priority: "background" } });
    expect(manager.runJob("default", () => {}).job.priority).toBe(-100);
    expect(manager.runJob("own", () => {}, { priority: 7 }).job.priority).toBe(7);
  });
});

describe("ManagedJob.setPriority", () => {
  it("puts a pending job at the back of its new level", async () => {
    const manager = newManager({ concurrency: 1 });
    const blocker = new Work();
    manager.runJob("blocker", blocker.factory);
    const { order, body } = startLog();
    const jobs = ["a", "b", "c", "d"].map((name) => manager.runJob(name, body(name)).job);
    manager.runJob("high", body("high"), { priority: 5 });
    jobs[2]?.setPriority(5);
    jobs[0]?.setPriority(-1);
    jobs[3]?.setPriority("user-blocking");
    expect(jobs.map((job) => job.priority)).toEqual([-1, 0, 5, 100]);
    blocker.resolve();
    await manager.onIdle();
    expect(order).toEqual(["d", "high", "c", "b", "a"]);
  });

  it.each([
    ["the one that it has leaves it where it is", ["user-visible"], ["first", "second"]],
    ["there and back again loses the place in the line", [1, 0], ["second", "first"]],
  ] as const)("%s", async (_, priorities, expected) => {
    const manager = newManager({ concurrency: 1 });
    const blocker = new Work();
    manager.runJob("blocker", blocker.factory);
    const { order, body } = startLog();
    const first = manager.runJob("first", body("first")).job;
    manager.runJob("second", body("second"));
    for (const priority of priorities) first.setPriority(priority);
    blocker.resolve();
    await manager.onIdle();
    expect(order).toEqual(expected);
  });

  it("on a running or an ended job disturbs nothing", async () => {
    const manager = newManager({ concurrency: 1 });
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const { order, body } = startLog();
    manager.runJob("next", body("next"));
    job.setPriority(50);
    work.resolve(1);
    expect(await job.result).toBe(1);
    job.setPriority(-50);
    await manager.onIdle();
    expect(order).toEqual(["next"]);
    expect(job.status).toBe("completed");
  });

  it("refuses what is not a priority and keeps the old one", () => {
    const manager = newManager({ paused: true });
    const { job } = manager.runJob("report", () => {}, { priority: 3 });
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => job.setPriority(bad), String(bad)).toThrow(RangeError);
    }
    for (const bad of ["urgent", "", null, {}, true]) {
      expect(() => job.setPriority(bad as Priority), String(bad)).toThrow(/priority/);
    }
    expect(job.priority).toBe(3);
  });
});
