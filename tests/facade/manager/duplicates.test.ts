import { DuplicateJobError } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { startLog, Work } from "../support/work.js";

describe("onDuplicate: join", () => {
  it("is the default: answers JOB_ALREADY_RUNNING with the job that stands, and calls no factory", () => {
    const manager = newManager();
    const { job } = manager.runJob("report", new Work().factory);
    const second = new Work();
    const third = new Work();
    expect(manager.runJob("report", second.factory)).toEqual({ type: "JOB_ALREADY_RUNNING", job });
    expect(manager.runJob("report", third.factory, { onDuplicate: "join" }).job).toBe(job);
    expect(second.starts + third.starts).toBe(0);
    expect(manager.stats.total).toBe(1);
  });

  it("joins a pending job as well", () => {
    const manager = newManager({ concurrency: 1 });
    manager.runJob("other", new Work().factory);
    const { job } = manager.runJob("report", new Work().factory);
    expect(job.status).toBe("pending");
    const again = manager.runJob("report", () => "never");
    expect(again.type).toBe("JOB_ALREADY_RUNNING");
    expect(again.job).toBe(job);
  });

  it("does not join a job that was asked to stop: the new one waits for its end, and is joined instead", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const barrier = job.stop();
    const again = manager.runJob("report", () => "its own");
    expect(again.type).toBe("JOB_CREATED");
    expect([job.stopping, again.job.status]).toEqual([true, "pending"]);
    expect(manager.getRunningJob("report")).toBe(job);
    expect(manager.runJob("report", () => "never")).toEqual({ type: "JOB_ALREADY_RUNNING", job: again.job });
    work.resolve();
    await barrier;
    expect(await again.job.result).toBe("its own");
  });

  it("a higher priority raises the job that stands; a lower one leaves it", async () => {
    const manager = newManager({ concurrency: 1 });
    const blocker = new Work();
    manager.runJob("blocker", blocker.factory);
    const { order, body } = startLog();
    const low = manager.runJob("low", body("low")).job;
    const middle = manager.runJob("middle", body("middle"), { priority: 5 }).job;
    manager.runJob("low", body("never"), { priority: 10 });
    manager.runJob("middle", body("never"), { priority: -10 });
    manager.runJob("middle", body("never"));
    expect(low.priority).toBe(10);
    expect(middle.priority).toBe(5);
    blocker.resolve();
    await manager.onIdle();
    expect(order).toEqual(["low", "middle"]);
  });
});

describe("onDuplicate: reject", () => {
  it("throws DuplicateJobError and changes nothing", () => {
    const manager = newManager();
    const { job } = manager.runJob("report", new Work().factory);
    const second = new Work();
    const before = manager.getSnapshot();
    const again = () => manager.runJob("report", second.factory, { onDuplicate: "reject", priority: 9 });
    expect(again).toThrow(DuplicateJobError);
    expect(again).toThrow(expect.objectContaining({ code: "E_DUPLICATE", name: "DuplicateJobError" }));
    expect(second.starts).toBe(0);
    expect(job.priority).toBe(0);
    expect(manager.getSnapshot()).toBe(before);
    expect(manager.getRunningJob("report")).toBe(job);
  });

  it("runs a key that is free", async () => {
    const manager = newManager({ defaults: { onDuplicate: "reject" } });
    expect(await manager.runJob("report", () => 1).job.result).toBe(1);
    manager.runJob("report", new Work().factory);
    expect(() => manager.runJob("report", () => 2)).toThrow(DuplicateJobError);
    expect(manager.runJob("report", () => 2, { onDuplicate: "join" }).type).toBe("JOB_ALREADY_RUNNING");
  });
});

