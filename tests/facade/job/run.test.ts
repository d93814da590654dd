import type { Completion } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { watchRejections } from "../support/reports.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

describe("JobManager.runJob", () => {
  it("with a free slot calls the factory before it returns", () => {
    const manager = newManager();
    const calls: string[] = [];
    const { type, job } = manager.runJob("report", () => {
      calls.push("factory");
    });
    calls.push("runJob returned");
    expect(type).toBe("JOB_CREATED");
    expect(job.key).toBe("report");
    expect(calls).toEqual(["factory", "runJob returned"]);
  });

  it("runs a body to its end: running, then completed with its result", async () => {
    const manager = newManager();
    const work = new Work();
    const before = Date.now();
    const { job } = manager.runJob("report", work.factory);

    expect(job.status).toBe("running");
    expect(job.stopping).toBe(false);
    expect(job.attempt).toBe(1);
    expect(job.priority).toBe(0);
    expect(job.completion).toBeUndefined();
    expect(job.finishedAt).toBeUndefined();
    expect(job.createdAt).toBeGreaterThanOrEqual(before - 1);
    expect(job.startedAt).toBeGreaterThanOrEqual(job.createdAt);
    expect(manager.getRunningJob("report")).toBe(job);

    const result = { pages: 12 };
    work.resolve(result);
    expect(await job.result).toBe(result);
    expect(job.status).toBe("completed");
    expect(job.completion).toEqual({ type: "Normal", result });
    expect(job.finishedAt).toBeGreaterThanOrEqual(job.startedAt ?? Number.POSITIVE_INFINITY);
    expect(job.finishedAt).toBeLessThanOrEqual(Date.now() + 1);
    expect(job.signal.aborted).toBe(false);
    expect(manager.getRunningJob("report")).toBeUndefined();
  });

  it("takes a plain value for a result, and whatever is not a job", async () => {
    const manager = newManager();
    const almostJob = { stop: () => {}, state: 1 };
    for (const value of [undefined, null, 0, "text", almostJob, [1]]) {
      const { job } = manager.runJob("value", () => value);
      expect(await job.result).toBe(value);
      expect(job.completion).toEqual({ type: "Normal", result: value });
    }
  });

  it("fails with the very error that the body rejects with", async () => {
    const manager = newManager();
    const work = new Work();
    const error = new Error("no paper");
    const { job } = manager.runJob("report", work.factory);
    work.reject(error);
    await expect(job.result).rejects.toBe(error);
    expect(job.status).toBe("failed");
    expect(job.completion?.type).toBe("Failed");
    expect((job.completion as Extract<Completion, { type: "Failed" }>).error).toBe(error);
    expect(job.finishedAt).toBeDefined();
    expect(job.signal.aborted).toBe(false);
  });

  it("takes a throw of the factory for the job's failure, not the caller's", async () => {
    const manager = newManager();
    for (const error of [new Error("broken"), "a string", undefined, null, 0]) {
      const { type, job } = manager.runJob("report", () => {
        throw error;
      });
      expect(type).toBe("JOB_CREATED");
      expect(await job.settled).toEqual({ type: "Failed", error });
      expect(job.status).toBe("failed");
      await expect(job.result).rejects.toBe(error);
    }
  });

  it("gives the body its id, its attempt, its signal and its state", async () => {
    const manager = newManager();
    const work = new Work();
    const state = { page: 1 };
    const { job } = manager.runJob("report", work.factory, { initialState: state });
    expect(work.context.id).toBe(job.id);
    expect(work.context.attempt).toBe(1);
    expect(work.context.signal).toBeInstanceOf(AbortSignal);
    expect(work.context.signal).toBe(work.context.signal);
    expect(work.context.signal.aborted).toBe(false);
    expect(work.context.state).toBe(state);
    expect(job.state).toBe(state);
  });

  it("has an undefined state when none was given", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    expect(job.state).toBeUndefined();
    expect(work.context.state).toBeUndefined();
  });

  it("gives every job an id of its own, in every manager", async () => {
    const ids = new Set<string>();
    const managers = [newManager(), newManager()];
    for (let round = 0; round < 50; round += 1) {
      for (const manager of managers) {
        const { job } = manager.runJob("same key", () => round);
        expect(typeof job.id).toBe("string");
        ids.add(job.id);
        await job.settled;
      }
    }
    expect(ids.size).toBe(100);
  });

  it("frees the key once the job has ended, so the key starts again", async () => {
    const manager = newManager();
    const first = manager.runJob("report", () => 1).job;
    await first.settled;
    const second = manager.runJob("report", () => 2);
    expect(second.type).toBe("JOB_CREATED");
    expect(second.job).not.toBe(first);
    expect(await second.job.result).toBe(2);
    expect(await first.result).toBe(1);
  });

  it("tells a factory that runs its own key that it is already running", () => {
    const manager = newManager();
    const inside: unknown[] = [];
    const { job } = manager.runJob("report", () => {
      const answer = manager.runJob("report", () => inside.push("ran twice"));
      inside.push(answer.type, answer.job, manager.getRunningJob("report"), answer.job.status);
      return new Promise(() => {});
    });
    expect(inside).toEqual(["JOB_ALREADY_RUNNING", job, job, "running"]);
  });
});

