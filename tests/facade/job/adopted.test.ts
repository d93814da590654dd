import { gate, type Job, subject } from "jobgate";
import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

const clock = useFakeClock();

/** A job made by hand of a gate and a subject. It ends when the test says so. */
class HandMade implements Job<number, string> {
  readonly ended = gate();
  readonly changes = subject<number>();
  readonly actions: string[] = [];
  readonly stops: unknown[] = [];
  state = 0;
  readonly onStateChange = this.changes.listen;
  readonly onStopped = this.ended.listen;

  dispatch(action: string): void {
    this.actions.push(action);
  }

  async stop(reason?: unknown): Promise<void> {
    this.stops.push(reason);
    await this.ended.wait();
  }

  set(state: number): void {
    this.state = state;
    this.changes.next(state);
  }
}

describe("a factory that returns a Job of its own", () => {
  it("is adopted: running until its onStopped, then Normal", async () => {
    const manager = newManager();
    const own = new HandMade();
    const { type, job } = manager.runJob("page", () => own);
    expect(type).toBe("JOB_CREATED");
    expect(job.status).toBe("running");
    expect(job).not.toBe(own);
    await turn();
    expect(job.status).toBe("running");
    expect(manager.runJob("page", () => new HandMade()).type).toBe("JOB_ALREADY_RUNNING");
    own.ended.open();
    expect((await job.settled).type).toBe("Normal");
    expect(job.status).toBe("completed");
    expect(own.stops).toEqual([]);
    expect(manager.getRunningJob("page")).toBeUndefined();
  });

  it("its state passes through, and its listeners hear it change", () => {
    const own = new HandMade();
    own.state = 7;
    const { job } = newManager().runJob("page", () => own);
    expect(job.state).toBe(7);
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    own.set(8);
    expect(job.state).toBe(8);
    own.set(9);
    expect(heard).toEqual([8, 9]);
  });

  it("hears its listeners also when they came while it was pending", async () => {
    const manager = newManager({ paused: true });
    const own = new HandMade();
    const { job } = manager.runJob("page", () => own);
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    job.dispatch("early");
    manager.resume();
    await turn();
    own.set(1);
    expect(heard).toEqual([1]);
    job.dispatch("late");
    expect(own.actions).toEqual(["early", "late"]);
  });

  it("its state stays readable after the end, and an action is ignored then", async () => {
    const own = new HandMade();
    const { job } = newManager().runJob("page", () => own);
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    own.set(3);
    own.ended.open();
    await job.settled;
    job.dispatch("too late");
    own.set(4);
    expect(job.state).toBe(3);
    expect(heard).toEqual([3]);
    expect(own.actions).toEqual([]);
    expect(own.changes.listenerCount).toBe(0);
  });

  it("stop calls its stop with the reason, and opens when its onStopped has come: Cancelled", async () => {
    const manager = newManager({ concurrency: 1 });
    const own = new HandMade();
    const { job } = manager.runJob("page", () => own);
    const next = new Work();
    manager.runJob("next", next.factory);
    const reason = { why: "left" };
    let opened = false;
    const barrier = job.stop(reason).then(() => {
      opened = true;
    });
    await turn();
    expect(own.stops).toEqual([reason]);
    expect(own.stops[0]).toBe(reason);
    expect([opened, job.stopping, job.status, next.starts]).toEqual([false, true, "running", 0]);
    own.ended.open();
    await barrier;
    expect(await job.settled).toEqual({ type: "Cancelled", reason });
    await next.started();
  });

  it("stop called often calls its stop once", async () => {
    const own = new HandMade();
    const { job } = newManager().runJob("page", () => own);
    void job.stop("first");
    const barrier = job.stop("second");
    own.ended.open();
    await barrier;
    expect(own.stops).toEqual(["first"]);
  });

  it("the caller's signal calls its stop", async () => {
    const caller = new AbortController();
    const own = new HandMade();
    const { job } = newManager().runJob("page", () => own, { signal: caller.signal });
    caller.abort("left");
    await turn();
    expect(own.stops).toEqual(["left"]);
    own.ended.open();
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "left" });
  });

  it("a stop asked for inside the factory reaches it", async () => {
    const manager = newManager();
    const own = new HandMade();
    const { job } = manager.runJob("page", () => {
      void manager.stopJob("page", "at once");
      return own;
    });
    await turn();
    expect(own.stops).toEqual(["at once"]);
    own.ended.open();
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "at once" });
  });

  it("a timeout calls its stop, too, and the job fails with a TimeoutError once it has ended", async () => {
    const own = new HandMade();
    const { job } = newManager().runJob("page", () => own, { timeout: 1000 });
    await clock.advance(1000);
    expect(own.stops).toEqual([expect.objectContaining({ name: "TimeoutError" })]);
    expect(job.status).toBe("running");
    own.ended.open();
    await expect(job.result).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("is let go of when the job is abandoned, or goes on without it", async () => {
    const own = new HandMade();
    const { job } = newManager().runJob("page", () => own, { abandonAfter: 1000 });
    expect(own.changes.listenerCount).toBe(1);
    void job.stop("left");
    await clock.advance(1000);
    expect(job.abandoned).toBe(true);
    expect(own.changes.listenerCount).toBe(0);
    own.ended.open();
    const unheard = new HandMade();
    Object.assign(unheard, {
      onStopped: () => {
        throw new Error("no listeners");
      },
    });
    const { job: failed } = newManager().runJob("page", () => unheard);
    expect((await failed.settled).type).toBe("Failed");
    expect(unheard.changes.listenerCount).toBe(0);
  });

  it("one that has ended before the factory returns ends Normal", async () => {
    const own = new HandMade();
    own.ended.open();
    const { job } = newManager().runJob("page", () => own);
    expect((await job.settled).type).toBe("Normal");
  });

  it("a job of another manager is adopted as well", async () => {
    const inner = newManager();
    const outer = newManager();
    const work = new Work();
    const { job } = outer.runJob("outer", () => inner.runJob("inner", work.factory).job);
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    work.context.setState("from within");
    expect(job.state).toBe("from within");
    expect(heard).toEqual(["from within"]);
    const barrier = job.stop("both");
    expect(work.context.signal.reason).toBe("both");
    work.resolve();
    await barrier;
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "both" });
  });

  it("the very job that waits for it is none: it would never end", async () => {
    const manager = newManager();
    const { job } = manager.runJob("loop", async () => {}, { delay: 10 });
    const other = manager.runJob("other", () => job).job;
    await job.stop();
    await expect(other.settled).resolves.toMatchObject({ type: "Normal" });
    const own = manager.runJob("own", () => manager.runJob("own", () => 1).job).job;
    await expect(own.result).rejects.toThrow(
      new TypeError('The factory of job "own" returned that very job: it would never end'),
    );
    const inTurn: Job[] = [];
    const first = manager.runJob("first", () => inTurn[1] as Job, { delay: 10 }).job;
    inTurn.push(first, manager.runJob("second", () => first).job);
    await clock.advance(10);
    await expect(first.result).rejects.toThrow('job "first" returned that very job');
    await manager.close();
  });

  it("continuations, onStopped and events answer as for any job", async () => {
    const own = new HandMade();
    const { job } = newManager().runJob("page", () => own);
    const heard: string[] = [];
    job.continuations.addOrRunNow("told", (_job, { type }) => void heard.push(type));
    job.onStopped(() => heard.push("stopped"));
    const types: string[] = [];
    const events = (async () => {
      for await (const { type } of job.events()) types.push(type);
    })();
    own.ended.open();
    await events;
    await turn();
    expect(heard.sort()).toEqual(["Normal", "stopped"]);
    expect(types).toEqual(["job_created", "job_completed"]);
  });
});