describe("onDuplicate: replace", () => {
  it("stops the one that stands; the new one is pending until that stop barrier opens", async () => {
    const manager = newManager();
    const first = new Work();
    const second = new Work();
    const standing = manager.runJob("search", first.factory).job;
    const answer = manager.runJob("search", second.factory, { onDuplicate: "replace" });
    expect(answer.type).toBe("JOB_CREATED");
    expect(standing.stopping).toBe(true);
    expect(standing.status).toBe("running");
    expect(answer.job).not.toBe(standing);
    expect(answer.job.status).toBe("pending");
    expect(manager.getRunningJob("search")).toBe(standing);
    const { reason } = first.context.signal;
    expect(reason).toBeInstanceOf(DOMException);
    expect(reason.name).toBe("AbortError");

    await turn();
    expect(second.starts).toBe(0);
    first.resolve("too late");
    expect((await standing.settled).type).toBe("Cancelled");
    await second.started();
    expect(manager.getRunningJob("search")).toBe(answer.job);
    expect(answer.job.status).toBe("running");
    second.resolve("found");
    expect(await answer.job.result).toBe("found");
  });

  it("of a pending job: that one ends at once and never starts", async () => {
    const manager = newManager({ concurrency: 1 });
    const blocker = new Work();
    manager.runJob("blocker", blocker.factory);
    const first = new Work();
    const second = new Work();
    const standing = manager.runJob("search", first.factory).job;
    const { job } = manager.runJob("search", second.factory, { onDuplicate: "replace" });
    expect(standing.status).toBe("cancelled");
    expect(manager.getRunningJob("search")).toBe(job);
    blocker.resolve();
    await second.started();
    expect(first.starts).toBe(0);
  });

  it("again while it waits: the latest wins, those between end cancelled and never start", async () => {
    const manager = newManager();
    const works = [0, 1, 2, 3].map(() => new Work());
    const jobs = works.map((work) => manager.runJob("search", work.factory, { onDuplicate: "replace" }).job);
    expect(jobs.map((job) => job.status)).toEqual(["running", "cancelled", "cancelled", "pending"]);
    works[0]?.resolve();
    await works[3]?.started();
    expect(works.map((work) => work.starts)).toEqual([1, 0, 0, 1]);
    await expect(jobs[1]?.result).rejects.toMatchObject({ name: "AbortError" });
  });

  it("does not wait for a slot of its own at concurrency 1", async () => {
    const manager = newManager({ concurrency: 1 });
    const first = new Work();
    const second = new Work();
    manager.runJob("search", first.factory);
    manager.runJob("search", second.factory, { onDuplicate: "replace" });
    first.reject(new Error("aborted"));
    await second.started();
    expect(manager.stats).toMatchObject({ running: 1, cancelled: 1, pending: 0 });
  });
});

describe("onDuplicate: queue", () => {
  it("waits for the one that stands, which goes on undisturbed", async () => {
    const manager = newManager();
    const first = new Work();
    const second = new Work();
    const standing = manager.runJob("save", first.factory).job;
    const { type, job } = manager.runJob("save", second.factory, { onDuplicate: "queue" });
    expect(type).toBe("JOB_CREATED");
    expect(job.status).toBe("pending");
    expect(standing.stopping).toBe(false);
    expect(manager.getRunningJob("save")).toBe(standing);
    expect(manager.stats).toMatchObject({ running: 1, pending: 1, total: 2 });
    await turn();
    expect(second.starts).toBe(0);

    first.resolve(1);
    expect(await standing.result).toBe(1);
    await second.started();
    expect(manager.getRunningJob("save")).toBe(job);
    second.resolve(2);
    expect(await job.result).toBe(2);
  });

  it("a third replaces the second: latest wins, the second ends cancelled", async () => {
    const manager = newManager();
    const works = [0, 1, 2].map(() => new Work());
    const jobs = works.map((work) => manager.runJob("save", work.factory, { onDuplicate: "queue" }).job);
    expect(jobs.map((job) => job.status)).toEqual(["running", "cancelled", "pending"]);
    works[0]?.resolve();
    await works[2]?.started();
    expect(works[1]?.starts).toBe(0);
    expect((await jobs[1]?.settled)?.type).toBe("Cancelled");
  });

  it("goes on also after one that failed or was stopped", async () => {
    const manager = newManager();
    const works = [0, 1, 2].map(() => new Work());
    const [first, second, third] = works as [Work, Work, Work];
    const a = manager.runJob("save", first.factory, { onDuplicate: "queue" }).job;
    const b = manager.runJob("save", second.factory, { onDuplicate: "queue" }).job;
    first.reject(new Error("disk full"));
    await second.started();
    expect((await a.settled).type).toBe("Failed");
    manager.runJob("save", third.factory, { onDuplicate: "queue" });
    void b.stop();
    second.resolve();
    await third.started();
    expect((await b.settled).type).toBe("Cancelled");
  });

  it("join, while one is queued behind, answers with the one that stands", () => {
    const manager = newManager();
    const standing = manager.runJob("save", new Work().factory).job;
    manager.runJob("save", new Work().factory, { onDuplicate: "queue" });
    expect(manager.runJob("save", () => {}).job).toBe(standing);
    expect(() => manager.runJob("save", () => {}, { onDuplicate: "reject" })).toThrow(DuplicateJobError);
  });

  it("stopping the one that waits leaves the one that stands alone", async () => {
    const manager = newManager();
    const first = new Work();
    const second = new Work();
    const standing = manager.runJob("save", first.factory).job;
    const { job } = manager.runJob("save", second.factory, { onDuplicate: "queue" });
    await job.stop("not needed");
    expect(job.status).toBe("cancelled");
    expect(standing.stopping).toBe(false);
    first.resolve();
    await manager.onIdle();
    expect(second.starts).toBe(0);
    expect(standing.status).toBe("completed");
  });

  it("follows its own priority once the key is free", async () => {
    const manager = newManager({ concurrency: 1 });
    const first = new Work();
    manager.runJob("save", first.factory);
    const { order, body } = startLog();
    manager.runJob("save", body("queued"), { onDuplicate: "queue", priority: -1 });
    manager.runJob("other", body("other"));
    first.resolve();
    await manager.onIdle();
    expect(order).toEqual(["other", "queued"]);
  });
});

