import { JobManager, ManagerClosedError } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";

describe("JobManager, what it shows", () => {
  it("jobs lists pending and running jobs, and those of one status", async () => {
    const manager = newManager({ concurrency: 1 });
    expect(manager.jobs()).toEqual([]);
    const work = new Work();
    const running = manager.runJob("running", work.factory).job;
    const pending = manager.runJob("pending", new Work().factory).job;
    expect(new Set(manager.jobs())).toEqual(new Set([running, pending]));
    expect(manager.jobs("running")).toEqual([running]);
    expect(manager.jobs("pending")).toEqual([pending]);
    expect(manager.jobs("completed")).toEqual([]);
    manager.jobs().pop();
    expect(manager.jobs().length).toBe(2);
  });

  it("jobs lists the one that waits behind the key as well", () => {
    const manager = newManager();
    const standing = manager.runJob("save", new Work().factory).job;
    const waiting = manager.runJob("save", new Work().factory, { onDuplicate: "queue" }).job;
    expect(manager.jobs("running")).toEqual([standing]);
    expect(manager.jobs("pending")).toEqual([waiting]);
  });

  it("getJob finds a job by its id while it lives, and not another manager's", () => {
    const manager = newManager({ concurrency: 1 });
    const running = manager.runJob("running", new Work().factory).job;
    const pending = manager.runJob("pending", new Work().factory).job;
    expect(manager.getJob(running.id)).toBe(running);
    expect(manager.getJob(pending.id)).toBe(pending);
    expect(manager.getJob("no such id")).toBeUndefined();
    expect(newManager().getJob(running.id)).toBeUndefined();
  });

  it("retain 0, the default: a finished job is forgotten, whoever holds it can still read it", async () => {
    const manager = newManager();
    const { job } = manager.runJob("report", () => 1);
    await job.result;
    await turn();
    expect(manager.getJob(job.id)).toBeUndefined();
    expect(manager.jobs()).toEqual([]);
    expect(job.status).toBe("completed");
    expect(await job.result).toBe(1);
  });

  it("retain keeps so many finished jobs, the latest, in getJob and jobs", async () => {
    const manager = newManager({ retain: 2 });
    const jobs = [];
    for (const [key, body] of [
      ["a", () => 1],
      ["b", () => Promise.reject(new Error("broken"))],
      ["c", () => 3],
    ] as const) {
      const { job } = manager.runJob(key, body);
      jobs.push(job);
      await job.settled;
    }
    await turn();
    const [a, b, c] = jobs;
    expect(jobs.map(({ id }) => manager.getJob(id))).toEqual([undefined, b, c]);
    expect(manager.jobs("completed")).toEqual([c]);
    expect(manager.jobs("failed")).toEqual([b]);
    expect(manager.getRunningJob("c")).toBeUndefined();
    expect(a?.status).toBe("completed");
    const again = manager.runJob("c", () => 4);
    expect(again.type).toBe("JOB_CREATED");
    await again.job.settled;
    await turn();
    expect(manager.jobs("completed")).toEqual([c, again.job]);
  });

  it("stats counts every job once, also the forgotten ones", async () => {
    const manager = newManager({ concurrency: 2 });
    expect(manager.stats).toEqual({ pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0, total: 0 });
    for (let index = 0; index < 3; index += 1) await manager.runJob(`ok ${index}`, () => 1).job.result;
    await manager.runJob("failed", () => Promise.reject(new Error("broken"))).job.settled;
    await manager.runJob("stopped", untilAborted).job.stop();
    for (let index = 0; index < 5; index += 1) manager.runJob(`open ${index}`, new Work().factory);
    expect(manager.stats).toEqual({ pending: 3, running: 2, completed: 3, failed: 1, cancelled: 1, total: 10 });
  });

  it("defaults stand in for the options that a job does not give", async () => {
    const manager = newManager({ defaults: { retry: { limit: 1, delay: 0 }, name: "a default name" } });
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const { value } = await job.events().getReader().read();
    expect(value).toMatchObject({ job: { type: "a default name" } });
    work.reject(new Error("again"));
    (await work.started(2)).resolve(2);
    expect(await job.result).toBe(2);

    const once = new Work();
    const own = manager.runJob("own", once.factory, { retry: 0 }).job;
    once.reject(new Error("no second time"));
    expect((await own.settled).type).toBe("Failed");
    expect(once.starts).toBe(1);
  });
});

describe("JobManager.close", () => {
  it("refuses new jobs, stops all, and resolves when all have ended", async () => {
    const manager = newManager({ concurrency: 1 });
    const work = new Work();
    const running = manager.runJob("running", work.factory).job;
    const pending = manager.runJob("pending", new Work().factory).job;
    const reason = { why: "logout" };
    let closed = false;
    const closing = manager.close(reason).then(() => {
      closed = true;
    });
    const refused = new Work();
    const run = () => manager.runJob("new", refused.factory);
    expect(run).toThrow(ManagerClosedError);
    expect(run).toThrow(expect.objectContaining({ name: "ManagerClosedError", code: "E_CLOSED" }));
    expect(() => manager.runJob("running", refused.factory)).toThrow(ManagerClosedError);
    expect(pending.status).toBe("cancelled");
    expect(work.context.signal.reason).toBe(reason);
    await turn();
    expect(closed).toBe(false);
    work.resolve("too late");
    await closing;
    expect(await running.settled).toEqual({ type: "Cancelled", reason });
    expect(await pending.settled).toEqual({ type: "Cancelled", reason });
    expect(refused.starts).toBe(0);
    expect(run).toThrow(ManagerClosedError);
  });

  it("may be called again, and on a manager that never ran anything", async () => {
    const manager = newManager();
    await manager.close();
    await manager.close("again");
    const busy = newManager();
    const work = new Work();
    const { job } = busy.runJob("report", work.factory);
    const both = Promise.all([busy.close("first"), busy.close("second")]);
    work.resolve();
    await both;
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "first" });
  });

  it("leaves nothing hanging: every promise asked for before or after settles", async () => {
    const manager = newManager({ concurrency: 1 });
    const running = manager.runJob("running", untilAborted).job;
    manager.runJob("pending", new Work().factory, { delay: 1_000_000 });
    const before = [manager.onIdle(), manager.onEmpty(), manager.stopAll(), running.settled, running.stop()];
    await manager.close();
    await Promise.all(before);
    await Promise.all([manager.onIdle(), manager.onEmpty(), manager.stopAll(), manager.stopJob("running")]);
    expect(manager.getRunningJob("running")).toBeUndefined();
    expect(manager.stats).toMatchObject({ running: 0, pending: 0, cancelled: 2 });
    manager.pause();
    manager.resume();
    manager.concurrency = 3;
  });

  it("a job that was paused, rate-limited or held by a full group ends, too", async () => {
    const paused = newManager({ paused: true, rateLimit: { limit: 1, interval: 60_000 }, groupConcurrency: 1 });
    const jobs = [1, 2, 3].map((n) => paused.runJob(`job ${n}`, () => n, { group: "a" }).job);
    await paused.close("over");
    for (const job of jobs) expect(job.status).toBe("cancelled");
  });
});

describe("JobManager at module level", () => {
  it("works at once: no init, no options", async () => {
    const manager = new JobManager();
    const { job } = manager.runJob("first", () => "ran");
    expect(await job.result).toBe("ran");
  });
});
