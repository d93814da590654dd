import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { untilAborted, Work } from "../support/work.js";

describe("getLastJob", () => {
  it("is the one that stands, else the latest retained one under the key", async () => {
    const manager = newManager({ retain: 10 });
    expect(manager.getLastJob("report")).toBeUndefined();
    const first = manager.runJob("report", () => 1).job;
    await first.settled;
    const second = manager.runJob("report", () => 2).job;
    await second.settled;
    expect(manager.getLastJob("report")).toBe(second);
    const third = manager.runJob("report", untilAborted).job;
    expect(manager.getLastJob("report")).toBe(third);
    await third.stop();
    expect(manager.getLastJob("report")).toBe(third);
    expect(manager.getLastJob("another")).toBeUndefined();
  });

  it("knows nothing of what is not retained", async () => {
    const manager = newManager({ retain: 1 });
    await manager.runJob("a", () => 1).job.settled;
    await manager.runJob("b", () => 2).job.settled;
    expect(manager.getLastJob("a")).toBeUndefined();
    expect(manager.getLastJob("b")?.completion).toEqual({ type: "Normal", result: 2 });
    expect(newManager().getLastJob("a")).toBeUndefined();
  });

  it("of the key undefined it is no job that was added under none", async () => {
    const manager = newManager<undefined>({ retain: 10 });
    await manager.add(() => 1).settled;
    expect(manager.getLastJob(undefined)).toBeUndefined();
    const { job } = manager.runJob(undefined, () => 2);
    await job.settled;
    const added = manager.add(() => 3);
    await added.settled;
    expect(manager.getLastJob(undefined)).toBe(job);
    expect([manager.forget(added.id), manager.getLastJob(undefined)]).toEqual([true, job]);
    expect([manager.forget(job.id), manager.getLastJob(undefined)]).toEqual([true, undefined]);
  });

  it("is the one before the one before, when one between them was let go of first", async () => {
    const manager = newManager({ retain: 10 });
    const [oldest, between, newest] = [1, 2, 3].map((n) => ({ n })) as [object, object, object];
    const ended = [];
    for (const result of [oldest, between, newest]) {
      const { job } = manager.runJob("report", () => result);
      await job.settled;
      ended.push(job);
    }
    for (const at of [1, 2]) manager.forget(ended[at]!.id);
    expect(manager.getLastJob("report")).toBe(ended[0]);
  });

  it("falls back to the one before when the latest is let go of", async () => {
    const manager = newManager({ retain: 10 });
    const [first, second] = [manager.runJob("a", () => 1).job, manager.runJob("b", () => 0).job];
    await Promise.all([first.settled, second.settled]);
    const third = manager.runJob("a", () => 3).job;
    await third.settled;
    expect(manager.forget(third.id)).toBe(true);
    expect(manager.getLastJob("a")).toBe(first);
    expect(manager.forget(first.id)).toBe(true);
    expect(manager.getLastJob("a")).toBeUndefined();
    expect(manager.jobs()).toEqual([second]);
  });
});

describe("forget", () => {
  it("lets go of a retained job, tells so, and leaves the job to whoever holds it", async () => {
    const manager = newManager({ retain: 10 });
    const { job } = manager.runJob("report", () => "done");
    await job.settled;
    const before = manager.getSnapshot();
    let changes = 0;
    manager.subscribe(() => changes++);
    const reader = manager.events().getReader();
    expect(manager.forget(job.id)).toBe(true);
    expect((await reader.read()).value).toEqual({ type: "job_removed", job_id: job.id });
    expect(changes).toBe(1);
    expect(manager.getSnapshot()).not.toBe(before);
    expect([manager.getJob(job.id), manager.jobs().length]).toEqual([undefined, 0]);
    expect([job.status, await job.result]).toEqual(["completed", "done"]);
    expect(manager.stats.completed).toBe(1);
  });

  it("is false for what is unknown, has not ended, or was let go of before", async () => {
    const manager = newManager({ retain: 1 });
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    expect([manager.forget("job-0"), manager.forget(job.id)]).toEqual([false, false]);
    work.resolve();
    await job.settled;
    expect([manager.forget(job.id), manager.forget(job.id)]).toEqual([true, false]);
  });
});

