import { NonRetriableError, type RetryOptions } from "jobgate";
import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

const clock = useFakeClock();

/** The milliseconds between the attempts of a job whose every attempt fails at once. */
async function waits(retry: RetryOptions): Promise<number[]> {
  const starts: number[] = [];
  const { job } = newManager().runJob(
    "report",
    () => {
      starts.push(Date.now());
      throw new Error("again");
    },
    { retry },
  );
  const started = Date.now();
  await turn();
  while (job.status === "pending" && Date.now() - started < 1_000_000) await clock.advance(500);
  expect((await job.settled).type).toBe("Failed");
  return starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
}

describe("RetryOptions", () => {
  it("limit counts the retries after the first attempt; the last error is the job's", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { retry: { limit: 2, delay: 10 } });
    for (const attempt of [1, 2, 3]) {
      await work.started(attempt);
      expect(work.context.attempt).toBe(attempt);
      expect(job.attempt).toBe(attempt);
      work.reject(new Error(`error ${attempt}`));
      await clock.advance(20);
    }
    await expect(job.result).rejects.toThrow("error 3");
    expect(work.starts).toBe(3);
  });

  it("a number is a limit, 0 is none", async () => {
    const manager = newManager();
    let starts = 0;
    const body = () => {
      starts += 1;
      throw new Error("again");
    };
    await manager.runJob("none", body).job.settled;
    await manager.runJob("zero", body, { retry: 0 }).job.settled;
    expect(starts).toBe(2);
    const { job } = manager.runJob("two", body, { retry: 2 });
    await clock.advance(3000);
    expect((await job.settled).type).toBe("Failed");
    expect(starts).toBe(5);
  });

  it("ends as soon as an attempt ends well", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { retry: { limit: 5, delay: 10 } });
    work.reject(new Error("once"));
    await clock.advance(10);
    work.resolve("at last");
    expect(await job.result).toBe("at last");
    expect(job.attempt).toBe(2);
  });

  it("exponential backoff doubles the delay, to the millisecond, up to maxDelay", async () => {
    expect(await waits({ limit: 7, jitter: "none" })).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000]);
    const given = { limit: 5, delay: 100, maxDelay: 700, backoff: "exponential", jitter: "none" } as const;
    expect(await waits(given)).toEqual([100, 200, 400, 700, 700]);
  });

  it("fixed backoff waits the same each time, and not longer than maxDelay", async () => {
    expect(await waits({ limit: 3, delay: 250, backoff: "fixed", jitter: "none" })).toEqual([250, 250, 250]);
    expect(await waits({ limit: 2, delay: 900, maxDelay: 300, backoff: "fixed", jitter: "none" })).toEqual([300, 300]);
  });

  it("many doublings do not overflow", async () => {
    const all = await waits({ limit: 100, delay: 1, maxDelay: 1000, jitter: "none" });
    expect(all.slice(0, 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000]);
    expect(all.slice(11).every((wait) => wait === 1000)).toBe(true);
  });

  it("full jitter, the default, is spread over 0..delay", async () => {
    const all = await waits({ limit: 300, delay: 1000, backoff: "fixed" });
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...all)).toBeLessThanOrEqual(1000);
    const mean = all.reduce((sum, wait) => sum + wait, 0) / all.length;
    expect(mean).toBeGreaterThan(380);
    expect(mean).toBeLessThan(620);
    expect(new Set(all).size).toBeGreaterThan(100);
    expect(Math.min(...all)).toBeLessThan(150);
    expect(Math.max(...all)).toBeGreaterThan(850);
  });

  it("retryIf is asked before each retry, with the error and the attempt that failed", async () => {
    const asked: [unknown, number][] = [];
    const errors = [new Error("one"), new Error("two"), new Error("three")];
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, {
      retry: {
        limit: 10,
        delay: 10,
        retryIf: (error, attempt) => {
          asked.push([error, attempt]);
          return attempt < 3;
        },
      },
    });
    for (const error of errors) {
      work.reject(error);
      await clock.advance(20);
      await clock.advance(20);
    }
    await expect(job.result).rejects.toBe(errors[2]);
    expect(asked).toEqual(errors.map((error, index) => [error, index + 1]));
    expect(work.starts).toBe(3);
  });

  it("retryIf is not asked when no retry is left", async () => {
    let asked = 0;
    const retryIf = () => {
      asked += 1;
      return true;
    };
    const { job } = newManager().runJob("report", () => Promise.reject(new Error("broken")), {
      retry: { limit: 0, retryIf },
    });
    await job.settled;
    expect(asked).toBe(0);
  });

  it("a retryIf that throws is reported and counts as false", async () => {
    const reports = catchReports();
    const broken = new Error("a broken retryIf");
    const error = new Error("of the body");
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, {
      retry: {
        limit: 3,
        retryIf: () => {
          throw broken;
        },
      },
    });
    work.reject(error);
    await expect(job.result).rejects.toBe(error);
    expect(reports.errors).toEqual([broken]);
    expect(work.starts).toBe(1);
  });

  it("NonRetriableError is not retried, unless a retryIf says so", async () => {
    const manager = newManager();
    const error = new NonRetriableError("no such file");
    let starts = 0;
    const body = () => {
      starts += 1;
      return Promise.reject(error);
    };
    await expect(manager.runJob("report", body, { retry: 5 }).job.result).rejects.toBe(error);
    expect(starts).toBe(1);
    const { job } = manager.runJob("report", body, { retry: { limit: 2, delay: 0, retryIf: () => true } });
    await clock.advance(10);
    await expect(job.result).rejects.toBe(error);
    expect(starts).toBe(4);
  });

  it("nor is an app's error of that class, whatever its own name and code", async () => {
    class Gone extends NonRetriableError {
      override name = "Gone";
      override readonly code = "E_GONE";
    }
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { retry: 5 });
    work.reject(new Gone("no such file"));
    await expect(job.result).rejects.toMatchObject({ name: "Gone", code: "E_GONE" });
    expect(work.starts).toBe(1);
  });

  it("a factory that throws is retried as one that rejects", async () => {
    let starts = 0;
    const { job } = newManager().runJob(
      "report",
      () => {
        starts += 1;
        if (starts < 3) throw new Error("again");
        return "fine";
      },
      { retry: { limit: 2, delay: 10 } },
    );
    await clock.advance(20);
    await clock.advance(20);
    expect(await job.result).toBe("fine");
  });

  it("limit Infinity goes on until it works", async () => {
    let starts = 0;
    const { job } = newManager().runJob(
      "report",
      () => {
        starts += 1;
        if (starts <= 200) throw new Error("again");
        return starts;
      },
      { retry: { limit: Number.POSITIVE_INFINITY, delay: 1, backoff: "fixed", jitter: "none" } },
    );
    await clock.advance(200);
    expect(await job.result).toBe(201);
  });
});