describe("JobManager.stopJob on a key with one waiting behind", () => {
  it("stops both, and resolves when both have ended", async () => {
    const manager = newManager();
    const first = new Work();
    const second = new Work();
    const standing = manager.runJob("save", first.factory).job;
    const { job } = manager.runJob("save", second.factory, { onDuplicate: "queue" });
    const reason = { why: "closed the page" };
    let stopped = false;
    const barrier = manager.stopJob("save", reason).then(() => {
      stopped = true;
    });
    expect(job.status).toBe("cancelled");
    expect(standing.stopping).toBe(true);
    await turn();
    expect(stopped).toBe(false);
    first.resolve();
    await barrier;
    expect(await standing.settled).toEqual({ type: "Cancelled", reason });
    expect(await job.settled).toEqual({ type: "Cancelled", reason });
    expect(second.starts).toBe(0);
  });
});

describe("onDuplicate on a job that waits", () => {
  it.each(["replace", "queue"] as const)("%s, while the one that stands is in its retry wait", async (onDuplicate) => {
    const manager = newManager();
    const first = new Work();
    const second = new Work();
    // One that is to be replaced does not begin again before.
    const retry = { limit: 1, delay: onDuplicate === "replace" ? 60_000 : 200, jitter: "none" } as const;
    const standing = manager.runJob("search", first.factory, { retry }).job;
    first.reject(new Error("again"));
    // A machine that is slow finds the other one started again already.
    await expect.poll(() => standing.status === "pending" || first.starts > 1).toBe(true);
    const { job } = manager.runJob("search", second.factory, { onDuplicate });
    if (onDuplicate === "replace") {
      expect(standing.status).toBe("cancelled");
      await second.started();
      expect(first.starts).toBe(1);
    } else {
      expect(job.status).toBe("pending");
      (await first.started(2)).resolve("at last");
      await second.started();
      expect(await standing.result).toBe("at last");
    }
    expect(manager.getRunningJob("search")).toBe(job);
  });

  it("replace, while the one that stands is delayed: the new one does not wait for that delay", async () => {
    const manager = newManager();
    const standing = manager.runJob("search", () => "never", { delay: 60_000 }).job;
    const second = new Work();
    manager.runJob("search", second.factory, { onDuplicate: "replace" });
    expect(standing.status).toBe("cancelled");
    await second.started();
  });
});
