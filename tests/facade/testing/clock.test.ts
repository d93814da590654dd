import { JobManager, type JobManagerOptions } from "jobgate";
import { scriptedProvider } from "jobgate/agents";
import { QueueClient, reconnecting } from "jobgate/queue-client";
import { type TestClock, type TestClockOptions, useTestClock } from "jobgate/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Host } from "../agents/support/host.js";
import { newWorker } from "../agents/support/session.js";
import { asWorker, echoAtOnce, FakeWorker } from "../pool/support/fake-worker.js";
import { newPool } from "../pool/support/pool.js";
import { newRunner } from "../runner/support/runner.js";
import { ScriptedSocket } from "../runner/support/scripted-socket.js";
import { dispose } from "../support/dispose.js";
import { newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { microtask, turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";

function newClock(options?: TestClockOptions): TestClock {
  const clock = useTestClock(options);
  onTestFinished(clock.restore);
  return clock;
}

const HOUR = 3_600_000;
const PLAIN = { jitter: "none", backoff: "fixed" } as const;

describe("the time of jobs is the test's", () => {
  it.each([1, 5, 1000, 3 * HOUR, 60 * 24 * HOUR])("a delay of %d ms is over then, and not before", async (delay) => {
    const clock = newClock();
    const work = new Work();
    newManager().runJob("job", work.factory, { delay });
    await clock.advance(delay - 1);
    expect(work.starts).toBe(0);
    await clock.advance(1);
    expect(work.starts).toBe(1);
  });

  it("each attempt of a job that is tried again comes when it is to come", async () => {
    const clock = newClock({ now: 0 });
    const starts: number[] = [];
    const { job } = newManager().runJob(
      "job",
      () => {
        starts.push(clock.now);
        throw new Error("again");
      },
      { retry: { limit: 4, delay: 1000, maxDelay: 4000, jitter: "none" } },
    );
    await clock.advance(60_000);
    expect(starts).toEqual([0, 1000, 3000, 7000, 11_000]);
    expect(job).toMatchObject({ status: "failed", createdAt: 0, startedAt: 0, finishedAt: 11_000 });
  });

  it("chance is the test's: the whole wait, or what it says", async () => {
    const clock = newClock({ now: 0, random: () => 0.25 });
    const manager = newManager();
    const { job } = manager.runJob("job", () => Promise.reject(new Error("again")), {
      retry: { limit: 1, delay: 1000 },
    });
    await clock.advance(0);
    expect(job.readyAt).toBe(250);
    clock.restore();
    const whole = newClock({ now: 0 });
    const other = manager.runJob("other", () => Promise.reject(new Error("again")), {
      retry: { limit: 1, delay: 1000 },
    });
    await whole.advance(0);
    expect(other.job.readyAt).toBe(1000);
  });

  it("a chance that is none is reported, and is the whole wait", async () => {
    const answers = [2, Number.NaN, "x" as unknown as number];
    const clock = newClock({ now: 0, random: () => answers.shift() ?? 0 });
    const { errors } = catchReports();
    const { job } = newManager().runJob("job", () => Promise.reject(new Error("again")), {
      retry: { limit: 3, delay: 100, backoff: "fixed" },
    });
    await clock.advance(1000);
    expect(job.finishedAt).toBe(300);
    expect(errors.map(String)).toEqual(Array(3).fill(expect.stringContaining("random must answer")));
  });

  it("timeouts, a stop's patience, rate limits and delays behind them", async () => {
    const clock = newClock({ now: 0 });
    const manager = newManager({ rateLimit: { limit: 2, interval: 5000 } });
    const starts: number[] = [];
    const slow = manager.runJob("slow", () => new Promise(() => {}), { timeout: 200 }).job;
    for (let at = 0; at < 4; at += 1) manager.runJob(`job ${at}`, () => void starts.push(clock.now));
    await clock.advance(199);
    expect(slow.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(slow.signal.reason).toMatchObject({ name: "TimeoutError" });
    const impatient = expect(slow.stop("now", { timeout: 400 })).rejects.toMatchObject({ code: "E_STOP_TIMEOUT" });
    await clock.advance(400);
    await impatient;
    await clock.advance(20_000);
    expect(starts).toEqual([0, 5000, 5000, 10_000]);
  });

  it("in one go it moves from timer to timer, and what comes of each happens in its time", async () => {
    const clock = newClock({ now: 0 });
    const manager = newManager();
    const seen: string[] = [];
    const later = (name: string, delay: number) =>
      manager.runJob(
        name,
        async () => {
          // However deep: promises, turns of the event loop, jobs that start jobs.
          for (let at = 0; at < 50; at += 1) await undefined;
          await turn();
          seen.push(`${name} at ${clock.now}`);
          if (name.length < 4) later(`${name}+`, 100);
        },
        { delay },
      );
    later("a", 100);
    later("b", 150);
    await clock.advance(1000);
    expect(seen).toEqual([
      "a at 100",
      "b at 150",
      "a+ at 200",
      "b+ at 250",
      "a++ at 300",
      "b++ at 350",
      "a+++ at 400",
      "b+++ at 450",
    ]);
    expect(clock.now).toBe(1000);
  });

  it("a body that computes gets its turns", async () => {
    const clock = newClock();
    let passed = 0;
    const { job } = newManager().runJob("job", async ({ checkpoint }) => {
      for (; passed < 20; passed += 1) await checkpoint();
    });
    await clock.advance(0);
    expect(passed).toBe(20);
    expect(job.status).toBe("completed");
  });

  it("without anybody who moves it, it stands", async () => {
    const clock = newClock({ now: new Date("2030-01-01T00:00:00Z") });
    const work = new Work();
    const { job } = newManager().runJob("job", work.factory, { delay: 1 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(work.starts).toBe(0);
    expect(job.createdAt).toBe(Date.UTC(2030, 0, 1));
    expect(job.readyAt).toBe(Date.UTC(2030, 0, 1) + 1);
    expect(clock.next).toBe(job.readyAt);
    expect(Date.now()).toBeLessThan(Date.UTC(2030, 0, 1));
  });

  it("events and records say the test's time", async () => {
    const clock = newClock({ now: 1000 });
    const manager = newManager();
    const events = manager.events();
    const told: unknown[] = [];
    const reading = (async () => {
      for await (const event of events) told.push(event);
    })();
    manager.runJob("job", ({ log }) => log("here"), { delay: 500 });
    await clock.advance(500);
    await manager.close();
    await reading;
    expect(told).toContainEqual(expect.objectContaining({ type: "job_started", started_at: 1500 }));
    expect(told).toContainEqual(expect.objectContaining({ type: "job_log", at: 1500 }));
  });
});

describe("what is built on managers keeps the test's time", () => {
  it("a scripted model's answer comes chunk by chunk", async () => {
    const clock = newClock({ now: 0 });
    const provider = scriptedProvider({ replies: ["one two three"], chunkDelay: 100 });
    const { session, worker } = newWorker(provider);
    const host = new Host();
    const { job } = session.run(worker, { prompt: "count" }, host);
    await clock.advance(200);
    expect(worker.messages.at(-1)?.content).toBe("one two ");
    await clock.advance(100);
    expect(worker.messages.at(-1)?.content).toBe("one two three");
    expect(job.status).toBe("completed");
    expect(job.finishedAt).toBe(300);
  });

  it("a runner's countdown counts down", async () => {
    const clock = newClock({ now: 0 });
    const runner = newRunner();
    const { id } = runner.createJob("countdown", { seconds: 60 });
    // Its body loads when the first of its kind starts, which takes no time of the test's.
    await clock.advance(0);
    while (runner.getJob(id)?.progress.message === "") await turn();
    await clock.advance(30_000);
    expect(runner.getJob(id)?.progress.message).toBe("30 seconds remaining…");
    await clock.runAll();
    expect(runner.getJob(id)).toMatchObject({ status: "completed", completed_at: 60_000 });
  });

  it("a worker that really loads is waited for by real time", async () => {
    const clock = newClock();
    const workers: FakeWorker[] = [];
    const spawn = () => {
      workers.push(new FakeWorker(echoAtOnce, false));
      return asWorker(workers.at(-1)!);
    };
    const { job } = newManager().runJob("job", newPool({ spawn, size: 1 }).job("echo", "heard"));
    await clock.advance(HOUR);
    expect(job.status).toBe("running");
    workers[0]!.load();
    expect([await job.result, workers.length]).toEqual(["heard", 1]);
  });

  it("an answer that is stopped between two chunks waits for none", async () => {
    const clock = newClock({ now: 0 });
    const { session, worker } = newWorker(scriptedProvider({ replies: ["hello"], chunkDelay: 1000 }));
    const { job } = session.run(worker, { prompt: "say hello" }, new Host());
    await clock.advance(0);
    expect(clock.next).toBe(1000);
    job.cancel("enough");
    await clock.advance(0);
    expect(job.status).toBe("cancelled");
    expect(clock.next).toBeUndefined();
  });
});

describe("runAll", () => {
  it("moves from timer to timer until none is left", async () => {
    const clock = newClock({ now: 0 });
    const manager = newManager({ concurrency: 1 });
    for (const delay of [1000, 3000, 2000]) manager.runJob(`${delay}`, () => {}, { delay });
    await clock.runAll();
    expect(manager.stats.completed).toBe(3);
    expect(clock.now).toBe(3000);
    expect(clock.next).toBeUndefined();
    await clock.runAll();
    expect(clock.now).toBe(3000);
  });

  it("what goes on for ever is named", async () => {
    const clock = newClock({ now: 0 });
    const manager = newManager();
    const poll = (): void => void manager.runJob("poll", poll, { delay: 10, onDuplicate: "queue" });
    poll();
    await expect(clock.runAll({ limit: 20 })).rejects.toThrow(/After 20 timers .*: job "poll" waits again$/);
    expect(clock.now).toBe(200);
    // It goes on from there.
    await clock.advance(10);
    expect(clock.now).toBe(210);
  });

  it("also between two whole milliseconds; what only runs is not", async () => {
    const clock = newClock({ now: 0 });
    const manager = newManager();
    manager.runJob("idle", () => new Promise(() => {}));
    const poll = (): void => void manager.runJob("poll", poll, { delay: 10, onDuplicate: "queue" });
    await clock.advance(0.5);
    poll();
    await expect(clock.runAll({ limit: 20 })).rejects.toThrow(/After 20 timers .*: job "poll" waits again$/);
  });

  it.each([0, -1, 1.5, Number.NaN, "3"])("a limit of %s is refused", async (limit) => {
    const clock = newClock();
    expect(() => clock.runAll({ limit: limit as number })).toThrow(/limit must be an integer/);
  });
});

describe("a clock", () => {
  it("is restored where its block ends, also by a disposal that was taken off it", () => {
    const clock = useTestClock({ now: 0 });
    const { [dispose]: end } = clock;
    end();
    const next = useTestClock({ now: 5 });
    expect(next.now).toBe(5);
    next[dispose]();
  });

  it("refuses what it cannot take, and then nothing has changed", () => {
    for (const now of [Number.NaN, Infinity, new Date("never")])
      expect(() => useTestClock({ now })).toThrow(RangeError);
    for (const options of [5, { now: "1" }, { now: {} }, { random: 1 }]) {
      expect(() => useTestClock(options as never)).toThrow(TypeError);
    }
    const clock = newClock({ now: 0 });
    for (const time of [-1, Number.NaN, Infinity]) expect(() => clock.advance(time)).toThrow(RangeError);
    expect(() => clock.advance("1" as never)).toThrow(TypeError);
    expect(clock.now).toBe(0);
  });

  it("is alone, until it is restored", () => {
    const clock = newClock();
    expect(() => useTestClock()).toThrow(expect.objectContaining({ code: "E_TEST_CLOCK" }));
    clock.restore();
    clock.restore();
    const next = newClock();
    clock.restore();
    expect(() => useTestClock()).toThrow(/restore it first/);
    next.restore();
  });

  it("works with `using`, and detached", async () => {
    const work = new Work();
    {
      using clock = useTestClock({ now: 0 });
      const { advance } = clock;
      newManager().runJob("job", work.factory, { delay: 5 });
      await advance(5);
      expect(work.starts).toBe(1);
    }
    newClock();
  });

  it("takes over what waits by the real time, and hands back what waits by its own", async () => {
    const manager = newManager();
    const [before, within] = [new Work(), new Work()];
    manager.runJob("before", before.factory, { delay: HOUR });
    const clock = newClock();
    await clock.advance(HOUR);
    expect(before.starts).toBe(1);
    manager.runJob("within", within.factory, { delay: 20 });
    await clock.advance(10);
    expect(within.starts).toBe(0);
    clock.restore();
    await within.started();
    const { job } = manager.runJob("after", untilAborted);
    expect(Math.abs(job.createdAt - Date.now())).toBeLessThan(60_000);
  });

  it("time never runs back over it, and what was created before keeps its date", async () => {
    const manager = newManager({ retain: 10 });
    const before = manager.runJob("before", () => {}).job;
    const created = before.createdAt;
    const clock = newClock({ now: 5000 });
    const within = manager.runJob("within", () => {}).job;
    await clock.advance(100);
    clock.restore();
    const after = manager.runJob("after", () => {}).job;
    expect(before.createdAt).toBe(created);
    expect([within.createdAt, within.finishedAt]).toEqual([5000, 5000]);
    expect(after.createdAt).toBeGreaterThanOrEqual(created);
  });

  it("next is a moment that something waits for, also once another wait was called off", async () => {
    const clock = newClock({ now: 0 });
    const manager = newManager();
    const first = manager.runJob("first", new Work().factory, { delay: 1000 }).job;
    manager.runJob("second", new Work().factory, { delay: 5000 });
    expect(clock.next).toBe(1000);
    void first.stop();
    expect(clock.next).toBe(5000);
    manager.runJob("third", new Work().factory, { delay: 3000 });
    expect(clock.next).toBe(3000);
    clock.restore();
    const work = new Work();
    const again = newClock();
    manager.runJob("fourth", work.factory, { delay: 10 });
    await again.advance(10);
    expect(work.starts).toBe(1);
  });

  it("next is not the end of a sleep whose attempt has timed out", async () => {
    const clock = newClock({ now: 0 });
    const work = new Work();
    const { job } = newManager().runJob(
      "report",
      async (context) => {
        if (context.attempt === 1) await context.sleep(HOUR);
        return work.factory(context);
      },
      { timeout: 1000, retry: { limit: 1, delay: 2 * HOUR, maxDelay: 2 * HOUR, ...PLAIN } },
    );
    await clock.advance(1600);
    expect(job.status).toBe("pending");
    expect(clock.next).toBe(2 * HOUR + 1000);
    void job.stop();
    await job.settled;
    expect(clock.next).toBeUndefined();
  });

  it("calls of advance wait for each other", async () => {
    const clock = newClock({ now: 0 });
    const seen: number[] = [];
    newManager().runJob("job", () => void seen.push(clock.now), { delay: 150 });
    const both = Promise.all([clock.advance(100), clock.advance(100)]);
    await both;
    expect(seen).toEqual([150]);
    expect(clock.now).toBe(200);
  });

  it("restored while it moves, it ends", async () => {
    const clock = newClock({ now: 0 });
    const manager = newManager();
    const poll = (): void => void manager.runJob("poll", poll, { delay: 10, onDuplicate: "queue" });
    poll();
    manager.runJob("restore", clock.restore, { delay: 35 });
    await clock.advance(1000);
    await manager.close();
  });

  it("does not move what the page's own timers wait for, and is not moved by fake ones", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const clock = newClock({ now: 0 });
    const work = new Work();
    const own = vi.fn();
    setTimeout(own, 10);
    newManager().runJob("job", work.factory, { delay: 10 });
    vi.advanceTimersByTime(1000);
    expect([own.mock.calls.length, work.starts]).toEqual([1, 0]);
    vi.useRealTimers();
    await clock.advance(10);
    expect([own.mock.calls.length, work.starts]).toEqual([1, 1]);
  });

  it("a manager in a failing state of affairs: many jobs, each tried again, all end", async () => {
    const clock = newClock({ now: 0 });
    const options: JobManagerOptions = { concurrency: 10, defaults: { retry: { limit: 3, delay: 1000, ...PLAIN } } };
    const manager = new JobManager<number>(options);
    for (let key = 0; key < 1000; key += 1) {
      manager.runJob(key, async ({ attempt }) => {
        if (attempt < 4) throw new Error("again");
      });
    }
    await clock.runAll();
    expect(manager.stats).toMatchObject({ completed: 1000, pending: 0 });
  });
});

describe("what waits for time, whoever set it and by which clock", () => {
  /** A client whom nobody answers. */
  function unanswered(timeout: number): QueueClient {
    const { port1, port2 } = new MessageChannel();
    const client = new QueueClient(port1, { timeout });
    onTestFinished(() => {
      client.close();
      port2.close();
    });
    return client;
  }
  const outcome = (asked: Promise<unknown>) => {
    const told: unknown[] = [];
    asked.catch(({ code }) => told.push(code));
    return told;
  };

  it("a client's calls time out by the test's clock", async () => {
    const clock = newClock();
    const told = outcome(unanswered(30_000).clearCompleted());
    await clock.advance(29_999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual(["E_DISCONNECTED"]);
  });

  it("a call that was made before is under the test's clock, too", async () => {
    const told = outcome(unanswered(HOUR).clearCompleted());
    await newClock().advance(HOUR);
    expect(told).toEqual(["E_DISCONNECTED"]);
  });

  it("a call that was made under a test's clock waits by the real one once that is restored", async () => {
    const clock = newClock();
    const asked = unanswered(50).clearCompleted();
    clock.restore();
    await expect(asked).rejects.toMatchObject({ code: "E_DISCONNECTED" });
  });

  it("a socket that was lost before comes back by the test's clock, and one lost under it by the real one", async () => {
    let opened = 0;
    let told = () => {};
    const port = reconnecting(
      () => {
        opened += 1;
        told();
        return new ScriptedSocket(() => {}, true) as unknown as WebSocket;
      },
      { min: 100, max: 100 },
    );
    onTestFinished(port.close);
    // The first is lost in a microtask; in a turn of the event loop its timer might ring already.
    await microtask();
    const clock = newClock();
    await clock.advance(100);
    expect(opened).toBe(2);
    const third = new Promise<void>((resolve) => (told = resolve));
    clock.restore();
    await third;
    expect(opened).toBe(3);
  });
});