describe("forget by who is told of the end", () => {
  it("lets go of the job, once", async () => {
    const manager = newManager({ retain: 10 });
    const { job } = manager.runJob("report", () => "done");
    const told: unknown[] = [];
    job.onStopped(() => told.push(job.status, manager.forget(job.id), manager.forget(job.id)));
    const reader = manager.events().getReader();
    await job.settled;
    expect(told).toEqual(["completed", true, false]);
    expect([manager.getJob(job.id), manager.getLastJob("report"), manager.jobs()]).toEqual([undefined, undefined, []]);
    const types: (string | undefined)[] = [];
    while (types.at(-1) !== "job_removed") types.push((await reader.read()).value?.type);
    expect(types).toContain("job_completed");
    expect(await job.result).toBe("done");
  });

  it("is false where nothing is retained", async () => {
    const manager = newManager();
    const { job } = manager.runJob("report", () => "done");
    let told: unknown;
    job.onStopped(() => {
      told = manager.forget(job.id);
    });
    await job.settled;
    expect(told).toBe(false);
  });
});

describe("add", () => {
  it("runs a job under no key: nobody joins it, and its number is given back", async () => {
    const manager = newManager({ concurrency: 2 });
    const [first, last] = [new Work(), new Work()];
    const jobs = [first.factory, untilAborted, last.factory].map((body) => manager.add(body));
    expect(jobs.map(({ key, status }) => [key, status])).toEqual([
      [undefined, "running"],
      [undefined, "running"],
      [undefined, "pending"],
    ]);
    expect(jobs[0]!.id).not.toBe(jobs[1]!.id);
    first.resolve("a");
    expect(await jobs[0]!.result).toBe("a");
    await jobs[1]!.stop("enough");
    last.resolve("c");
    expect(await jobs[2]!.result).toBe("c");
    expect(await manager.add(() => 4).result).toBe(4);
    await manager.onIdle();
  });

  it("has nothing to do with a job whose key is undefined", async () => {
    const manager = newManager<undefined>();
    const { job } = manager.runJob(undefined, untilAborted);
    const added = manager.add(untilAborted);
    expect(added).not.toBe(job);
    expect(manager.getRunningJob(undefined)).toBe(job);
    await added.stop();
    expect(manager.getRunningJob(undefined)).toBe(job);
    expect(manager.runJob(undefined, () => "never").type).toBe("JOB_ALREADY_RUNNING");
    await manager.stopJob(undefined);
  });
});

describe("stopPending", () => {
  it("ends what has not started, with one reason, and leaves what runs", async () => {
    const manager = newManager({ concurrency: 1 });
    const work = new Work();
    const running = manager.runJob("running", work.factory).job;
    const waiting = [1, 2, 3].map((key) => manager.runJob(`waiting ${key}`, () => "never").job);
    const delayed = manager.runJob("delayed", () => "never", { delay: 60_000 }).job;
    const reason = { why: "the search has changed" };
    expect(manager.stopPending(reason)).toBe(4);
    for (const job of [...waiting, delayed]) {
      expect(job.completion).toEqual({ type: "Cancelled", reason });
      expect((job.completion as { reason: unknown }).reason).toBe(reason);
    }
    expect([running.status, running.stopping, running.signal.aborted]).toEqual(["running", false, false]);
    expect(manager.stopPending()).toBe(0);
    const stopped = running.stop("enough");
    expect(running.signal.reason).toBe("enough");
    work.resolve();
    await stopped;
    expect(running.completion).toEqual({ type: "Cancelled", reason: "enough" });
  });
});
