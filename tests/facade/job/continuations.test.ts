import type { Completion } from "jobgate";
import { describe, expect, it } from "vitest";
import { type AnyJob, newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { microtask, turn } from "../support/turns.js";
import { deferred, Work } from "../support/work.js";

function running(): { work: Work; job: AnyJob; end(): Promise<void> } {
  const work = new Work();
  const { job } = newManager().runJob("report", work.factory);
  return {
    work,
    job,
    end: async () => {
      work.resolve("done");
      await job.settled;
      await turn();
    },
  };
}

describe("Continuations.addOrRunNow", () => {
  it("before the end they wait; at the end each is given the job and how it ended", async () => {
    const { job, end } = running();
    const told: [string, unknown, Completion][] = [];
    for (const key of ["a", "b"]) {
      job.continuations.addOrRunNow(key, (given, completion) => void told.push([key, given, completion]));
    }
    await turn();
    expect(told).toEqual([]);
    expect(job.continuations.size).toBe(2);
    await end();
    expect(told.map(([key]) => key)).toEqual(["a", "b"]);
    for (const [, given, completion] of told) {
      expect(given).toBe(job);
      expect(completion).toEqual({ type: "Normal", result: "done" });
    }
    expect(job.continuations.size).toBe(0);
  });

  it("the job has ended and its key is free when they run", async () => {
    const manager = newManager();
    const { job } = manager.runJob("report", () => 1);
    const seen = new Promise<unknown[]>((resolve) => {
      job.continuations.addOrRunNow("look", (given) =>
        resolve([given.status, given.completion, manager.getRunningJob("report"), manager.stats.completed]),
      );
    });
    expect(await seen).toEqual(["completed", { type: "Normal", result: 1 }, undefined, 1]);
  });

  it("tells Normal, Failed and Cancelled apart, also of a job that never started", async () => {
    const manager = newManager();
    const error = new Error("broken");
    const told: Completion[] = [];
    const listen = (job: AnyJob) =>
      job.continuations.addOrRunNow("told", (_job, completion) => void told.push(completion));
    const stopped = manager.runJob("stopped", new Work().factory, { delay: 60_000 }).job;
    listen(stopped);
    listen(manager.runJob("normal", () => 1).job);
    listen(manager.runJob("failed", () => Promise.reject(error)).job);
    await stopped.stop("enough");
    await manager.onIdle();
    await turn();
    expect(told.map(({ type }) => type).sort()).toEqual(["Cancelled", "Failed", "Normal"]);
    expect(told).toContainEqual({ type: "Cancelled", reason: "enough" });
    expect(told).toContainEqual({ type: "Failed", error });
  });

  it("after the end they run at once: in the next microtask, never inside the call", async () => {
    const { job, end } = running();
    await end();
    const told: string[] = [];
    job.continuations.addOrRunNow("late", (_job, { type }) => void told.push(type));
    told.push("addOrRunNow returned");
    await microtask();
    expect(told).toEqual(["addOrRunNow returned", "Normal"]);
    expect(job.continuations.size).toBe(0);
  });

  it("the same key again replaces the one that waits", async () => {
    const { job, end } = running();
    const told: string[] = [];
    job.continuations.addOrRunNow("a", () => void told.push("first a"));
    job.continuations.addOrRunNow("b", () => void told.push("b"));
    job.continuations.addOrRunNow("a", () => void told.push("second a"));
    expect(job.continuations.size).toBe(2);
    await end();
    expect(told.sort()).toEqual(["b", "second a"]);
  });

  it("after the end, with a key used before, it runs as well, each time", async () => {
    const { job, end } = running();
    const told: string[] = [];
    job.continuations.addOrRunNow("a", () => void told.push("before"));
    await end();
    job.continuations.addOrRunNow("a", () => void told.push("after"));
    job.continuations.addOrRunNow("a", () => void told.push("after that"));
    await turn();
    expect(told).toEqual(["before", "after", "after that"]);
  });

  it("A continuation added in another continuation runs, with a new key or with its own", async () => {
    const { job, end } = running();
    const told: string[] = [];
    job.continuations.addOrRunNow("outer", (given) => {
      told.push("outer");
      given.continuations.addOrRunNow("inner", () => void told.push("inner"));
      given.continuations.addOrRunNow("outer", () => void told.push("outer again"));
      given.continuations.addOrRunNow("other", () => void told.push("other again"));
      told.push("outer returned");
    });
    job.continuations.addOrRunNow("other", () => void told.push("other"));
    await end();
    expect(told.slice(0, 2)).toEqual(["outer", "outer returned"]);
    expect(told.slice(2).sort()).toEqual(["inner", "other", "other again", "outer again"]);
  });

  it("all run concurrently: none waits for another", async () => {
    const { job, end } = running();
    const released = deferred();
    const told: string[] = [];
    for (const key of ["a", "b", "c"]) {
      job.continuations.addOrRunNow(key, async () => {
        told.push(`${key} began`);
        await released.promise;
        told.push(`${key} ended`);
      });
    }
    await end();
    expect(told).toEqual(["a began", "b began", "c began"]);
    released.resolve();
    await turn();
    expect(told.slice(3).sort()).toEqual(["a ended", "b ended", "c ended"]);
  });

  it("one that throws or rejects is reported; a rejected one disturbs none, the rest still run", async () => {
    const reports = catchReports();
    const { job, end } = running();
    const thrown = new Error("thrown");
    const rejected = new Error("rejected");
    const late = new Error("late");
    const told: string[] = [];
    job.continuations.addOrRunNow("a", () => {
      throw thrown;
    });
    job.continuations.addOrRunNow("b", () => void told.push("b"));
    job.continuations.addOrRunNow("c", () => Promise.reject(rejected));
    job.continuations.addOrRunNow("d", () => void told.push("d"));
    await end();
    job.continuations.addOrRunNow("e", () => Promise.reject(late));
    await reports.reached(3);
    expect(told).toEqual(["b", "d"]);
    expect(new Set(reports.errors)).toEqual(new Set([thrown, rejected, late]));
    expect(job.completion).toEqual({ type: "Normal", result: "done" });
  });

  it("a job's own end does not wait for its continuations", async () => {
    const { job, work } = running();
    job.continuations.addOrRunNow("endless", () => new Promise(() => {}));
    work.resolve("done");
    expect(await job.result).toBe("done");
    await expect(job.stop()).resolves.toBeUndefined();
  });

  it("a continuation may start the key anew", async () => {
    const manager = newManager();
    const rounds: number[] = [];
    const done = new Promise<void>((resolve) => {
      const start = (round: number) => {
        const { type, job } = manager.runJob("report", () => rounds.push(round));
        expect(type).toBe("JOB_CREATED");
        job.continuations.addOrRunNow("again", () => (round < 100 ? start(round + 1) : resolve()));
      };
      start(1);
    });
    await done;
    expect(rounds.length).toBe(100);
  });
});

describe("Continuations.remove and size", () => {
  it("takes one away before it runs, and says whether there was one", async () => {
    const { job, end } = running();
    const told: string[] = [];
    job.continuations.addOrRunNow("a", () => void told.push("a"));
    job.continuations.addOrRunNow("b", () => void told.push("b"));
    expect(job.continuations.remove("a")).toBe(true);
    expect(job.continuations.remove("a")).toBe(false);
    expect(job.continuations.remove("never added")).toBe(false);
    expect(job.continuations.size).toBe(1);
    await end();
    expect(told).toEqual(["b"]);
    expect(job.continuations.remove("b")).toBe(false);
  });

  it("each job has continuations of its own", async () => {
    const left = running();
    const right = running();
    const told: string[] = [];
    left.job.continuations.addOrRunNow("a", () => void told.push("left"));
    right.job.continuations.addOrRunNow("a", () => void told.push("right"));
    expect([left.job.continuations.size, right.job.continuations.size]).toEqual([1, 1]);
    await left.end();
    expect(told).toEqual(["left"]);
  });
});
