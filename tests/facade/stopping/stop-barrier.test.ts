import { JobStopTimeoutError } from "jobgate";
import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";

const clock = useFakeClock();

describe("ManagedJob.stop with a timeout", () => {
  it("rejects with JobStopTimeoutError when the body has not settled by then; the job stays, still stopping", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const impatient = job.stop("enough", { timeout: 250 });
    const outcome = impatient.then(
      () => "resolved",
      (error: unknown) => error,
    );
    let decided = false;
    void outcome.then(() => {
      decided = true;
    });
    await clock.advance(249);
    expect(decided).toBe(false);
    await clock.advance(1);
    expect(await outcome).toBeInstanceOf(JobStopTimeoutError);
    expect(await outcome).toMatchObject({ name: "JobStopTimeoutError", code: "E_STOP_TIMEOUT" });
    expect(job.status).toBe("running");
    expect(job.stopping).toBe(true);
    expect(manager.getRunningJob("report")).toBe(job);

    const patient = job.stop();
    work.resolve();
    await patient;
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "enough" });
  });

  it("resolves when the body settles in time, and leaves no timer", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const barrier = job.stop("enough", { timeout: 250 });
    await clock.advance(249);
    work.resolve();
    await barrier;
    expect(clock.timers).toBe(0);
    await expect(job.stop("again", { timeout: 1 })).resolves.toBeUndefined();
  });

  it("each call has its own patience", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const ended: string[] = [];
    const note = (name: string, barrier: Promise<void>) =>
      barrier.then(
        () => ended.push(`${name} resolved`),
        () => ended.push(`${name} rejected`),
      );
    const all = [
      note("long", job.stop("enough", { timeout: 200 })),
      note("short", job.stop("enough", { timeout: 100 })),
      note("patient", job.stop()),
    ];
    await clock.advance(100);
    expect(ended).toEqual(["short rejected"]);
    await clock.advance(99);
    work.resolve();
    await Promise.all(all);
    expect(ended.slice(1).sort()).toEqual(["long resolved", "patient resolved"]);
  });
});

describe("ManagedJob.onStopped", () => {
  it("is called once when the job has ended, however it ended", async () => {
    const manager = newManager();
    const endings: [string, (work: Work) => void][] = [
      ["completed", (work) => work.resolve()],
      ["failed", (work) => work.reject(new Error("broken"))],
      [
        "cancelled",
        (work) => {
          void manager.stopJob("report");
          work.resolve();
        },
      ],
    ];
    for (const [status, end] of endings) {
      const work = new Work();
      const { job } = manager.runJob("report", work.factory);
      const heard: string[] = [];
      job.onStopped(() => heard.push(job.status));
      const leave = job.onStopped(() => heard.push("left"));
      leave();
      leave();
      await turn();
      expect(heard).toEqual([]);
      end(work);
      await job.settled;
      await turn();
      expect(heard).toEqual([status]);
    }
  });

  it("is latched: after the end it answers in the next microtask, never inside the call", async () => {
    const { job } = newManager().runJob("report", () => 1);
    await job.settled;
    const heard: string[] = [];
    job.onStopped(() => heard.push("listener"));
    const leave = job.onStopped(() => heard.push("left"));
    leave();
    heard.push("onStopped returned");
    await Promise.resolve();
    expect(heard).toEqual(["onStopped returned", "listener"]);
  });
});

describe("JobManager.stopJob and stopAll", () => {
  it("stopJob resolves when the job has ended; for an unknown key at once", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const barrier = manager.stopJob("report", "enough");
    work.resolve();
    await barrier;
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "enough" });
    await expect(manager.stopJob("unknown")).resolves.toBeUndefined();
    await expect(manager.stopJob("report")).resolves.toBeUndefined();
  });

  it("stopAll stops running, pending and delayed jobs, and resolves when the last has ended", async () => {
    const manager = newManager({ concurrency: 2 });
    const slow = new Work();
    const jobs = [
      manager.runJob("slow", slow.factory).job,
      manager.runJob("obedient", untilAborted).job,
      manager.runJob("pending", new Work().factory).job,
      manager.runJob("delayed", new Work().factory, { delay: 1000 }).job,
    ];
    let stopped = false;
    const barrier = manager.stopAll("logout").then(() => {
      stopped = true;
    });
    await turn();
    expect(stopped).toBe(false);
    expect(jobs.map((job) => job.status)).toEqual(["running", "cancelled", "cancelled", "cancelled"]);
    slow.resolve();
    await barrier;
    for (const job of jobs) expect(await job.settled).toEqual({ type: "Cancelled", reason: "logout" });
    expect(manager.runJob("slow", () => 1).type).toBe("JOB_CREATED");
  });

  it("stopAll does not wait for what a listener has started meanwhile", async () => {
    const manager = newManager();
    const late = new Work();
    const { job } = manager.runJob("report", new Work().factory, { delay: 60_000 });
    job.onStopped(() => manager.runJob("late", late.factory));
    await manager.stopAll("logout");
    expect(manager.getRunningJob("late")?.status).toBe("running");
    late.resolve();
  });

  it("stopAll inside a listener waits for all that live then", async () => {
    const manager = newManager();
    const slow = new Work();
    const { job } = manager.runJob("slow", slow.factory);
    const delayed = manager.runJob("delayed", new Work().factory, { delay: 60_000 }).job;
    let stopped: Promise<void> | undefined;
    job.onProgress(() => {
      stopped = manager.stopAll("logout");
    });
    slow.context.progress(50);
    await delayed.settled;
    slow.resolve();
    await stopped;
    expect([job.status, delayed.status]).toEqual(["cancelled", "cancelled"]);
  });

  it("stopAll on a manager without jobs resolves", async () => {
    await expect(newManager().stopAll()).resolves.toBeUndefined();
  });
});