describe("ManagedJob.result and settled", () => {
  it("settled never rejects and tells how the job ended", async () => {
    const manager = newManager();
    const error = new Error("no paper");
    const reason = { why: "closed" };
    const failing = manager.runJob("failing", () => Promise.reject(error)).job;
    const normal = manager.runJob("normal", () => Promise.resolve(7)).job;
    const work = new Work();
    const stopped = manager.runJob("stopped", work.factory).job;
    void stopped.stop(reason);
    work.resolve(8);
    expect(await failing.settled).toEqual({ type: "Failed", error });
    expect(await normal.settled).toEqual({ type: "Normal", result: 7 });
    expect(await stopped.settled).toEqual({ type: "Cancelled", reason });
    expect(await stopped.settled).toEqual(stopped.completion);
  });

  it("both answer also when they are first read after the end", async () => {
    const manager = newManager();
    const error = new Error("no paper");
    const failing = manager.runJob("failing", () => Promise.reject(error)).job;
    const normal = manager.runJob("normal", () => 7).job;
    await manager.onIdle();
    await turn();
    await expect(failing.result).rejects.toBe(error);
    expect(await failing.settled).toEqual({ type: "Failed", error });
    expect(await normal.result).toBe(7);
    expect(await normal.settled).toEqual({ type: "Normal", result: 7 });
  });

  it("are the same promises each time they are read", () => {
    const { job } = newManager().runJob("report", new Work().factory);
    expect(job.result).toBe(job.result);
    expect(job.settled).toBe(job.settled);
  });

  it("not touched, result never causes an unhandled rejection", async () => {
    const rejections = watchRejections();
    const manager = newManager();
    const failing = manager.runJob("failing", () => Promise.reject(new Error("nobody looks"))).job;
    const throwing = manager.runJob("throwing", () => {
      throw new Error("nobody looks");
    }).job;
    const stopped = manager.runJob("stopped", new Work().factory).job;
    void stopped.stop("nobody looks");
    const aborted = manager.runJob("aborted", () => {}, { signal: AbortSignal.abort("gone") }).job;
    await Promise.all([failing.settled, throwing.settled, aborted.settled]);
    await turn();
    expect(await rejections.seen()).toEqual([]);
  });

  it("has freed the key and counted the job by the time they answer", async () => {
    const manager = newManager({ concurrency: 1 });
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const next = new Work();
    manager.runJob("next", next.factory);
    work.resolve(1);
    await job.result;
    expect(manager.getRunningJob("report")).toBeUndefined();
    expect(manager.stats).toMatchObject({ completed: 1, running: 1, pending: 0 });
    expect(next.starts).toBe(1);
  });
});
