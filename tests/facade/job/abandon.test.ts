import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { type AnyContext, deferred, Work } from "../support/work.js";

const clock = useFakeClock();

describe("RunOptions.abandonAfter", () => {
  it("ends a job whose body does not settle when it is asked to, and frees its key and its slot", async () => {
    const manager = newManager({ concurrency: 1 });
    const deaf = new Work();
    const next = new Work();
    const { job } = manager.runJob("deaf", deaf.factory, { abandonAfter: 100 });
    manager.runJob("next", next.factory);
    let opened = false;
    const reason = { why: "enough" };
    void job.stop(reason).then(() => {
      opened = true;
    });
    await clock.advance(99);
    expect([job.status, job.stopping, job.abandoned, next.starts, opened]).toEqual(["running", true, false, 0, false]);
    await clock.advance(1);
    expect([job.status, job.stopping, job.abandoned, next.starts, opened]).toEqual(["cancelled", false, true, 1, true]);
    expect(job.completion).toEqual({ type: "Cancelled", reason });
    expect(manager.runJob("deaf", () => 5).type).toBe("JOB_CREATED");
    expect(manager.stats).toMatchObject({ running: 1, pending: 1, cancelled: 1 });
  });

  it("after a timeout the job is failed with its TimeoutError, without the retries that are left", async () => {
    const manager = newManager();
    const deaf = new Work();
    const { job } = manager.runJob("deaf", deaf.factory, { timeout: 50, abandonAfter: 100, retry: 3 });
    await clock.advance(149);
    expect(job.status).toBe("running");
    await clock.advance(1);
    expect([job.status, job.abandoned, job.attempt]).toEqual(["failed", true, 1]);
    await expect(job.result).rejects.toMatchObject({ name: "TimeoutError" });
    expect(job.signal.reason).toMatchObject({ name: "TimeoutError" });
    deaf.reject(new Error("late"));
    await clock.advance(100_000);
    expect(deaf.starts).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it("a timeout is why the job failed as soon as it can be seen to have, also before its signal aborts", async () => {
    const manager = newManager();
    const first = new Work();
    manager.runJob("first", first.factory, { timeout: 50 });
    const { job } = manager.runJob("deaf", new Work().factory, { timeout: 50, abandonAfter: 0 });
    let seen: unknown;
    first.context.signal.addEventListener("abort", () => {
      seen = job.completion;
    });
    await clock.advance(50);
    expect(seen).toMatchObject({ type: "Failed", error: { name: "TimeoutError" } });
    expect(seen).toBe(job.completion);
    await expect(job.result).rejects.toBe((seen as { error: unknown }).error);
    expect(job.signal.reason).toBe((seen as { error: unknown }).error);
  });

  it("counts from when it was first asked, and cancelled wins", async () => {
    const manager = newManager();
    const { job } = manager.runJob("deaf", new Work().factory, { timeout: 50, abandonAfter: 100 });
    await clock.advance(120);
    void job.stop("enough");
    await clock.advance(30);
    expect(job.completion).toEqual({ type: "Cancelled", reason: "enough" });
  });

  it.each([0, 1])("whoever is told of the end sees that it is abandoned (after %d retries)", async (retries) => {
    const manager = newManager();
    const deaf = new Work();
    const { job } = manager.runJob("deaf", deaf.factory, {
      abandonAfter: 100,
      retry: { limit: retries, delay: 10, jitter: "none" },
    });
    const told: unknown[] = [];
    const tell = () => told.push(`${job.status} ${job.abandoned} ${job.lastError}`);
    job.onStopped(tell);
    manager.onKeyChange("deaf", tell);
    if (retries > 0) {
      deaf.reject(new Error("again"));
      await turn();
      told.push(String(job.lastError));
      await clock.advance(10);
    }
    void job.stop("enough");
    await clock.advance(99);
    told.push(job.abandoned);
    await clock.advance(1);
    told.push(job.abandoned);
    const end = "cancelled true undefined";
    expect(told).toEqual([...(retries > 0 ? ["Error: again"] : []), false, end, end, true]);
  });

  it("whoever is told of another end sees that it is not abandoned", async () => {
    const manager = newManager({ concurrency: 1 });
    const told: unknown[] = [];
    const run = (key: string, body: (context: AnyContext) => unknown, retry = 0) => {
      const { job } = manager.runJob(key, body, { abandonAfter: 100, retry });
      job.onStopped(() => told.push(`${key} ${job.status} ${job.abandoned} ${job.lastError}`));
      return job;
    };
    run("completed", () => {});
    run("failed", () => Promise.reject(new Error("no")));
    const waiting = run("waiting for a retry", () => Promise.reject(new Error("again")), 1);
    await turn();
    void waiting.stop("enough");
    const late = new Work();
    const stopped = run("stopped", late.factory);
    void run("never started", () => {}).stop("enough");
    void stopped.stop("enough");
    late.resolve();
    await turn();
    expect(told).toEqual([
      "completed completed false undefined",
      "failed failed false undefined",
      "waiting for a retry cancelled false undefined",
      "never started cancelled false undefined",
      "stopped cancelled false undefined",
    ]);
  });

  it("what settles in time is not abandoned, and no timer is left", async () => {
    const manager = newManager();
    const slow = new Work();
    const { job } = manager.runJob("slow", slow.factory, { abandonAfter: 100 });
    const stopped = job.stop();
    await clock.advance(50);
    slow.resolve();
    await stopped;
    expect(job.abandoned).toBe(false);
    expect(clock.timers).toBe(0);
  });

  it("what the body still does counts for nothing, and its loops and sleeps end", async () => {
    const manager = newManager({ retain: 1 });
    const states: unknown[] = [];
    const gate = deferred();
    let context!: AnyContext;
    const { job } = manager.runJob(
      "deaf",
      async (given) => {
        context = given;
        given.setState("before");
        await gate.promise;
        given.setState("after");
        given.progress(50);
        return "late";
      },
      { abandonAfter: 10 },
    );
    job.onStateChange((state) => states.push(state));
    void job.stop("enough");
    await clock.advance(10);
    expect(job.abandoned).toBe(true);
    gate.resolve();
    await turn();
    expect([job.state, job.progress.percent, states]).toEqual(["before", 0, []]);
    expect(job.completion).toEqual({ type: "Cancelled", reason: "enough" });
    await expect(context.checkpoint()).rejects.toBe("enough");
    await expect(context.sleep(10)).rejects.toBe("enough");
    expect(manager.stats).toMatchObject({ completed: 0, cancelled: 1, running: 0 });
  });

  it("can be a manager's default; a job's own Infinity waits as long as it takes", async () => {
    const manager = newManager({ defaults: { abandonAfter: 10 } });
    const deaf = manager.runJob("deaf", new Work().factory).job;
    const work = new Work();
    const patient = manager.runJob("patient", work.factory, { abandonAfter: Number.POSITIVE_INFINITY }).job;
    void manager.stopAll();
    await clock.advance(100_000);
    expect([deaf.status, patient.status]).toEqual(["cancelled", "running"]);
    work.resolve();
    await patient.stop();
    expect(patient.abandoned).toBe(false);
  });

  it("the stop barrier of one that is replaced opens for the next", async () => {
    const manager = newManager();
    const next = new Work();
    const { job } = manager.runJob("key", new Work().factory, { abandonAfter: 20 });
    manager.runJob("key", next.factory, { onDuplicate: "replace" });
    await clock.advance(20);
    expect([job.abandoned, next.starts]).toEqual([true, 1]);
  });

  it("a manager closes though a body never settles", async () => {
    const manager = newManager({ defaults: { abandonAfter: 20 } });
    manager.runJob("deaf", new Work().factory);
    const closed = manager.close();
    await clock.advance(20);
    await closed;
  });

  it.each([Number.NaN, -1])("%d is refused by name", (abandonAfter) => {
    const manager = newManager();
    expect(() => manager.runJob("key", () => {}, { abandonAfter })).toThrow(
      new RangeError(
        `abandonAfter must be a number of milliseconds, 0 or more (Infinity for no limit), got ${abandonAfter}`,
      ),
    );
    expect(() => newManager({ defaults: { abandonAfter } })).toThrow(RangeError);
    expect(manager.stats.total).toBe(0);
  });
});
