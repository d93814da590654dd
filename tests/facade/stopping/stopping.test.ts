import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

const clock = useFakeClock();

describe("ManagedJob.stop", () => {
  it("asks the body to end and resolves once it has: asking is not ending", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const reason = new Error("enough");
    let opened = false;
    const barrier = job.stop(reason).then(() => {
      opened = true;
    });
    expect(job.stopping).toBe(true);
    expect(job.status).toBe("running");
    expect(work.context.signal.aborted).toBe(true);
    expect(work.context.signal.reason).toBe(reason);
    expect(job.signal.aborted).toBe(true);
    await turn();
    await clock.advance(60_000);
    expect(opened).toBe(false);
    expect(manager.getRunningJob("report")).toBe(job);
    expect(manager.stats).toMatchObject({ running: 1, cancelled: 0 });

    work.resolve("too late");
    await barrier;
    expect(job.status).toBe("cancelled");
    expect(job.stopping).toBe(false);
    expect(await job.settled).toEqual({ type: "Cancelled", reason });
    await expect(job.result).rejects.toBe(reason);
    expect(manager.getRunningJob("report")).toBeUndefined();
  });

  it("cancelled wins: whatever the body returned or threw after it was asked", async () => {
    const manager = newManager();
    const endings: ((work: Work) => void)[] = [
      (work) => work.resolve("a result"),
      (work) => work.reject(new Error("an error")),
      (work) => work.reject(work.context.signal.reason),
    ];
    for (const end of endings) {
      const work = new Work();
      const { job } = manager.runJob("report", work.factory, { retry: 3 });
      const barrier = job.stop("asked");
      end(work);
      await barrier;
      expect(await job.settled).toEqual({ type: "Cancelled", reason: "asked" });
      expect(work.starts).toBe(1);
    }
  });

  it("gives the same promise however often it is called, and keeps the first reason", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const barrier = job.stop("first");
    expect(job.stop("second")).toBe(barrier);
    expect(job.stop()).toBe(barrier);
    work.resolve();
    await barrier;
    expect(job.stop("third")).toBe(barrier);
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "first" });
  });

  it("on a finished job is resolved, and changes nothing", async () => {
    const { job } = newManager().runJob("report", () => 1);
    await job.result;
    await expect(job.stop("late")).resolves.toBeUndefined();
    expect(job.completion).toEqual({ type: "Normal", result: 1 });
    expect(job.signal.aborted).toBe(false);
    expect(job.stopping).toBe(false);
  });

  it("stop() while pending: the promise resolves, the body never starts", async () => {
    const manager = newManager({ concurrency: 1 });
    const blocker = new Work();
    manager.runJob("blocker", blocker.factory);
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const barrier = job.stop("changed my mind");
    expect(job.status).toBe("cancelled");
    expect(job.startedAt).toBeUndefined();
    expect(job.finishedAt).toBeDefined();
    expect(manager.getRunningJob("report")).toBeUndefined();
    await barrier;
    await expect(job.result).rejects.toBe("changed my mind");
    expect(job.signal.reason).toBe("changed my mind");
    blocker.resolve();
    await manager.onIdle();
    expect(work.starts).toBe(0);
  });

  it("stop() in a retry wait: the promise resolves, the body never starts again", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory, {
      retry: { limit: 5, delay: 1000, jitter: "none" },
    });
    work.reject(new Error("first"));
    await turn();
    expect(job.status).toBe("pending");
    const barrier = job.stop("enough");
    expect(job.status).toBe("cancelled");
    await barrier;
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "enough" });
    expect(clock.timers).toBe(0);
    await clock.advance(100_000);
    expect(work.starts).toBe(1);
  });

  it("stop() in a delay: the promise resolves, the body never starts", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory, { delay: 1000 });
    await clock.advance(500);
    const barrier = job.stop();
    expect(job.status).toBe("cancelled");
    await barrier;
    expect(clock.timers).toBe(0);
    await clock.advance(10_000);
    expect(work.starts).toBe(0);
  });

  it('stop() during "replace", of either: the promise resolves, the body never starts', async () => {
    const manager = newManager();
    const first = new Work();
    const second = new Work();
    const standing = manager.runJob("search", first.factory).job;
    const { job } = manager.runJob("search", second.factory, { onDuplicate: "replace" });
    const waiting = job.stop("both");
    expect(job.status).toBe("cancelled");
    await waiting;
    const barrier = standing.stop();
    first.resolve();
    await barrier;
    await manager.onIdle();
    expect(second.starts).toBe(0);
    expect(manager.getRunningJob("search")).toBeUndefined();
  });

  it("Aborting a running job at concurrency 1 does not let a second one run beside it; onIdle() waits for the first to settle", async () => {
    for (const how of ["stop", "signal"] as const) {
      const manager = newManager({ concurrency: 1 });
      const caller = new AbortController();
      const first = new Work();
      const second = new Work();
      const { job } = manager.runJob("first", first.factory, { signal: caller.signal });
      if (how === "stop") void job.stop();
      else caller.abort();
      manager.runJob("second", second.factory);
      let idle = false;
      const onIdle = manager.onIdle().then(() => {
        idle = true;
      });
      await clock.advance(60_000);
      expect([second.starts, idle]).toEqual([0, false]);
      first.resolve();
      await second.started();
      await turn();
      expect(idle).toBe(false);
      second.resolve();
      await onIdle;
    }
  });

  it("works from inside the factory", async () => {
    const manager = newManager();
    const { job } = manager.runJob("report", ({ signal }) => {
      void manager.getRunningJob("report")?.stop("not now");
      return signal.aborted ? "saw it" : "blind";
    });
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "not now" });
  });
});
