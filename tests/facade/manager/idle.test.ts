import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";

const clock = useFakeClock();

/** Tells whether a promise has resolved by now. */
function watch(promise: Promise<void>): { readonly done: boolean } {
  const seen = { done: false };
  void promise.then(() => {
    seen.done = true;
  });
  return seen;
}

describe("JobManager.onIdle", () => {
  it("is resolved at once on a manager that never ran anything", async () => {
    await newManager().onIdle();
    await newManager({ paused: true }).onIdle();
  });

  it("resolves when nothing is pending and nothing is running", async () => {
    const manager = newManager({ concurrency: 1 });
    const first = new Work();
    const second = new Work();
    manager.runJob("first", first.factory);
    manager.runJob("second", second.factory);
    const idle = watch(manager.onIdle());
    first.resolve();
    await second.started();
    await turn();
    expect(idle.done).toBe(false);
    second.reject(new Error("broken"));
    await turn();
    expect(idle.done).toBe(true);
    await manager.onIdle();
  });

  it("stays closed when a listener that hears of the last end starts another job", async () => {
    const manager = newManager();
    const first = new Work();
    const second = new Work();
    const { job } = manager.runJob("first", first.factory);
    let later = { done: false };
    job.onStopped(() => {
      manager.runJob("second", second.factory);
      later = watch(manager.onIdle());
    });
    const earlier = watch(manager.onIdle());
    first.resolve();
    await turn();
    expect([earlier.done, later.done]).toEqual([false, false]);
    second.resolve();
    await turn();
    expect([earlier.done, later.done]).toEqual([true, true]);
  });

  it("waits for a retry, a delay and a job that is asked to stop", async () => {
    const manager = newManager();
    const retried = new Work();
    const delayed = new Work();
    const stubborn = new Work();
    manager.runJob("retried", retried.factory, { retry: { limit: 1, delay: 100, jitter: "none" } });
    manager.runJob("delayed", delayed.factory, { delay: 200 });
    const { job } = manager.runJob("stubborn", stubborn.factory);
    retried.reject(new Error("again"));
    void job.stop();
    const idle = watch(manager.onIdle());
    await clock.advance(100);
    retried.resolve();
    await clock.advance(100);
    delayed.resolve();
    await turn();
    expect(idle.done).toBe(false);
    stubborn.resolve();
    await turn();
    expect(idle.done).toBe(true);
  });

  it("resolves when the last pending job is stopped", async () => {
    const manager = newManager({ paused: true });
    const { job } = manager.runJob("report", () => {});
    const idle = watch(manager.onIdle());
    await turn();
    expect(idle.done).toBe(false);
    void job.stop();
    await turn();
    expect(idle.done).toBe(true);
  });

  it("answers every caller, and again after the next job", async () => {
    const manager = newManager();
    for (let round = 0; round < 3; round += 1) {
      const work = new Work();
      manager.runJob("report", work.factory);
      const waiting = [watch(manager.onIdle()), watch(manager.onIdle())];
      await turn();
      expect(waiting.map(({ done }) => done)).toEqual([false, false]);
      work.resolve();
      await turn();
      expect(waiting.map(({ done }) => done)).toEqual([true, true]);
    }
  });
});

describe("JobManager.onEmpty", () => {
  it("is resolved at once when nothing is pending, whatever runs", async () => {
    const manager = newManager();
    await manager.onEmpty();
    manager.runJob("report", new Work().factory);
    await manager.onEmpty();
  });

  it("resolves when the last pending job has started", async () => {
    const manager = newManager({ concurrency: 1 });
    const works = [new Work(), new Work(), new Work()];
    for (const [index, work] of works.entries()) manager.runJob(`job ${index}`, work.factory);
    const empty = watch(manager.onEmpty());
    works[0]?.resolve();
    await works[1]?.started();
    await turn();
    expect(empty.done).toBe(false);
    works[1]?.resolve();
    await works[2]?.started();
    await turn();
    expect(empty.done).toBe(true);
    expect(manager.stats.running).toBe(1);
  });

  it("counts a delayed job, one that waits for its retry and one that waits for its key", async () => {
    const manager = newManager();
    manager.runJob("delayed", new Work().factory, { delay: 100 });
    const delayed = watch(manager.onEmpty());
    await clock.advance(99);
    expect(delayed.done).toBe(false);
    await clock.advance(1);
    expect(delayed.done).toBe(true);

    const retried = new Work();
    manager.runJob("retried", retried.factory, { retry: { limit: 1, delay: 100, jitter: "none" } });
    retried.reject(new Error("again"));
    await turn();
    const retrying = watch(manager.onEmpty());
    await clock.advance(99);
    expect(retrying.done).toBe(false);
    await clock.advance(1);
    expect(retrying.done).toBe(true);

    const first = new Work();
    manager.runJob("key", first.factory);
    manager.runJob("key", new Work().factory, { onDuplicate: "queue" });
    const queued = watch(manager.onEmpty());
    await turn();
    expect(queued.done).toBe(false);
    first.resolve();
    await turn();
    expect(queued.done).toBe(true);
  });

  it("resolves when the pending jobs are stopped", async () => {
    const manager = newManager({ concurrency: 1 });
    manager.runJob("first", untilAborted);
    const { job } = manager.runJob("second", () => {});
    const empty = watch(manager.onEmpty());
    void job.stop();
    await turn();
    expect(empty.done).toBe(true);
  });
});
