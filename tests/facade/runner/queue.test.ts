import { InvalidParamsError, ManagerClosedError, QueueFullError, UnknownJobTypeError } from "jobgate";
import { builtinJobTypes, JobRunner } from "jobgate/runner";
import { useTestClock } from "jobgate/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { catchReports } from "../support/reports.js";
import { readAll } from "../support/streams.js";
import { changed } from "./support/ports.js";
import { deafType, ended, heldType, newRunner } from "./support/runner.js";

const ids = (records: readonly { readonly id: string }[]) => records.map(({ id }) => id);

describe("the queue", () => {
  it("can create jobs with unique ids", () => {
    const runner = newRunner({ autoStart: false });
    const all = Array.from({ length: 200 }, () => runner.createJob("countdown").id);
    expect(new Set(all).size).toBe(200);
    expect(runner.getPendingJobs()).toEqual(all);
  });

  it("can transition jobs through the status lifecycle", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const first = runner.createJob("held", { label: "a" });
    const second = runner.createJob("held");
    expect([first.status, second.status]).toEqual(["running", "pending"]);
    expect(first).toMatchObject({ type: "held", params: { label: "a" }, attempt: 1, priority: 0 });
    held[0]?.work.resolve("done");
    const record = await ended(runner, first.id);
    expect(record).toMatchObject({ status: "completed", result: "done" });
    expect(record.completed_at).toBeGreaterThanOrEqual(record.started_at ?? Infinity);
    held[1]?.work.reject(new RangeError("no"));
    expect(await ended(runner, second.id)).toMatchObject({
      status: "failed",
      error: { name: "RangeError", message: "no" },
    });
    expect(ids(runner.getAllJobs())).toEqual([second.id, first.id]);
  });

  it("can update and retrieve progress", () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    held[0]?.context.progress(45, "nearly half");
    expect(runner.getJob(id)?.progress).toEqual({ percent: 45, message: "nearly half" });
  });

  it("subscribers receive broadcast events", async () => {
    const reports = catchReports();
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const heard: string[][] = [[], []];
    runner.onEvent(() => {
      throw new Error("one listener's fault");
    });
    const leave = heard.map((list) => runner.onEvent((event) => list.push(event.type)));
    const { id } = runner.createJob("held");
    held[0]?.context.progress(1);
    held[0]?.context.log("a line");
    leave[1]?.();
    held[0]?.work.resolve(1);
    await ended(runner, id);
    const jobs = (list: string[] | undefined) => list?.filter((name) => name !== "stats_update");
    expect(jobs(heard[0])).toEqual(["job_created", "job_started", "job_progress", "job_log", "job_completed"]);
    expect(jobs(heard[1])).toEqual(["job_created", "job_started", "job_progress", "job_log"]);
    expect(reports.errors.length).toBeGreaterThanOrEqual(5);
  });

  it("concurrent execution respects the limit, 3 unless told otherwise", () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    for (let count = 0; count < 5; count += 1) runner.createJob("held");
    expect(runner.getWorkerStats()).toEqual({ active: 3, capacity: 3, processed: 0 });
    runner.setConcurrency(4);
    expect(held).toHaveLength(4);
    expect(runner.getQueueStats()).toMatchObject({ running: 4, pending: 1, total: 5 });
  });

  it("cancelling a pending job ends it at once, its body never starts", () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    runner.createJob("held");
    const { id } = runner.createJob("held");
    expect(runner.cancelJob(id, "not needed")).toBe(true);
    expect(runner.getJob(id)).toMatchObject({ status: "cancelled", reason: "not needed" });
    expect(runner.getPendingJobs()).toEqual([]);
    expect(held).toHaveLength(1);
    expect(runner.cancelJob(id)).toBe(false);
    expect(runner.cancelJob("nobody")).toBe(false);
  });

  it("cancelling a running job stops it; its slot is free when its body has settled", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const { id } = runner.createJob("held");
    const next = runner.createJob("held");
    const reason = new Error("enough");
    expect(runner.cancelJob(id, reason)).toBe(true);
    expect(held[0]?.context.signal.reason).toBe(reason);
    expect([runner.getJob(id)?.status, runner.getJob(next.id)?.status]).toEqual(["running", "pending"]);
    expect(runner.getJob(id)).not.toHaveProperty("reason");
    expect(await ended(runner, id)).toMatchObject({ status: "cancelled", reason: "enough" });
    expect(runner.getRunningJobs()).toEqual([next.id]);
  });

  it("refuses what it does not know, with every fault, and queues nothing", () => {
    const runner = newRunner();
    const before = runner.getSnapshot();
    expect(() => runner.createJob("nonsense")).toThrow(UnknownJobTypeError);
    let caught: unknown;
    try {
      runner.createJob("echo", { delay: "3", mesage: "x" });
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(InvalidParamsError);
    expect((caught as InvalidParamsError).errors).toEqual([
      { param: "message", message: "is required: a string" },
      { param: "delay", message: 'must be an integer from 1 to 30, got "3"' },
      { param: "mesage", message: 'is not a param of this type, got "x"' },
    ]);
    expect(() => runner.createJob("countdown", {}, { timeout: -1 })).toThrow(RangeError);
    expect(() => runner.createJob("countdown", {}, { id: "" })).toThrow(RangeError);
    expect(runner.getSnapshot()).toBe(before);
    expect(runner.getQueueStats().total).toBe(0);
  });

  it("parameter validation works correctly, also without a job", () => {
    const runner = newRunner();
    expect(runner.validateJobParams("countdown", {})).toEqual({ valid: true, params: { seconds: 10 } });
    expect(runner.validateJobParams("countdown", { seconds: 61 })).toEqual({
      valid: false,
      errors: [{ param: "seconds", message: "must be an integer from 1 to 60, got 61" }],
    });
    const cyclic: Record<string, unknown> = {};
    cyclic.seconds = [cyclic, cyclic];
    const throwing = {
      get seconds() {
        throw new Error("looked at");
      },
    };
    for (const params of [null, 3, "x", [], () => {}, cyclic, throwing, new Map(), { seconds: 5n }]) {
      expect(runner.validateJobParams("countdown", params)).toMatchObject({ valid: false });
    }
  });

  it("the same id twice while the first is unfinished is the first's record; afterwards a new job in its place", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const first = runner.createJob("held", { label: "a" }, { id: "report" });
    expect(runner.createJob("held", { label: "b" }, { id: "report" })).toBe(first);
    for (const options of [{ priority: "urgent" }, { delay: -1 }, { timeout: "1" }, { retry: { limit: -1 } }]) {
      const asked = { ...options, id: "report" } as never;
      expect(() => runner.createJob("held", {}, asked)).toThrow(new RegExp(`^${Object.keys(options)[0]}`));
    }
    held[0]?.work.resolve(1);
    await ended(runner, "report");
    runner.createJob("held", {}, { id: "other" });
    held[1]?.work.resolve(1);
    await ended(runner, "other");
    expect(runner.createJob("held", { label: "b" }, { id: "report" })).toMatchObject({
      status: "running",
      params: { label: "b" },
    });
    expect(ids(runner.getAllJobs())).toEqual(["report", "other"]);
  });

  it("retries a finished job as a new one, with the same type and params", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const first = runner.createJob("held", { label: "again" }, { priority: "background" });
    expect(() => runner.retryJob(first.id)).toThrow("has not finished");
    expect(() => runner.retryJob("nobody")).toThrow("no job");
    held[0]?.work.reject(new Error("no"));
    await ended(runner, first.id);
    const second = runner.retryJob(first.id);
    expect(second).toMatchObject({ type: "held", params: { label: "again" }, priority: -100, status: "running" });
    expect(second.id).not.toBe(first.id);
  });

  it("keeps the latest finished jobs, and clears them when told", async () => {
    const runner = newRunner({ types: [{ name: "quick", description: "", params: [], execute: () => 1 }], retain: 2 });
    const removed: string[] = [];
    runner.onEvent((event) => {
      if (event.type === "job_removed") removed.push(event.job_id);
    });
    const all = Array.from({ length: 5 }, () => runner.createJob("quick").id);
    await runner.manager.onIdle();
    expect(ids(runner.getAllJobs())).toEqual([all[4], all[3]]);
    expect(removed).toEqual(all.slice(0, 3));
    expect(runner.getQueueStats().completed).toBe(5);
    expect(runner.clearCompleted()).toBe(2);
    expect(removed).toEqual(all);
    expect(runner.getAllJobs()).toEqual([]);
    expect(runner.getWorkerStats().processed).toBe(5);
  });

  it("lists pending jobs in the order they will start", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const make = (label: string, options = {}) => runner.createJob("held", { label }, options).id;
    make("first");
    const low = make("low", { priority: -1 });
    const [a, b] = [make("a"), make("b")];
    const high = make("high", { priority: "user-blocking" });
    expect(runner.getPendingJobs()).toEqual([high, a, b, low]);
    expect(runner.setPriority(low, 0)).toBe(true);
    expect(runner.setPriority(a, 0)).toBe(true);
    expect(runner.getPendingJobs()).toEqual([high, a, b, low]);
    expect(runner.setPriority(a, -1)).toBe(true);
    expect(runner.setPriority(a, 0)).toBe(true);
    const order = runner.getPendingJobs();
    expect(order).toEqual([high, b, low, a]);
    for (let index = 0; index < 4; index += 1) {
      const running = runner.getRunningJobs();
      held.at(-1)?.work.resolve(1);
      await ended(runner, running[0] ?? "");
      expect(runner.getRunningJobs()).toEqual([order[index]]);
    }
    expect(runner.setPriority("nobody", 1)).toBe(false);
  });

  it("the worker starts when told, and stop resolves when what runs has ended", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], autoStart: false, concurrency: 1 });
    runner.createJob("held");
    const second = runner.createJob("held");
    expect(held).toHaveLength(0);
    runner.start();
    expect(held).toHaveLength(1);
    let stopped = false;
    const stop = runner.stop().then(() => {
      stopped = true;
    });
    held[0]?.work.resolve(1);
    expect(stopped).toBe(false);
    await stop;
    expect(runner.getJob(second.id)?.status).toBe("pending");
    await runner.stop();
  });

  it("a job with a delay is listed behind those that can start, whatever its priority, until its delay is over", async () => {
    const clock = useTestClock();
    onTestFinished(() => clock.restore());
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const make = (options = {}) => runner.createJob("held", {}, options).id;
    make();
    const delayed = make({ delay: 30, priority: 9 });
    const later = make({ delay: 60_000, priority: 10 });
    const low = make({ priority: -5 });
    expect(runner.getPendingJobs()).toEqual([low, delayed, later]);
    expect(runner.getJob(delayed)).toHaveProperty("ready_at", clock.now + 30);
    expect(runner.getJob(low)).not.toHaveProperty("ready_at");
    const over = changed(runner, () => runner.getPendingJobs()[0] === delayed);
    await clock.advance(30);
    await over;
    expect(runner.getPendingJobs()).toEqual([delayed, low, later]);
    expect(runner.getJob(delayed)).not.toHaveProperty("ready_at");
    const [first] = runner.getRunningJobs();
    held[0]?.work.resolve(1);
    await ended(runner, first ?? "");
    expect(runner.getRunningJobs()).toEqual([delayed]);
  });

  it("stop waits for what runs then, not for what is started later", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    runner.createJob("held");
    const second = runner.createJob("held");
    const stopped = runner.stop();
    runner.start();
    held[0]?.work.resolve(1);
    await stopped;
    expect(runner.getRunningJobs()).toEqual([second.id]);
  });

  it("a signal that has aborted: the job is cancelled, its body never runs", () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const record = runner.createJob("held", {}, { signal: AbortSignal.abort(new Error("too late")) });
    expect(record).toMatchObject({ status: "cancelled", attempt: 0 });
    expect(record).not.toHaveProperty("started_at");
    expect(held).toHaveLength(0);
    expect(runner.getAllJobs()).toEqual([record]);
  });

  it("the creator's signal cancels a pending job at once, a running one when its body has settled", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const caller = new AbortController();
    const { signal } = caller;
    const [running, pending] = [runner.createJob("held", {}, { signal }), runner.createJob("held", {}, { signal })];
    const reasons: unknown[] = [];
    runner.onEvent((event) => event.type === "job_cancelled" && reasons.push(event.reason));
    caller.abort(new Error("enough"));
    expect(held[0]?.context.signal.reason).toBe(signal.reason);
    expect(runner.getJob(pending.id)?.status).toBe("cancelled");
    expect((await ended(runner, running.id)).status).toBe("cancelled");
    expect(reasons).toEqual(["enough", "enough"]);
    expect(held).toHaveLength(1);
  });

  it("a job that takes longer than its timeout fails with a TimeoutError, once its body has settled", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held", {}, { timeout: 20 });
    const record = await ended(runner, id);
    expect(record).toMatchObject({ status: "failed", error: { name: "TimeoutError" } });
    expect(held[0]?.context.signal.reason).toMatchObject({ name: "TimeoutError" });
    expect(runner.getQueueStats()).toMatchObject({ failed: 1, cancelled: 0, running: 0 });
  });

  it("traced, its jobs are shown in the Performance panel by their types", async () => {
    const shown: PerformanceEntry[] = [];
    const { type } = heldType();
    const observer = new PerformanceObserver((list) => shown.push(...list.getEntries()));
    observer.observe({ type: "measure" });
    const runner = newRunner({ types: [type], trace: true });
    const { id } = runner.createJob("held");
    runner.cancelJob(id);
    await ended(runner, id);
    await expect.poll(() => shown.map(({ name }) => name.split(":")[0])).toContain("held");
    observer.disconnect();
    expect(() => new JobRunner({ trace: 1 as never })).toThrow(TypeError);
  });

  it("traced, a job is shown as waiting, then as its attempts, under its id", async () => {
    const shown: string[] = [];
    const { type, held } = heldType();
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { job, outcome } = Object.fromEntries((entry as PerformanceMeasure).detail.devtools.properties);
        shown.push(`${job}, ${entry.name}: ${outcome}`);
      }
    });
    observer.observe({ type: "measure" });
    onTestFinished(() => observer.disconnect());
    const runner = newRunner({ types: [type], trace: true, autoStart: false });
    const { id } = runner.createJob("held", {}, { id: "report", retry: { limit: 1, delay: 0 } });
    runner.start();
    held[0]?.work.reject(new Error("once"));
    await changed(runner, () => held.length === 2);
    held[1]?.work.resolve("done");
    await ended(runner, id);
    await expect
      .poll(() => shown)
      .toEqual([
        "report, held: waiting: started",
        "report, held: attempt 1: retrying",
        "report, held: waiting: started",
        "report, held: attempt 2: completed",
      ]);
  });

  it("a job of its manager that has no key goes by its own id", async () => {
    const runner = newRunner();
    const told: (string | undefined)[] = [];
    const events = runner.manager.events();
    const job = runner.manager.add(() => "done");
    await job.result;
    await runner.close();
    for (const event of await readAll(events)) {
      if (event.type === "job_created") told.push(event.job.id);
      else if ("job_id" in event) told.push(event.job_id);
    }
    expect(told.length).toBeGreaterThan(2);
    expect(new Set(told)).toEqual(new Set([job.id]));
  });

  it("stop does not wait for a retry", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held", {}, { retry: { limit: 1, delay: 1 } });
    const stopped = runner.stop();
    held[0]?.work.reject(new Error("once"));
    await stopped;
    expect(runner.getJob(id)?.status).toBe("pending");
  });

  it("an id taken again before its end has been told: the end is the old one's", () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1, autoStart: false });
    const told: string[] = [];
    runner.createJob("held", { label: "old" }, { id: "report" });
    const other = runner.createJob("held", {}, { id: "other" });
    runner.onEvent((event) => {
      if ("job_id" in event) told.push(`${event.type} ${event.job_id}`);
      if (event.type !== "job_cancelled" || event.job_id !== other.id) return;
      runner.cancelJob("report", "first");
      runner.createJob("held", { label: "new" }, { id: "report" });
    });
    runner.cancelJob("other");
    expect(told).toEqual(["job_cancelled other", "job_cancelled report"]);
    expect(runner.getJob("report")).toMatchObject({ status: "pending", params: { label: "new" } });
    expect(runner.getPendingJobs()).toEqual(["report"]);
    runner.start();
    expect(held.map(({ params }) => params.label)).toEqual(["new"]);
    expect(runner.getRunningJobs()).toEqual(["report"]);
    expect(runner.getMetrics().throughputPerMinute).toBe(2);
  });

  it("measures waiting and running", async () => {
    const runner = newRunner({ types: [{ name: "quick", description: "", params: [], execute: () => 1 }] });
    expect(runner.getMetrics().wait).toEqual({ count: 0, p50: 0, p95: 0, p99: 0, max: 0 });
    for (let count = 0; count < 10; count += 1) runner.createJob("quick");
    await runner.manager.onIdle();
    const { wait, run, throughputPerMinute } = runner.getMetrics();
    expect([wait.count, run.count, throughputPerMinute]).toEqual([10, 10, 10]);
    expect(run.p50).toBeLessThanOrEqual(run.p99);
    expect(run.p99).toBeLessThanOrEqual(run.max);
  });

  it("a body asks for its own record, and creates jobs, before createJob has returned", async () => {
    const seen: unknown[] = [];
    const runner: JobRunner = newRunner({
      types: [
        {
          name: "nested",
          description: "",
          params: [{ name: "depth", type: "integer" }],
          execute({ depth }: { depth: number }, { id }) {
            seen.push(runner.getJob(id)?.status, runner.getRunningJobs().includes(id));
            if (depth > 0) runner.createJob("nested", { depth: depth - 1 });
          },
        },
      ],
    });
    runner.createJob("nested", { depth: 2 });
    await runner.manager.onIdle();
    expect(seen).toEqual(["running", true, "running", true, "running", true]);
    expect(runner.getAllJobs().map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
  });

  it("a body cannot change the params of its record", async () => {
    const runner = newRunner({
      types: [
        {
          name: "greedy",
          description: "",
          params: [{ name: "list", type: "array" }],
          execute: (params: { list: unknown[] }) => params.list.push("mine"),
        },
      ],
    });
    const given = [{ deep: 1 }];
    const { id } = runner.createJob("greedy", { list: given });
    given.push({ deep: 2 });
    expect((await ended(runner, id)).params).toEqual({ list: [{ deep: 1 }] });
  });

  it("refuses types that make no sense", () => {
    const { type } = heldType("countdown");
    expect(() => new JobRunner({ types: [type] })).toThrow('there is a job type "countdown" already');
    expect(() => newRunner({ types: [type], builtins: false }).getJobTypes()).not.toThrow();
    const bad = { name: "x", description: "", params: [{ name: "a", type: "date" as never }], execute: () => 1 };
    expect(() => new JobRunner({ types: [bad] })).toThrow("types[0].params[0].type must be one of");
    expect(() => new JobRunner({ retain: -1 })).toThrow(RangeError);
    expect(() => new JobRunner({ concurrency: 0 })).toThrow(RangeError);
    expect(
      newRunner()
        .getJobTypes()
        .map(({ name }) => name),
    ).toEqual(builtinJobTypes);
  });

  it("a full queue and a closed runner refuse", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1, maxPending: 1 });
    runner.createJob("held");
    runner.createJob("held", {}, { id: "waits" });
    expect(() => runner.createJob("held")).toThrow(QueueFullError);
    expect(runner.getAllJobs()).toHaveLength(2);
    await runner.close();
    expect(runner.getAllJobs().map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    expect(() => runner.createJob("held", {}, { id: "waits" })).toThrow(ManagerClosedError);
    expect(runner.getJob("waits")?.status).toBe("cancelled");
  });

  it("a snapshot is the same object until something has changed", () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    const other = runner.createJob("held");
    const before = runner.getSnapshot();
    expect(runner.getSnapshot()).toBe(before);
    held[0]?.context.progress(10);
    const after = runner.getSnapshot();
    expect(after).not.toBe(before);
    expect(after.jobs.find((job) => job.id === other.id)).toBe(before.jobs.find((job) => job.id === other.id));
    expect(before.jobs.find((job) => job.id === id)?.progress.percent).toBe(0);
  });

  it("what changes nothing leaves the snapshot as it is, and tells nobody", () => {
    const { type, context, end } = deafType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const running = runner.createJob("deaf", {}, { priority: 1 }).id;
    const delayed = runner.createJob("deaf", {}, { delay: 60_000 }).id;
    runner.cancelJob(running);
    const before = runner.getSnapshot();
    expect(before.jobs).toMatchObject([{ id: running, stopping: true }, { id: delayed }]);
    let told = 0;
    runner.subscribe(() => told++);
    for (const change of [
      () => runner.clearCompleted(),
      () => runner.cancelJob(running),
      () => runner.setPriority(running, 1),
      () => runner.setPriority(delayed, "user-visible"),
      () => runner.setConcurrency(1),
      () => runner.start(),
      () => context().log("a line"),
    ]) {
      change();
      expect(runner.getSnapshot(), String(change)).toBe(before);
      expect(told, String(change)).toBe(0);
    }
    end();
  });
});
