import { gate, subject } from "jobgate";
import { describe, expect, it } from "vitest";
import { asyncDispose } from "../support/dispose.js";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

describe("what is left of a job that has ended", () => {
  it("reaches no other job, whatever is done with it, while new jobs take its place", async () => {
    const manager = newManager({ concurrency: 2 });
    const old = new Work();
    const ended = manager.runJob("report", old.factory, { initialState: "old" }).job;
    const pendingEnded = manager.runJob("pending", () => {}, { delay: 60_000 }).job;
    const { context } = old;
    const leave = [
      ended.onStateChange(() => {}),
      ended.onProgress(() => {}),
      ended.onStopped(() => {}),
      context.onAction(() => {}),
      manager.onKeyChange("report", () => {}),
    ];
    old.resolve("old result");
    await Promise.all([ended.settled, pendingEnded.stop("enough")]);
    await turn();

    const works = [new Work(), new Work(), new Work(), new Work()];
    const jobs = works.map((work, index) => {
      const key = index === 0 ? "report" : `new ${index}`;
      return manager.runJob(key, work.factory, { initialState: "new", priority: 1 }).job;
    });
    const heard: unknown[] = [];
    for (const [index, job] of jobs.entries()) {
      job.onStateChange((state) => heard.push(state));
      job.onProgress((progress) => heard.push(progress));
      if (index < 2) works[index]?.context.onAction((action) => heard.push(action));
    }
    for (const unsubscribe of leave) unsubscribe();
    for (const job of [ended, pendingEnded]) {
      job.dispatch("a ghost");
      job.setPriority(99);
      job.onStateChange(() => {})();
      job.onProgress(() => {})();
      await job.stop("a ghost", { timeout: 5 });
      await job[asyncDispose]();
      for await (const event of job.events()) expect("job_id" in event ? event.job_id : job.id).toBe(job.id);
    }
    context.setState("a ghost");
    context.progress(99, "a ghost");
    context.log("a ghost");
    context.onAction(() => heard.push("a ghost"))();
    await turn();

    expect(heard).toEqual([]);
    expect(jobs.map(({ status }) => status)).toEqual(["running", "running", "pending", "pending"]);
    for (const job of jobs) {
      expect(job.stopping).toBe(false);
      expect(job.state).toBe("new");
      expect(job.priority).toBe(1);
      expect(job.progress.percent).toBe(0);
    }
    for (const work of works.slice(0, 2)) work.context.setState("changed");
    jobs[0]?.dispatch("an action");
    expect(heard).toEqual(["changed", "changed", "an action"]);
    expect(ended.state).toBe("old");
    expect(await ended.result).toBe("old result");
    expect(pendingEnded.completion).toEqual({ type: "Cancelled", reason: "enough" });
    expect(context.signal.aborted).toBe(false);
  });

  it("a superseded attempt that settles again, late, ends nothing", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory, { retry: { limit: 1, delay: 0 } });
    const [first] = work.attempts;
    first?.reject(new Error("again"));
    await work.started(2);
    first?.resolve("a ghost");
    first?.reject(new Error("a ghost"));
    await turn();
    expect(job.status).toBe("running");
    work.resolve("real");
    expect(await job.result).toBe("real");
  });

  it("a thenable that calls back twice settles the job once", async () => {
    const manager = newManager();
    const twice = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable that misbehaves is what this is about
      then(resolve: (value: string) => void) {
        resolve("once");
        resolve("twice");
      },
    };
    const { job } = manager.runJob("report", () => twice as unknown as Promise<string>);
    expect(await job.result).toBe("once");
    expect(manager.stats).toMatchObject({ completed: 1, running: 0, total: 1 });
  });

  it("a stopped job's promise that never settles keeps its slot, and nothing else", async () => {
    const manager = newManager({ concurrency: 2 });
    const stuck = manager.runJob("stuck", () => new Promise(() => {})).job;
    void stuck.stop();
    const order: number[] = [];
    for (let n = 0; n < 5; n += 1) manager.runJob(`job ${n}`, () => order.push(n));
    await manager.onEmpty();
    await turn();
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(manager.stats).toMatchObject({ running: 1, completed: 5 });
  });
});

describe("what is left of a subscription that has ended", () => {
  it("of a gate that opened: takes away nobody who came later, elsewhere", async () => {
    const door = gate();
    const leaveDoor = door.listen(() => {});
    door.open();
    await turn();
    const heard: string[] = [];
    const late = subject<number>();
    late.listen(() => heard.push("late"));
    leaveDoor();
    late.next(1);
    expect(heard).toEqual(["late"]);
  });

  it("of a subject: takes away nobody who came later, elsewhere", () => {
    const early = subject<number>();
    const leave = early.listen(() => {});
    leave();
    const heard: string[] = [];
    const late = subject<number>();
    late.listen(() => heard.push("late"));
    early.listen(() => heard.push("early"));
    leave();
    late.next(1);
    early.next(1);
    expect(heard).toEqual(["late", "early"]);
  });

  it("does not end the next subscription of the same function", () => {
    const numbers = subject<number>();
    const work = new Work();
    const manager = newManager();
    const { job } = manager.runJob("report", work.factory);
    let calls = 0;
    const listener = () => {
      calls += 1;
    };
    for (const listen of [numbers.listen, job.onStateChange, job.onProgress, work.context.onAction]) {
      const leave = listen(listener);
      leave();
      listen(listener);
      leave();
    }
    for (const listen of [manager.subscribe, (one: () => void) => manager.onKeyChange("key", one)]) {
      const leave = listen(listener);
      leave();
      listen(listener);
      leave();
    }
    numbers.next(1);
    expect(calls).toBe(1);
    work.context.setState(1);
    work.context.progress(1);
    job.dispatch(1);
    expect(calls).toBe(4);
    manager.runJob("key", () => {});
    expect(calls).toBeGreaterThanOrEqual(6);
  });
});
