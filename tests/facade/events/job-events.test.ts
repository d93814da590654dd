import { describe, expect, it } from "vitest";
import { type AnyJob, newManager } from "../support/manager.js";
import { ofType, readAll, readUntil, typesOf } from "../support/streams.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

const coded = Object.assign(new TypeError("no paper"), { code: "E_PAPER" });

describe("ManagedJob.events", () => {
  it("tells the current state first, then what follows, and ends with the job", async () => {
    const manager = newManager({ paused: true });
    const work = new Work();
    const { job } = manager.runJob("report", work.factory, { priority: 3 });
    const events = readAll(job.events());
    manager.resume();
    await work.started();
    work.context.progress(50, "half");
    work.context.log("a line");
    await turn();
    work.resolve({ pages: 2 });
    const all = await events;
    expect(typesOf(all)).toEqual(["job_created", "job_started", "job_progress", "job_log", "job_completed"]);
    expect(all[0]).toEqual({
      type: "job_created",
      job: {
        id: job.id,
        type: "report",
        params: null,
        status: "pending",
        priority: 3,
        progress: { percent: 0, message: "" },
        attempt: expect.any(Number),
        created_at: job.createdAt,
      },
    });
    expect(all.slice(1)).toEqual([
      { type: "job_started", job_id: job.id, started_at: job.startedAt, attempt: 1 },
      { type: "job_progress", job_id: job.id, percent: 50, message: "half" },
      { type: "job_log", job_id: job.id, message: "a line", at: expect.any(Number) },
      { type: "job_completed", job_id: job.id, result: { pages: 2 } },
    ]);
  });

  it("of a running job begins with its record as it is now", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { name: "the monthly report" });
    work.context.progress(30, "reading");
    const reader = job.events().getReader();
    const [first] = await readUntil(reader, () => true);
    expect(first).toEqual({
      type: "job_created",
      job: {
        id: job.id,
        type: "the monthly report",
        params: null,
        status: "running",
        priority: 0,
        attempt: 1,
        progress: { percent: 30, message: "reading" },
        created_at: job.createdAt,
        started_at: job.startedAt,
      },
    });
    work.resolve(1);
    const rest = await readUntil(reader, ({ type }) => type === "job_completed");
    expect(typesOf(rest)).toEqual(["job_completed"]);
    expect((await reader.read()).done).toBe(true);
  });

  it("of an ended job gives its record and how it ended, then closes", async () => {
    const manager = newManager();
    const stopped = manager.runJob("stopped", new Work().factory, { delay: 60_000 }).job;
    await stopped.stop(new Error("enough"));
    const completed = manager.runJob("completed", () => [1]).job;
    const failed = manager.runJob("failed", () => Promise.reject(coded)).job;
    await manager.onIdle();
    const read = async (job: AnyJob) => {
      const [created, end, ...more] = await readAll(job.events());
      expect(more).toEqual([]);
      expect(created).toMatchObject({ type: "job_created", job: { id: job.id, status: job.status } });
      expect(created).toMatchObject({ job: { completed_at: job.finishedAt } });
      return end;
    };
    expect(await read(completed)).toEqual({ type: "job_completed", job_id: completed.id, result: [1] });
    expect(await read(failed)).toEqual({
      type: "job_failed",
      job_id: failed.id,
      error: { name: "TypeError", message: "no paper", code: "E_PAPER" },
    });
    const cancelled = await read(stopped);
    expect(cancelled).toMatchObject({ type: "job_cancelled", job_id: stopped.id });
    expect(cancelled).toHaveProperty("reason", expect.stringContaining("enough"));
  });

  it("the record of an ended job carries its result or its error", async () => {
    const manager = newManager({ retain: 10 });
    const completed = manager.runJob("completed", () => ({ pages: 2 })).job;
    const failed = manager.runJob("failed", () => Promise.reject(coded)).job;
    await manager.onIdle();
    const recordOf = async (job: AnyJob) => ofType(await readAll(job.events()), "job_created")[0]?.job;
    expect(await recordOf(completed)).toMatchObject({ result: { pages: 2 }, status: "completed" });
    expect(await recordOf(failed)).toMatchObject({
      error: { name: "TypeError", message: "no paper", code: "E_PAPER" },
      status: "failed",
    });
    expect(await recordOf(failed)).not.toHaveProperty("result");
  });

  it("tells of each retry, with the error, the attempt and the time of the next one", async () => {
    const work = new Work();
    const before = Date.now();
    const { job } = newManager().runJob("report", work.factory, {
      retry: { limit: 1, delay: 5, jitter: "none" },
    });
    const events = readAll(job.events());
    work.reject(coded);
    (await work.started(2)).resolve("fine");
    const all = await events;
    expect(typesOf(all)).toEqual(["job_created", "job_retrying", "job_started", "job_completed"]);
    const [retrying] = ofType(all, "job_retrying");
    expect(retrying).toMatchObject({
      job_id: job.id,
      error: { name: "TypeError", message: "no paper", code: "E_PAPER" },
    });
    expect(typeof retrying?.attempt).toBe("number");
    expect(retrying?.retry_at).toBeGreaterThanOrEqual(before + 4);
    expect(retrying?.retry_at).toBeLessThanOrEqual(Date.now() + 5);
    expect(ofType(all, "job_started")[0]?.attempt).toBe(2);
  });

  it("an error that is no Error has a name and a message all the same", async () => {
    for (const error of ["a string", undefined, null, 42, { odd: true }, Symbol("odd"), Object.create(null)]) {
      const { job } = newManager().runJob("report", () => Promise.reject(error));
      const [failed] = ofType(await readAll(job.events()), "job_failed");
      expect(typeof failed?.error?.name).toBe("string");
      expect(typeof failed?.error?.message).toBe("string");
      await expect(job.result).rejects.toBe(error);
    }
  });

  it("events with slow readers: progress coalesces to the newest, nothing else is lost", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const reader = job.events().getReader();
    for (let step = 1; step <= 10_000; step += 1) work.context.progress(step / 100, `step ${step}`);
    work.context.log("half-way");
    for (let step = 1; step <= 10_000; step += 1) work.context.progress(step / 100, `again ${step}`);
    work.context.log("at the end");
    work.resolve();
    await job.settled;
    const all = await readUntil(reader, ({ type }) => type === "job_completed");
    const progress = ofType(all, "job_progress");
    expect(progress.length).toBeGreaterThan(0);
    expect(progress.length).toBeLessThan(100);
    expect(progress.at(-1)).toMatchObject({ percent: 100, message: "again 10000" });
    expect(ofType(all, "job_log").map(({ message }) => message)).toEqual(["half-way", "at the end"]);
  });

  it("every reader has a stream of its own; leaving one disturbs neither the job nor the others", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const leaver = job.events().getReader();
    const stayer = readAll(job.events());
    await leaver.read();
    await leaver.cancel("seen enough");
    for await (const event of job.events()) {
      expect(event.type).toBe("job_created");
      break;
    }
    work.context.log("a line");
    work.resolve(1);
    expect(await job.result).toBe(1);
    expect(typesOf(await stayer)).toEqual(["job_created", "job_log", "job_completed"]);
  });

  it("a log is told, not stored: a late reader does not hear it", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    work.context.log("early");
    const events = readAll(job.events());
    work.context.log("late");
    work.resolve();
    expect(ofType(await events, "job_log").map(({ message }) => message)).toEqual(["late"]);
  });

  it("after the end a body's log and progress are told to nobody", async () => {
    const manager = newManager();
    const reader = manager.events().getReader();
    const work = new Work();
    manager.runJob("report", work.factory);
    work.resolve();
    await manager.onIdle();
    work.context.log("a ghost");
    work.context.progress(1, "a ghost");
    const next = manager.runJob("next", () => 1).job;
    const all = await readUntil(reader, (event) => event.type === "job_completed" && event.job_id === next.id);
    expect(typesOf(all)).not.toContain("job_log");
    expect(typesOf(all)).not.toContain("job_progress");
  });

  it("an event is plain data: it survives structured cloning", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const events = readAll(job.events());
    work.context.progress(10, "ten");
    work.context.log("a line");
    work.reject(coded);
    for (const event of await events) expect(structuredClone(event)).toEqual(event);
  });
});
