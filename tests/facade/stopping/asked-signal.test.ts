import { describe, expect, it } from "vitest";
import { type AnyJob, type AnyManager, newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { type AnyContext, Work } from "../support/work.js";

type Stop = (job: AnyJob, manager: AnyManager, caller: AbortController, reason: unknown) => unknown;
const ways: Record<string, Stop> = {
  "job.stop": (job, _manager, _caller, reason) => job.stop(reason),
  "manager.stopJob": (job, manager, _caller, reason) => manager.stopJob(job.key, reason),
  "manager.stopAll": (_job, manager, _caller, reason) => manager.stopAll(reason),
  "manager.stopPending": (_job, manager, _caller, reason) => manager.stopPending(reason),
  "manager.close": (_job, manager, _caller, reason) => manager.close(reason),
  "the caller's signal": (_job, _manager, caller, reason) => caller.abort(reason),
};

describe.each(Object.entries(ways))("the signal of a job that is stopped while it does not run: %s", (_, stop) => {
  const reason = { why: "left" };

  it("aborts with the reason in a delay, before the job is told to have ended", async () => {
    const manager = newManager();
    const caller = new AbortController();
    const { job } = manager.runJob("report", new Work().factory, { delay: 60_000, signal: caller.signal });
    const { signal } = job;
    const heard: unknown[] = [];
    signal.addEventListener("abort", () => heard.push(signal.reason));
    job.onStopped(() => heard.push("stopped"));
    stop(job, manager, caller, reason);
    await job.settled;
    expect(signal.aborted).toBe(true);
    expect(heard).toEqual([reason, "stopped"]);
    expect(heard[0]).toBe(reason);
  });

  it("aborts with the reason in a retry's wait, for the job and for what is left of the attempt", async () => {
    const manager = newManager();
    const caller = new AbortController();
    let context: AnyContext | undefined;
    const { job } = manager.runJob(
      "report",
      (given) => {
        context = given;
        void given.signal;
        throw new Error("again");
      },
      { retry: { limit: 1, delay: 60_000 }, signal: caller.signal },
    );
    const { signal } = job;
    await turn();
    const slept = context!.sleep(120_000);
    expect(job.status).toBe("pending");
    stop(job, manager, caller, reason);
    await job.settled;
    expect(signal.reason).toBe(reason);
    expect(context!.signal.reason).toBe(reason);
    await expect(slept).rejects.toBe(reason);
  });
});

describe("the signal of a job that is stopped between its slot and its body", () => {
  it("aborts, and the body is not called", async () => {
    const manager = newManager({ paused: true });
    const reason = { why: "enough" };
    const second = new Work();
    manager.runJob("first", () => void job.stop(reason));
    const { job } = manager.runJob("second", second.factory);
    const { signal } = job;
    manager.resume();
    await job.settled;
    expect(second.starts).toBe(0);
    expect(signal.reason).toBe(reason);
  });
});

describe("a pending job that a newer one replaces", () => {
  it.each(["replace", "queue"] as const)("with %s has one reason, whoever asks first", async (onDuplicate) => {
    const manager = newManager();
    void manager.events();
    const told: unknown[] = [];
    if (onDuplicate === "queue") manager.runJob("report", new Work().factory);
    const { job } = manager.runJob("report", new Work().factory, { delay: 60_000, onDuplicate });
    const { signal } = job;
    signal.addEventListener("abort", () => told.push(job.signal.reason));
    job.onStopped(() => told.push((job.completion as { reason: unknown }).reason));
    manager.runJob("report", new Work().factory, { onDuplicate });
    const rejection: unknown = await job.result.catch((error) => error);
    expect(rejection).toMatchObject({ name: "AbortError", message: "Replaced by a newer job under the same key" });
    expect(told).toHaveLength(2);
    for (const reason of [...told, signal.reason, ((await job.settled) as { reason: unknown }).reason])
      expect(reason).toBe(rejection);
  });

  it("has one reason, also where the listener that starts the newer one looks at once", async () => {
    const manager = newManager();
    const { job } = manager.runJob("report", new Work().factory, { delay: 60_000 });
    const { signal } = job;
    const told: unknown[] = [];
    manager.onJobEnded(() => {
      if (told.length > 0) return;
      manager.runJob("report", new Work().factory, { onDuplicate: "replace" });
      told.push((job.completion as { reason: unknown }).reason);
    });
    manager.runJob("other", () => {});
    const rejection: unknown = await job.result.catch((error) => error);
    expect(rejection).toMatchObject({ message: "Replaced by a newer job under the same key" });
    expect([...told, signal.reason]).toEqual([rejection, rejection]);
    expect(told[0]).toBe(rejection);
  });
});
