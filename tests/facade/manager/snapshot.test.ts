import { describe, expect, it } from "vitest";
import { type AnyJob, newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

describe("JobManager.getSnapshot", () => {
  it("shows the statistics and the jobs, as stats and jobs do", async () => {
    const manager = newManager({ concurrency: 1, retain: 5 });
    const done = manager.runJob("done", () => 1).job;
    await done.settled;
    manager.runJob("running", new Work().factory);
    manager.runJob("pending", new Work().factory);
    const snapshot = manager.getSnapshot();
    expect(snapshot.stats).toEqual(manager.stats);
    expect(snapshot.jobs).toEqual(manager.jobs());
    expect(snapshot.jobs.length).toBe(3);
  });

  it("has the same identity until something changed", async () => {
    const manager = newManager({ concurrency: 1 });
    const seen = new Set<unknown>();
    const changed = (what: string) => {
      const snapshot = manager.getSnapshot();
      expect(manager.getSnapshot(), `read twice after ${what}`).toBe(snapshot);
      expect(seen.has(snapshot), `the same as before ${what}`).toBe(false);
      seen.add(snapshot);
    };
    changed("the beginning");
    const first = new Work();
    const a = manager.runJob("a", first.factory).job;
    changed("a job started");
    const b = manager.runJob("b", new Work().factory).job;
    changed("a job was queued");
    manager.runJob("b", () => {});
    expect(seen.has(manager.getSnapshot())).toBe(true);
    void b.stop();
    changed("a pending job was stopped");
    first.resolve();
    await a.settled;
    await turn();
    changed("a job ended and was forgotten");
    await turn();
    expect(seen.has(manager.getSnapshot())).toBe(true);
  });

  it("an old snapshot is not changed by what comes after", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("a", work.factory);
    const before = manager.getSnapshot();
    manager.runJob("b", new Work().factory);
    work.resolve();
    await job.settled;
    expect(before.jobs).toEqual([job]);
    expect(before.stats).toMatchObject({ running: 1, completed: 0, total: 1 });
  });
});

describe("JobManager.subscribe", () => {
  it("tells of any job created, changed in status, or forgotten; the snapshot shows it by then", async () => {
    const manager = newManager({ concurrency: 1 });
    const seen: string[] = [];
    const leave = manager.subscribe(() => {
      seen.push(
        manager
          .getSnapshot()
          .jobs.map((job) => `${job.key} ${job.status}`)
          .join(", "),
      );
    });
    const work = new Work();
    const next = new Work();
    const first = manager.runJob("a", work.factory).job;
    expect(seen.at(-1)).toBe("a running");
    manager.runJob("b", next.factory);
    expect(seen.at(-1)).toBe("a running, b pending");
    work.resolve();
    await first.settled;
    await turn();
    expect(seen.at(-1)).toBe("b running");
    next.resolve();
    await manager.onIdle();
    await turn();
    expect(seen.at(-1)).toBe("");
    leave();
    leave();
    const calls = seen.length;
    await manager.runJob("c", () => 1).job.result;
    expect(seen.length).toBe(calls);
  });

  it("does not call for what changes no status: state, progress, a key that is joined", () => {
    const manager = newManager();
    const work = new Work();
    manager.runJob("a", work.factory);
    let calls = 0;
    manager.subscribe(() => {
      calls += 1;
    });
    work.context.setState(1);
    work.context.progress(10);
    work.context.log("a line");
    manager.runJob("a", () => {});
    expect(calls).toBe(0);
  });

  it("a listener that throws is reported and disturbs no other; the same function twice is two", () => {
    const reports = catchReports();
    const error = new Error("a broken listener");
    const manager = newManager({ paused: true });
    let calls = 0;
    const listener = () => {
      calls += 1;
    };
    manager.subscribe(() => {
      throw error;
    });
    manager.subscribe(listener);
    manager.subscribe(listener);
    expect(manager.runJob("a", () => {}).type).toBe("JOB_CREATED");
    expect(calls).toBeGreaterThan(0);
    expect(calls % 2).toBe(0);
    expect(reports.errors[0]).toBe(error);
  });

  it("what useSyncExternalStore does with it shows every job that lasts", async () => {
    const manager = newManager({ concurrency: 3 });
    let shown: readonly AnyJob[] = manager.getSnapshot().jobs;
    let renders = 0;
    manager.subscribe(() => {
      const { jobs } = manager.getSnapshot();
      if (jobs === shown) return;
      shown = jobs;
      renders += 1;
    });
    for (let index = 0; index < 20; index += 1) manager.runJob(`job ${index}`, () => turn());
    expect(shown.length).toBe(20);
    await manager.onIdle();
    await turn();
    expect(shown).toEqual([]);
    expect(renders).toBeGreaterThanOrEqual(20);
  });
});

describe("JobManager.onKeyChange", () => {
  it("tells of the job that started under this key, and of its end; of no other key", async () => {
    const manager = newManager();
    const heard: unknown[] = [];
    const leave = manager.onKeyChange("a", (job) => heard.push(job));
    manager.runJob("b", () => 1);
    expect(heard).toEqual([]);
    const work = new Work();
    const { job } = manager.runJob("a", work.factory);
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.every((one) => one === job)).toBe(true);
    work.resolve();
    await job.settled;
    expect(heard.at(-1)).toBeUndefined();
    const { length } = heard;
    leave();
    leave();
    await manager.runJob("a", () => 2).job.result;
    expect(heard.length).toBe(length);
  });

  it("tells of the new job when one is replaced, never of none in between", async () => {
    const manager = newManager();
    const first = new Work();
    const second = new Work();
    const standing = manager.runJob("a", first.factory).job;
    const heard: unknown[] = [];
    manager.onKeyChange("a", (job) => heard.push(job));
    const { job } = manager.runJob("a", second.factory, { onDuplicate: "replace" });
    first.resolve();
    await second.started();
    await standing.settled;
    expect(heard.at(-1)).toBe(job);
    expect(heard).not.toContain(undefined);
    second.resolve();
    await job.settled;
    expect(heard.at(-1)).toBeUndefined();
    expect(heard.filter((one) => one === undefined).length).toBe(1);
  });

  it("agrees with getRunningJob inside the listener", async () => {
    const manager = newManager();
    const pairs: [unknown, unknown][] = [];
    manager.onKeyChange("a", (job) => pairs.push([job, manager.getRunningJob("a")]));
    await manager.runJob("a", () => turn()).job.result;
    expect(pairs.length).toBeGreaterThan(1);
    for (const [told, found] of pairs) expect(told).toBe(found);
  });

  it("a listener that throws is reported and disturbs no other", async () => {
    const reports = catchReports();
    const error = new Error("a broken listener");
    const manager = newManager();
    const heard: unknown[] = [];
    manager.onKeyChange("a", () => {
      throw error;
    });
    manager.onKeyChange("a", (job) => heard.push(job));
    const { job } = manager.runJob("a", new Work().factory);
    expect(heard[0]).toBe(job);
    expect(reports.errors[0]).toBe(error);
  });
});