describe("the wait between two attempts", () => {
  it("is pending, holds the key and frees the slot", async () => {
    const manager = newManager({ concurrency: 1 });
    const work = new Work();
    const other = new Work();
    const { job } = manager.runJob("report", work.factory, { retry: { limit: 1, delay: 1000, jitter: "none" } });
    const { startedAt } = job;
    manager.runJob("other", other.factory);
    work.reject(new Error("again"));
    await other.started();
    expect(job.status).toBe("pending");
    expect(job.stopping).toBe(false);
    expect(job.completion).toBeUndefined();
    expect(manager.getRunningJob("report")).toBe(job);
    expect(manager.runJob("report", () => "never").type).toBe("JOB_ALREADY_RUNNING");
    await clock.advance(5000);
    expect(work.starts).toBe(1);
    other.resolve();
    await work.started(2);
    expect(job.startedAt).toBe(startedAt);
    work.resolve();
    await job.settled;
    expect(job.startedAt).toBe(startedAt);
    expect(job.finishedAt).toBeGreaterThanOrEqual((startedAt ?? 0) + 5000);
  });

  it("enters at the back of its level when it is over", async () => {
    const manager = newManager({ concurrency: 1 });
    const order: string[] = [];
    const blocker = new Work();
    let failed = false;
    manager.runJob(
      "retried",
      () => {
        order.push("retried");
        if (failed) return;
        failed = true;
        throw new Error("again");
      },
      { retry: { limit: 1, delay: 100, jitter: "none" } },
    );
    await turn();
    manager.runJob("blocker", blocker.factory);
    manager.runJob("before", () => void order.push("before"));
    await clock.advance(100);
    manager.runJob("after", () => void order.push("after"));
    blocker.resolve();
    await manager.onIdle();
    expect(order).toEqual(["retried", "before", "retried", "after"]);
  });

  it("what a superseded attempt still says is ignored", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, {
      initialState: "start",
      retry: { limit: 1, delay: 10, jitter: "none" },
    });
    const { context: superseded } = work.last;
    superseded.setState("first attempt");
    work.reject(new Error("again"));
    await clock.advance(10);
    await work.started(2);
    const { state, progress } = job;
    superseded.setState("a ghost");
    superseded.progress(99, "a ghost");
    expect(job.state).toBe(state);
    expect(job.progress).toEqual(progress);
    work.context.setState("second attempt");
    expect(job.state).toBe("second attempt");
  });
});
