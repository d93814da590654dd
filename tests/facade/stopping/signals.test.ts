import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { countedSignal } from "../support/signals.js";
import { turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";

describe("RunOptions.signal", () => {
  it("stops a running job: the body is asked, the job ends when it has settled", async () => {
    const manager = newManager();
    const caller = new AbortController();
    const work = new Work();
    const reason = { why: "unmounted" };
    const { job } = manager.runJob("report", work.factory, { signal: caller.signal });
    caller.abort(reason);
    expect(job.stopping).toBe(true);
    expect(job.status).toBe("running");
    expect(work.context.signal.reason).toBe(reason);
    work.resolve(1);
    expect(await job.settled).toEqual({ type: "Cancelled", reason });
    await expect(job.result).rejects.toBe(reason);
  });

  it("aborted while the job is pending: it ends at once, the body never starts", async () => {
    const manager = newManager({ concurrency: 1 });
    const blocker = new Work();
    manager.runJob("blocker", blocker.factory);
    const caller = new AbortController();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory, { signal: caller.signal });
    caller.abort("unmounted");
    expect(job.status).toBe("cancelled");
    await expect(job.result).rejects.toBe("unmounted");
    blocker.resolve();
    await manager.onIdle();
    expect(work.starts).toBe(0);
  });

  it("A signal aborted before runJob: body never runs, result rejects with the very reason", async () => {
    const manager = newManager();
    const reason = new Error("gone before it began");
    const work = new Work();
    const { type, job } = manager.runJob("report", work.factory, {
      signal: AbortSignal.abort(reason),
    });
    expect(type).toBe("JOB_CREATED");
    expect(job.status).toBe("cancelled");
    expect(job.startedAt).toBeUndefined();
    expect(job.finishedAt).toBeDefined();
    await expect(job.result).rejects.toBe(reason);
    expect(await job.settled).toEqual({ type: "Cancelled", reason });
    expect(job.signal.aborted).toBe(true);
    expect(job.signal.reason).toBe(reason);
    await expect(job.stop()).resolves.toBeUndefined();
    await turn();
    expect(work.starts).toBe(0);
    expect(manager.getRunningJob("report")).toBeUndefined();
    expect(manager.stats).toMatchObject({ cancelled: 1, pending: 0, running: 0, total: 1 });
  });

  it.each(["replace", "queue"] as const)(
    "aborted before, with %s: the one that stands is left alone",
    async (onDuplicate) => {
      const manager = newManager();
      const work = new Work();
      const standing = manager.runJob("report", work.factory).job;
      const { type, job } = manager.runJob("report", () => "never", {
        onDuplicate,
        signal: AbortSignal.abort("gone"),
      });
      expect(type).toBe("JOB_CREATED");
      expect(job.status).toBe("cancelled");
      expect(standing.stopping).toBe(false);
      expect(manager.getRunningJob("report")).toBe(standing);
      work.resolve(1);
      expect(await standing.result).toBe(1);
    },
  );

  it("aborted before, with join on a taken key: JOB_ALREADY_RUNNING as usual", () => {
    const manager = newManager();
    const standing = manager.runJob("report", new Work().factory).job;
    const again = manager.runJob("report", () => "never", { signal: AbortSignal.abort("gone") });
    expect(again).toEqual({ type: "JOB_ALREADY_RUNNING", job: standing });
    expect(standing.stopping).toBe(false);
  });

  it("of a caller who only joined does not stop the job", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const caller = countedSignal();
    manager.runJob("report", work.factory, { signal: caller.signal });
    caller.abort("gone");
    expect(job.stopping).toBe(false);
    expect(caller.listeners).toBe(0);
    work.resolve(1);
    expect(await job.result).toBe(1);
  });

  it("stops every job that it was given to", async () => {
    const manager = newManager({ concurrency: 2 });
    const caller = countedSignal();
    const jobs = [1, 2, 3, 4].map((n) => manager.runJob(`job ${n}`, untilAborted, { signal: caller.signal }).job);
    caller.abort("logout");
    await manager.onIdle();
    for (const job of jobs) expect(await job.settled).toEqual({ type: "Cancelled", reason: "logout" });
    expect(caller.listeners).toBe(0);
  });

  it("calls no body once it has aborted, of all the jobs that it was given to", async () => {
    const manager = newManager();
    const { signal, abort } = countedSignal();
    const [standing, behind] = [new Work(), new Work()];
    const first = manager.runJob("report", standing.factory, { signal, delay: 60_000 }).job;
    const second = manager.runJob("report", behind.factory, { signal, onDuplicate: "queue" }).job;
    abort("left");
    await Promise.all([first.settled, second.settled]);
    expect([first.status, second.status]).toEqual(["cancelled", "cancelled"]);
    expect([standing.starts, behind.starts]).toEqual([0, 0]);
  });

  it("that aborts while the options are read, or when it is listened to: the body is not called", async () => {
    const manager = newManager();
    const work = new Work();
    const caller = new AbortController();
    const { job } = manager.runJob("report", work.factory, {
      signal: caller.signal,
      retry: {
        get limit() {
          caller.abort("left");
          return 1;
        },
      },
    });
    const late = new AbortController();
    const { signal } = late;
    const listen = signal.addEventListener.bind(signal);
    signal.addEventListener = (...given: Parameters<typeof listen>) => {
      late.abort("left");
      listen(...given);
    };
    const other = manager.runJob("other", work.factory, { signal }).job;
    for (const { settled } of [job, other]) expect(await settled).toEqual({ type: "Cancelled", reason: "left" });
    expect(work.starts).toBe(0);
  });

  it("that aborts while a mapping opens its items: none is taken", async () => {
    const caller = new AbortController();
    const taken: number[] = [];
    const items = {
      *[Symbol.iterator]() {
        yield 1;
      },
    };
    const opening = {
      [Symbol.iterator]() {
        caller.abort("left");
        return items[Symbol.iterator]();
      },
    };
    const results = newManager().map(opening, (item) => taken.push(item), { signal: caller.signal });
    await expect(results).rejects.toBe("left");
    expect(taken).toEqual([]);
  });

  it("stops a job from inside its own factory", async () => {
    const caller = new AbortController();
    const { job } = newManager().runJob(
      "report",
      ({ signal }) => {
        caller.abort("at once");
        return signal.aborted;
      },
      { signal: caller.signal },
    );
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "at once" });
  });

  it("does not abort the caller's signal when the job is stopped", async () => {
    const manager = newManager();
    const caller = new AbortController();
    const { job } = manager.runJob("report", untilAborted, { signal: caller.signal });
    await job.stop();
    expect(caller.signal.aborted).toBe(false);
  });

  it("an abort listener of the body that throws is reported by the browser and disturbs nothing", async () => {
    const reports = catchReports();
    const error = new Error("a broken abort listener");
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: string[] = [];
    work.context.signal.addEventListener("abort", () => {
      throw error;
    });
    work.context.signal.addEventListener("abort", () => heard.push("second"));
    const barrier = job.stop();
    expect(heard).toEqual(["second"]);
    expect(reports.errors).toEqual([error]);
    work.resolve();
    await barrier;
  });
});

