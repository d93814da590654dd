import { type JobManagerOptions, QueueFullError } from "jobgate";
import { type TestClock, useTestClock } from "jobgate/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

function newClock(): TestClock {
  const clock = useTestClock();
  onTestFinished(clock.restore);
  return clock;
}

const limit = { limit: 1, interval: 10 };
const double = (item: number) => item * 2;

describe("map where nobody may be pending", () => {
  it.each<[string, JobManagerOptions, object]>([
    ["a rate limit", { rateLimit: limit }, {}],
    ["a group's rate limit", { groupRateLimit: limit }, { group: "a" }],
    ["a group's concurrency", { groupConcurrency: 1 }, { group: "a" }],
    ["a delay", {}, { delay: 10 }],
    ["a retry", {}, { retry: 1 }],
  ])("comes to its end with %s", async (_, options, run) => {
    const clock = newClock();
    const results = newManager({ maxPending: 0, ...options }).map([1, 2, 3], double, run);
    await clock.runAll();
    expect(await results).toEqual([2, 4, 6]);
  });

  it("goes on when a pause is over, and when the concurrency is raised", async () => {
    const manager = newManager({ maxPending: 0, paused: true });
    const paused = manager.map([1, 2], double);
    manager.resume();
    expect(await paused).toEqual([2, 4]);
    manager.concurrency = 1;
    const work = new Work();
    manager.add(work.factory);
    const crowded = manager.map([1, 2], double);
    manager.concurrency = 2;
    expect(await crowded).toEqual([2, 4]);
    work.resolve();
  });

  it("two at once take turns; others are refused as ever", async () => {
    const clock = newClock();
    const manager = newManager({ maxPending: 0, rateLimit: limit });
    const both = Promise.all([manager.map([1, 2], double), manager.map([3, 4], double)]);
    await clock.advance(0);
    expect(manager.stats.pending).toBe(1);
    expect(() => manager.add(() => 1)).toThrow(QueueFullError);
    await clock.runAll();
    expect(await both).toEqual([
      [2, 4],
      [6, 8],
    ]);
  });
});

describe("what map refuses", () => {
  it("is named as it was given", async () => {
    const manager = newManager();
    await expect(manager.map([1], double, { retry: -1 })).rejects.toThrow(/^retry must be .*, got -1$/);
    await expect(manager.map([1], double, { retry: { limit: 1, delay: -5 } })).rejects.toThrow(
      /^retry\.delay must be .*, got -5$/,
    );
    await expect(manager.map([1], double, { delay: -1 })).rejects.toThrow(/^delay must be .*, got -1$/);
  });
});
