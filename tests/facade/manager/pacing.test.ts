import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

const clock = useFakeClock();
const minute = 60_000;

describe("RunOptions.delay", () => {
  it("holds the first attempt back, to the millisecond; the job is pending and holds its key", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory, { delay: 500 });
    await clock.advance(499);
    expect(work.starts).toBe(0);
    expect(job.status).toBe("pending");
    expect(job.startedAt).toBeUndefined();
    expect(manager.runJob("report", () => "never").type).toBe("JOB_ALREADY_RUNNING");
    await clock.advance(1);
    expect(work.starts).toBe(1);
    expect(job.startedAt).toBe(job.createdAt + 500);
  });

  it("takes no slot while it lasts", async () => {
    const manager = newManager({ concurrency: 1 });
    const delayed = new Work();
    const other = new Work();
    manager.runJob("delayed", delayed.factory, { delay: 500, priority: 9 });
    manager.runJob("other", other.factory);
    expect(other.starts).toBe(1);
    await clock.advance(1000);
    expect(delayed.starts).toBe(0);
    other.resolve();
    await delayed.started();
  });

  it("enters at the back of its level when it is over", async () => {
    const manager = newManager({ paused: true });
    const order: string[] = [];
    manager.runJob("delayed", () => void order.push("delayed"), { delay: 100 });
    manager.runJob("before", () => void order.push("before"));
    await clock.advance(100);
    manager.runJob("after", () => void order.push("after"));
    manager.resume();
    await manager.onIdle();
    expect(order).toEqual(["before", "delayed", "after"]);
  });

  it("a priority set while it lasts counts when it is over", async () => {
    const manager = newManager({ paused: true });
    const order: string[] = [];
    const { job } = manager.runJob("delayed", () => void order.push("delayed"), { delay: 100 });
    manager.runJob("other", () => void order.push("other"), { priority: 1 });
    job.setPriority(2);
    expect(job.priority).toBe(2);
    await clock.advance(100);
    manager.resume();
    await manager.onIdle();
    expect(order).toEqual(["delayed", "other"]);
  });

  it("0 is none: the factory is called before runJob returns", () => {
    const work = new Work();
    newManager().runJob("report", work.factory, { delay: 0 });
    expect(work.starts).toBe(1);
  });

  it.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 33 + 7])(
    "delay: 2 ** 31 and more does not fire at once: %d",
    async (delay) => {
      const work = new Work();
      newManager().runJob("report", work.factory, { delay });
      await clock.advance(1);
      expect(work.starts).toBe(0);
      await clock.advance(delay - 2);
      expect(work.starts).toBe(0);
      await clock.advance(1);
      expect(work.starts).toBe(1);
    },
  );

  it("a thousand delays and timeouts arm one timer, and all fire in order", async () => {
    const manager = newManager();
    const order: number[] = [];
    for (let index = 0; index < 1000; index += 1) {
      const delay = 1 + ((index * 7919) % 1000);
      manager.runJob(`job ${index}`, () => void order.push(delay), { delay, timeout: 5000 });
    }
    expect(clock.timers).toBe(1);
    await clock.advance(500);
    expect(clock.timers).toBe(1);
    expect(order.length).toBe(500);
    await clock.advance(500);
    expect(order).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
    expect(clock.timers).toBe(0);
  });

  it("an earlier delay that comes later fires first", async () => {
    const manager = newManager();
    const late = new Work();
    const early = new Work();
    manager.runJob("late", late.factory, { delay: 1000 });
    manager.runJob("early", early.factory, { delay: 10 });
    await clock.advance(10);
    expect([early.starts, late.starts]).toEqual([1, 0]);
    await clock.advance(990);
    expect(late.starts).toBe(1);
  });
});

