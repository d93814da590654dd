import type { JobEvent } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { ofType, readAll, readUntil } from "../support/streams.js";
import { turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";

const idOf = (event: JobEvent) =>
  event.type === "job_created" ? event.job.id : "job_id" in event ? event.job_id : undefined;

describe("JobManager.events", () => {
  it("tells of every job, in the order things happened", async () => {
    const manager = newManager({ concurrency: 1 });
    const reader = manager.events().getReader();
    const first = new Work();
    const a = manager.runJob("a", first.factory, { name: "the first" }).job;
    const b = manager.runJob("b", () => 2).job;
    first.context.log("a line");
    first.resolve(1);
    const all = await readUntil(reader, (event) => event.type === "job_removed" && event.job_id === b.id);
    const of = (id: string) => all.filter((event) => idOf(event) === id).map(({ type }) => type);
    expect(of(a.id)).toEqual(["job_created", "job_started", "job_log", "job_completed", "job_removed"]);
    expect(of(b.id)).toEqual(["job_created", "job_started", "job_completed", "job_removed"]);
    const place = (id: string, type: string) => all.findIndex((event) => idOf(event) === id && event.type === type);
    expect(place(b.id, "job_created")).toBeLessThan(place(a.id, "job_completed"));
    expect(place(a.id, "job_completed")).toBeLessThan(place(b.id, "job_started"));
    const created = ofType(all, "job_created").map(({ job }) => [job.type, job.params, job.status]);
    expect(created.map(([type, params]) => [type, params])).toEqual([
      ["the first", null],
      ["b", null],
    ]);
    expect(created[1]?.[2]).toBe("pending");
  });

  it("tells the statistics as they change", async () => {
    const manager = newManager();
    const reader = manager.events().getReader();
    const work = new Work();
    manager.runJob("report", work.factory);
    work.resolve();
    const all = await readUntil(reader, (event) => event.type === "stats_update" && event.stats.completed === 1);
    expect(ofType(all, "stats_update").at(-1)?.stats).toEqual({
      pending: 0,
      running: 0,
      completed: 1,
      failed: 0,
      cancelled: 0,
      total: 1,
    });
  });

  it("tells of failures, retries and stops with error and reason", async () => {
    const manager = newManager();
    const reader = manager.events().getReader();
    let attempts = 0;
    manager.runJob(
      "failing",
      () => {
        attempts += 1;
        throw new RangeError(`attempt ${attempts}`);
      },
      { retry: { limit: 1, delay: 1 } },
    );
    await manager.onIdle();
    const { job } = manager.runJob("stopped", untilAborted);
    await job.stop("enough");
    const all = await readUntil(reader, ({ type }) => type === "job_cancelled");
    expect(ofType(all, "job_retrying")[0]?.error).toEqual({ name: "RangeError", message: "attempt 1" });
    expect(ofType(all, "job_failed")[0]?.error).toEqual({ name: "RangeError", message: "attempt 2" });
    expect(ofType(all, "job_cancelled")[0]).toEqual({
      type: "job_cancelled",
      job_id: job.id,
      reason: "enough",
    });
  });

  it("a key of any kind has a text for its type", async () => {
    const manager = newManager<unknown>({ paused: true });
    const reader = manager.events().getReader();
    const keys = ["text", 12, null, undefined, Symbol("mark"), true, 5n];
    const ids = keys.map((key) => manager.runJob(key, () => {}).job.id);
    const seen: string[] = [];
    await readUntil(reader, (event) => {
      if (event.type === "job_created") seen.push(event.job.type);
      return seen.length === keys.length;
    });
    // A job under no key is called by its id.
    expect(seen).toEqual(keys.map((key, index) => (key === undefined ? ids[index] : String(key))));
  });

  it("ends when the manager is closed and its last job has ended", async () => {
    const manager = newManager();
    const events = readAll(manager.events());
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const closed = manager.close("over");
    work.resolve();
    await closed;
    const all = await events;
    expect(ofType(all, "job_cancelled")).toEqual([{ type: "job_cancelled", job_id: job.id, reason: "over" }]);
    await expect(manager.events().getReader().read()).resolves.toBeDefined();
  });

  it("closed by a listener, it ends with the last event, not before", async () => {
    const manager = newManager();
    const events = readAll(manager.events());
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    job.onStopped(() => {
      void manager.close();
      void manager.events();
    });
    // Read up to here.
    await turn();
    work.resolve();
    expect((await events).map(({ type }) => type).slice(-3)).toEqual(["job_completed", "job_removed", "stats_update"]);
  });

  it("closed by a listener while it tells of its end, it has what was ended then", async () => {
    const manager = newManager();
    const events = readAll(manager.events());
    const idle: unknown[] = [];
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    void manager.onIdle().then(() => idle.push("idle"));
    job.onStopped(() => {
      manager.runJob("late", () => 2, { delay: 60_000 });
      void manager.close("over");
    });
    await turn();
    work.resolve();
    expect(ofType(await events, "job_cancelled")).toHaveLength(1);
    expect(idle).toEqual(["idle"]);
  });

  it("two streams hear the same; one that is left is not filled any more", async () => {
    const manager = newManager();
    const left = manager.events().getReader();
    const right = manager.events().getReader();
    const leaver = manager.events();
    await leaver.cancel();
    const { job } = manager.runJob("report", () => 1);
    const ended = (event: JobEvent) => event.type === "job_completed" && event.job_id === job.id;
    const lists = await Promise.all([readUntil(left, ended), readUntil(right, ended)]);
    expect(lists[0]).toEqual(lists[1]);
    expect(lists[0]?.length).toBeGreaterThan(2);
  });

  it("coalesces progress of each job for a slow reader", async () => {
    const manager = newManager();
    const reader = manager.events().getReader();
    const works = [new Work(), new Work()];
    const jobs = works.map((work, index) => manager.runJob(`job ${index}`, work.factory).job);
    for (let step = 1; step <= 1000; step += 1) {
      works[0]?.context.progress(step / 10, `${step}`);
      works[1]?.context.progress(step / 20, `${step}`);
    }
    for (const work of works) work.resolve();
    await manager.onIdle();
    const all = await readUntil(reader, (event) => event.type === "job_completed" && event.job_id === jobs[1]?.id);
    const progress = ofType(all, "job_progress");
    expect(progress.length).toBeLessThan(100);
    const newest = jobs.map((job) => progress.filter(({ job_id }) => job_id === job.id).at(-1)?.percent);
    expect(newest).toEqual([100, 50]);
  });
});
