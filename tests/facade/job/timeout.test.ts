import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";

const clock = useFakeClock();

describe("RunOptions.timeout", () => {
  it("A timed-out body gets its signal aborted with a TimeoutError; the job fails with that very object", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { timeout: 1000 });
    await clock.advance(999);
    expect(work.context.signal.aborted).toBe(false);
    await clock.advance(1);
    const { signal } = work.context;
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(DOMException);
    expect(signal.reason.name).toBe("TimeoutError");
    work.reject(signal.reason);
    const completion = await job.settled;
    expect(completion.type).toBe("Failed");
    expect(completion.type === "Failed" && completion.error).toBe(signal.reason);
    await expect(job.result).rejects.toBe(signal.reason);
    expect(job.status).toBe("failed");
  });

  it("a body that ignores its timeout keeps its slot and its key, and this can be seen (stopping)", async () => {
    const manager = newManager({ concurrency: 1 });
    const work = new Work();
    const next = new Work();
    const { job } = manager.runJob("report", work.factory, { timeout: 1000 });
    manager.runJob("next", next.factory);
    await clock.advance(1000);
    expect(job.stopping).toBe(true);
    await clock.advance(60_000);
    expect(job.status).toBe("running");
    expect(job.stopping).toBe(true);
    expect(job.completion).toBeUndefined();
    expect(next.starts).toBe(0);
    expect(manager.getRunningJob("report")).toBe(job);
    expect(manager.runJob("report", () => "never").type).toBe("JOB_ALREADY_RUNNING");

    work.resolve("a result that comes too late");
    const completion = await job.settled;
    expect(completion.type === "Failed" && completion.error).toMatchObject({ name: "TimeoutError" });
    expect(job.stopping).toBe(false);
    await next.started();
  });

  it("is counted from the start of the attempt, not from the time it was queued", async () => {
    const manager = newManager({ concurrency: 1 });
    const blocker = new Work();
    manager.runJob("blocker", blocker.factory);
    const work = new Work();
    const { job } = manager.runJob("report", work.factory, { timeout: 1000 });
    await clock.advance(5000);
    expect(job.status).toBe("pending");
    blocker.resolve();
    await work.started();
    await clock.advance(999);
    expect(job.stopping).toBe(false);
    await clock.advance(1);
    expect(job.stopping).toBe(true);
  });

  it("each attempt has the whole time and a signal of its own", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, {
      timeout: 1000,
      retry: { limit: 2, delay: 500, jitter: "none", backoff: "fixed" },
    });
    for (const attempt of [1, 2, 3]) {
      await clock.advance(999);
      const { signal } = work.context;
      expect(work.starts).toBe(attempt);
      expect(signal.aborted).toBe(false);
      await clock.advance(1);
      expect(signal.reason.name).toBe("TimeoutError");
      work.reject(signal.reason);
      await clock.advance(500);
    }
    const completion = await job.settled;
    expect(completion.type === "Failed" && completion.error).toBe(work.context.signal.reason);
    expect(new Set(work.attempts.map(({ context }) => context.signal)).size).toBe(3);
  });

  it("waits with the retry until the timed-out body has settled", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, {
      timeout: 1000,
      retry: { limit: 1, delay: 0 },
    });
    await clock.advance(30_000);
    expect(work.starts).toBe(1);
    expect(job.status).toBe("running");
    work.resolve("too late to count");
    await clock.advance(0);
    await work.started(2);
    expect(work.context.attempt).toBe(2);
    expect(work.context.signal.aborted).toBe(false);
    work.resolve("in time");
    expect(await job.result).toBe("in time");
  });

  it("a stop asked for before the timed-out body settled wins", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { timeout: 1000, retry: 3 });
    await clock.advance(1000);
    const barrier = job.stop("enough");
    expect(work.context.signal.reason.name).toBe("TimeoutError");
    work.reject(work.context.signal.reason);
    await barrier;
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "enough" });
    await expect(job.result).rejects.toBe("enough");
    await clock.advance(60_000);
    expect(work.starts).toBe(1);
  });

  it("whose turn to be told comes after a stop is the signal's reason all the same, for it came first", async () => {
    const manager = newManager();
    const [first, second] = [new Work(), new Work()];
    manager.runJob("first", first.factory, { timeout: 1000 });
    const { job } = manager.runJob("second", second.factory, { timeout: 1000 });
    const heard: unknown[] = [];
    const { signal } = second.context;
    signal.addEventListener("abort", () => heard.push(signal.reason.name));
    first.context.signal.addEventListener("abort", () => void job.stop("enough"));
    await clock.advance(1000);
    expect(heard).toEqual(["TimeoutError"]);
    second.reject(signal.reason);
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "enough" });
  });

  it("has no say once a stop was asked for", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { timeout: 1000 });
    void job.stop("enough");
    await clock.advance(2000);
    expect(work.context.signal.reason).toBe("enough");
    work.resolve();
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "enough" });
  });

  it("comes in the order of the deadlines, whatever the order of the jobs", async () => {
    const manager = newManager();
    const ended: string[] = [];
    for (const timeout of [300, 100, 200]) {
      const { job } = manager.runJob(`job ${timeout}`, untilAborted, { timeout });
      job.onStopped(() => ended.push(`${timeout}`));
    }
    await clock.advance(100);
    expect(ended).toEqual(["100"]);
    await clock.advance(100);
    expect(ended).toEqual(["100", "200"]);
    await clock.advance(100);
    expect(ended).toEqual(["100", "200", "300"]);
  });

  it("of a job that ended in time leaves no timer", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { timeout: 1000 });
    expect(clock.timers).toBe(1);
    work.resolve();
    await job.settled;
    expect(clock.timers).toBe(0);
  });

  it("Infinity is none", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { timeout: Number.POSITIVE_INFINITY });
    expect(clock.timers).toBe(0);
    await clock.advance(2 ** 32);
    expect(job.stopping).toBe(false);
    work.resolve(1);
    expect(await job.result).toBe(1);
  });

  it("2 ** 31 and more does not fire at once", async () => {
    const timeout = 2 ** 31 + 5;
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { timeout });
    await clock.advance(timeout - 1);
    expect(job.stopping).toBe(false);
    await clock.advance(1);
    expect(job.stopping).toBe(true);
  });

  it("0 gives the body no time, but a body that settles by itself in its first turn is a normal one", async () => {
    const manager = newManager();
    const late = manager.runJob("late", untilAborted, { timeout: 0 }).job;
    const quick = manager.runJob("quick", () => 1, { timeout: 0 }).job;
    await turn();
    await clock.advance(1);
    expect(await quick.result).toBe(1);
    await expect(late.result).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
