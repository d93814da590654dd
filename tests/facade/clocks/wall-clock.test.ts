import { JobManager } from "jobgate";
import { JobRunner } from "jobgate/runner";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newManager } from "../support/manager.js";
import { type AnyContext, untilAborted } from "../support/work.js";

const hour = 3_600_000;

/** Sets the page's wall clock: it goes on from there. */
function setClock(by: number): void {
  const real = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => real() + by);
}

/** What a difference of stamps and what is measured around it can be off by, together. */
const blur = 5;

/** Holds the page until so much has passed on the clock that nobody can set. */
function spend(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each([
  ["back by an hour", -hour],
  ["back by ten seconds", -10_000],
  ["back to before 1970", -100 * 365 * 24 * hour],
  ["forward by an hour", hour],
  ["forward by ten seconds", 10_000],
])("a wall clock set %s", (_, by) => {
  it("before a job is created: the job has its times, by that clock", async () => {
    setClock(by);
    const before = Date.now();
    const { job } = newManager().runJob("job", async () => 1);
    await job.settled;
    const { createdAt, startedAt, finishedAt } = job;
    expect(createdAt).toBeGreaterThanOrEqual(before - 1);
    expect(startedAt).toBeGreaterThanOrEqual(createdAt);
    expect(finishedAt).toBeGreaterThanOrEqual(startedAt!);
    expect(finishedAt).toBeLessThanOrEqual(Date.now() + 1);
  });

  it("amid a job: its times are as far apart as what it took", async () => {
    const began = performance.now();
    const manager = newManager({ concurrency: 1 });
    const first = manager.runJob("first", async () => {
      await undefined;
      spend(20);
      setClock(by);
      spend(20);
    }).job;
    const second = manager.runJob("second", async () => spend(20)).job;
    const created = [first.createdAt, second.createdAt];
    await manager.onIdle();
    const most = performance.now() - began + blur;
    expect([first.createdAt, second.createdAt]).toEqual(created);
    for (const [job, waited, ran] of [
      [first, 0, 40],
      [second, 40, 20],
    ] as const) {
      expect(job.startedAt! - job.createdAt).toBeGreaterThanOrEqual(waited - 2);
      expect(job.startedAt! - job.createdAt).toBeLessThanOrEqual(most);
      expect(job.finishedAt! - job.startedAt!).toBeGreaterThanOrEqual(ran - 2);
      expect(job.finishedAt! - job.startedAt!).toBeLessThanOrEqual(most);
    }
  });

  it("amid a job: what comes later has its times by the clock as it is now", async () => {
    const manager = newManager();
    manager.runJob("before", async () => 1);
    setClock(by);
    const before = Date.now();
    const { job } = manager.runJob("after", async () => 1);
    expect(job.createdAt).toBeGreaterThanOrEqual(before - 1);
    expect(job.createdAt).toBeLessThanOrEqual(Date.now() + 1);
  });

  it("amid a retry's wait: the next attempt is announced for after the failure", async () => {
    const began = performance.now();
    const manager = newManager();
    const { job } = manager.runJob(
      "job",
      async () => {
        setClock(by);
        throw new Error("no");
      },
      { retry: { limit: 1, delay: 30, jitter: "none" } },
    );
    for await (const event of job.events()) {
      if (event.type !== "job_retrying") continue;
      expect(event.retry_at - job.startedAt!).toBeGreaterThanOrEqual(30);
      expect(event.retry_at - job.startedAt!).toBeLessThanOrEqual(performance.now() - began + 30 + blur);
      break;
    }
  });

  it("before a runner's job: its record has all its times and it counts as processed", async () => {
    setClock(by);
    const runner = new JobRunner();
    const { id } = runner.createJob("prime", { limit: 100 });
    await runner.manager.onIdle();
    const record = runner.getJob(id)!;
    expect(record.started_at).toBeGreaterThanOrEqual(record.created_at);
    expect(record.completed_at).toBeGreaterThanOrEqual(record.started_at!);
    expect(runner.getWorkerStats()).toMatchObject({ processed: 1 });
    expect(runner.getMetrics()).toMatchObject({ wait: { count: 1 }, run: { count: 1 }, throughputPerMinute: 1 });
    await runner.close();
  });
});

it("a wall clock that is put right in small steps never lets a job end before it started", async () => {
  const manager = new JobManager();
  const real = Date.now.bind(Date);
  let by = 0;
  vi.spyOn(Date, "now").mockImplementation(() => real() + by);
  for (let step = 0; step < 200; step++) {
    const { job } = manager.runJob("job", async () => {
      by += step % 3 === 0 ? -7 : 3;
    });
    await job.settled;
    expect(job.finishedAt).toBeGreaterThanOrEqual(job.startedAt!);
    expect(job.startedAt).toBeGreaterThanOrEqual(job.createdAt);
  }
});

describe("what user code takes counts in the times of a job that it then starts", () => {
  const failing = () => Promise.reject(new Error("no"));
  /** Each calls `run` from user's code, amid what is told. */
  const places: Record<string, (run: () => void) => unknown> = {
    "a body that starts since another's attempt has failed": (run) => {
      const manager = newManager({ concurrency: 1 });
      manager.runJob("fails", failing, { retry: { limit: 1, delay: 60_000 } });
      return manager.runJob("next", run).job.settled;
    },
    "a body that starts since another has ended": (run) => {
      const manager = newManager({ concurrency: 1 });
      manager.runJob("first", async () => 1);
      return manager.runJob("next", run).job.settled;
    },
    "what is asked before a retry": (run) =>
      newManager().runJob("fails", failing, { retry: { limit: 1, retryIf: () => void run() as never } }).job.settled,
    "a listener of a signal that stopAll aborts": (run) => {
      const manager = newManager();
      const body = ({ signal }: AnyContext) =>
        new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => {
            run();
            resolve();
          });
        });
      manager.runJob("stops", body);
      return manager.stopAll();
    },
  };

  it.each(Object.keys(places))("%s", async (place) => {
    const late = newManager();
    let early: number[] = [];
    await places[place]!(() => {
      spend(50);
      const before = Date.now();
      const { createdAt, startedAt } = late.runJob("late", untilAborted).job;
      early = [before - createdAt, before - startedAt!];
    });
    expect(early.length).toBe(2);
    expect(Math.max(...early)).toBeLessThan(blur);
  });
});

it("when a job has finished is known to whoever is told of its end, and stays", async () => {
  const manager = newManager();
  const { job } = manager.runJob("job", async () => 1);
  const told: (number | undefined)[] = [];
  const tell = () => {
    told.push(job.finishedAt);
    spend(20);
  };
  job.onStopped(tell);
  manager.onKeyChange("job", tell);
  manager.onJobEnded(tell);
  await job.settled;
  expect(told[0]).toBeGreaterThanOrEqual(job.startedAt!);
  expect(told).toEqual([job.finishedAt, job.finishedAt, job.finishedAt]);
});