describe("the caller's signal has no listeners left on it", () => {
  const ways: Record<string, (work: Work, stop: () => void) => void> = {
    "after a normal end": (work) => work.resolve(),
    "after a failure": (work) => work.reject(new Error("broken")),
    "after a stop": (work, stop) => {
      stop();
      work.resolve();
    },
  };
  for (const [name, end] of Object.entries(ways)) {
    it(name, async () => {
      const caller = countedSignal();
      const work = new Work();
      const { job } = newManager().runJob("report", work.factory, { signal: caller.signal });
      expect(caller.listeners).toBe(1);
      end(work, () => void job.stop());
      await job.settled;
      expect(caller.listeners).toBe(0);
    });
  }

  it("after its own abort", async () => {
    const caller = countedSignal();
    const { job } = newManager().runJob("report", untilAborted, { signal: caller.signal });
    caller.abort();
    await job.settled;
    expect(caller.listeners).toBe(0);
  });

  it("after a pending job was stopped", () => {
    const manager = newManager({ paused: true });
    const caller = countedSignal();
    const { job } = manager.runJob("report", () => {}, { signal: caller.signal });
    expect(caller.listeners).toBe(1);
    void job.stop();
    expect(caller.listeners).toBe(0);
  });

  it("after the manager was closed", async () => {
    const manager = newManager({ concurrency: 1 });
    const caller = countedSignal();
    manager.runJob("running", untilAborted, { signal: caller.signal });
    manager.runJob("pending", () => {}, { signal: caller.signal });
    await manager.close();
    expect(caller.listeners).toBe(0);
  });

  it("after runJob refused the job", () => {
    const manager = newManager({ maxPending: 0, paused: true });
    const caller = countedSignal();
    const { signal } = caller;
    expect(() => manager.runJob("full", () => {}, { signal })).toThrow();
    expect(() => manager.runJob("bad", () => {}, { signal, delay: -1 })).toThrow();
    expect(caller.listeners).toBe(0);
  });

  it("after a retry: one listener a job, not one an attempt", async () => {
    const caller = countedSignal();
    const manager = newManager();
    let highest = 0;
    const { job } = manager.runJob(
      "report",
      () => {
        highest = Math.max(highest, caller.listeners);
        throw new Error("again");
      },
      { signal: caller.signal, retry: { limit: 5, delay: 0 } },
    );
    expect((await job.settled).type).toBe("Failed");
    expect(job.attempt).toBe(6);
    expect(highest).toBe(1);
    expect(caller.listeners).toBe(0);
  });
});