describe("JobManagerOptions.rateLimit", () => {
  it("at most limit starts in any window of interval, not only in windows on a grid", async () => {
    const manager = newManager({ rateLimit: { limit: 2, interval: 1000 } });
    const start = Date.now();
    const starts: number[] = [];
    const run = (key: string) => manager.runJob(key, () => void starts.push(Date.now() - start));
    run("a");
    await clock.advance(600);
    run("b");
    run("c");
    run("d");
    run("e");
    await turn();
    expect(starts).toEqual([0, 600]);
    await clock.advance(399);
    expect(starts).toEqual([0, 600]);
    await clock.advance(1);
    expect(starts).toEqual([0, 600, 1000]);
    await clock.advance(2000);
    expect(starts).toEqual([0, 600, 1000, 1600, 2000]);
  });

  it("counts the start of every attempt", async () => {
    const manager = newManager({ rateLimit: { limit: 1, interval: 1000 } });
    const start = Date.now();
    const starts: string[] = [];
    let failed = false;
    manager.runJob(
      "retried",
      () => {
        starts.push(`retried ${Date.now() - start}`);
        if (failed) return;
        failed = true;
        throw new Error("again");
      },
      { retry: { limit: 1, delay: 10, jitter: "none" } },
    );
    manager.runJob("other", () => void starts.push(`other ${Date.now() - start}`));
    await clock.advance(3000);
    expect(starts).toEqual(["retried 0", "other 1000", "retried 2000"]);
  });

  it("gives the next start to the highest priority that waits then", async () => {
    const manager = newManager({ rateLimit: { limit: 1, interval: 100 } });
    const order: string[] = [];
    for (const [key, priority] of [
      ["first", 0],
      ["low", -1],
      ["high", 1],
    ] as const) {
      manager.runJob(key, () => void order.push(key), { priority });
    }
    await clock.advance(200);
    expect(order).toEqual(["first", "high", "low"]);
  });

  it("does not count a job that was stopped before it started", async () => {
    const manager = newManager({ rateLimit: { limit: 1, interval: 1000 } });
    const starts: string[] = [];
    const run = (key: string) => manager.runJob(key, () => void starts.push(key)).job;
    run("first");
    const stopped = run("stopped");
    run("third");
    void stopped.stop();
    await clock.advance(1000);
    expect(starts).toEqual(["first", "third"]);
  });

  it("counts starts, not ends: a full house of slow jobs does not use up the next window", async () => {
    const manager = newManager({ concurrency: 1, rateLimit: { limit: 1, interval: 100 } });
    const slow = new Work();
    const next = new Work();
    manager.runJob("slow", slow.factory);
    manager.runJob("next", next.factory);
    await clock.advance(5000);
    slow.resolve();
    await next.started();
    expect(clock.timers).toBe(0);
  });
});

describe("Under an hour's worth of a fake clock", () => {
  it("the rate limit does what it says to the millisecond", async () => {
    const limit = 10;
    const manager = newManager({ rateLimit: { limit, interval: minute } });
    const start = Date.now();
    const starts: number[] = [];
    const jobs = 60 * limit;
    for (let index = 0; index < jobs; index += 1) {
      manager.runJob(`job ${index}`, () => void starts.push(Date.now() - start));
    }
    await clock.advance(60 * minute);
    expect(starts).toEqual(Array.from({ length: jobs }, (_, index) => Math.floor(index / limit) * minute));
    await manager.onIdle();
  });

  it("retry does what it says to the millisecond, beside a rate-limited manager and long delays", async () => {
    const manager = newManager();
    const paced = newManager({ rateLimit: { limit: 1, interval: 700 } });
    const start = Date.now();
    const attempts: number[] = [];
    const delays: number[] = [];
    let pacedStarts = 0;
    const { job } = manager.runJob(
      "retried",
      () => {
        attempts.push(Date.now() - start);
        throw new Error("again");
      },
      { retry: { limit: 11, delay: 1001, maxDelay: 20 * minute, jitter: "none" } },
    );
    for (let at = 1; at <= 60; at += 1) {
      const delay = at * minute - 1;
      manager.runJob(`delay ${at}`, () => void delays.push(Date.now() - start - delay), { delay });
    }
    for (let index = 0; index < 50; index += 1) {
      paced.runJob(`paced ${index}`, () => {
        expect(Date.now() - start).toBe(pacedStarts * 700);
        pacedStarts += 1;
      });
    }
    await clock.advance(60 * minute);
    const expected = [0];
    for (let retry = 0; retry < 11; retry += 1) {
      expected.push((expected.at(-1) ?? 0) + 1001 * 2 ** retry);
    }
    expect(attempts).toEqual(expected);
    expect(job.status).toBe("failed");
    expect(delays).toEqual(new Array(60).fill(0));
    expect(pacedStarts).toBe(50);
    expect(paced.stats).toMatchObject({ completed: 50, failed: 0 });
  });
});
