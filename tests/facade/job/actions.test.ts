import { subject } from "jobgate";
import { useTestClock } from "jobgate/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { turn } from "../support/turns.js";
import { deferred, Work } from "../support/work.js";

describe("Job.dispatch and JobContext.onAction", () => {
  it("hands each action to every listener of the body, in order", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: string[] = [];
    work.context.onAction((action) => heard.push(`first ${action}`));
    work.context.onAction((action) => heard.push(`second ${action}`));
    job.dispatch("pause");
    job.dispatch("resume");
    expect(heard).toEqual(["first pause", "second pause", "first resume", "second resume"]);
  });

  it("hands over the very value", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    work.context.onAction((action) => heard.push(action));
    const actions = [undefined, null, { type: "pause" }, () => {}, Symbol("action")];
    for (const action of actions) job.dispatch(action);
    expect(heard.length).toBe(actions.length);
    for (const [index, action] of actions.entries()) expect(heard[index]).toBe(action);
  });

  it("actions dispatched before the first listener are kept and handed to it, in order", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    job.dispatch(1);
    job.dispatch(2);
    const heard: string[] = [];
    work.context.onAction((action) => heard.push(`first ${action}`));
    work.context.onAction((action) => heard.push(`second ${action}`));
    job.dispatch(3);
    await turn();
    expect(heard.filter((line) => line.startsWith("first"))).toEqual(["first 1", "first 2", "first 3"]);
    expect(heard).toContain("second 3");
    expect(heard).not.toContain("second 1");
    expect(heard.indexOf("first 2")).toBeLessThan(heard.indexOf("first 3"));
  });

  it("to a pending job: kept for its body", async () => {
    const manager = newManager({ paused: true });
    const heard: unknown[] = [];
    const { job } = manager.runJob("report", (context) => {
      context.onAction((action) => heard.push(action));
      return turn();
    });
    job.dispatch("one");
    job.dispatch("two");
    manager.resume();
    await job.settled;
    expect(heard).toEqual(["one", "two"]);
  });

  it("to a job that waits for its retry: kept for the next attempt", async () => {
    const manager = newManager();
    const heard: unknown[] = [];
    const { job } = manager.runJob(
      "report",
      (context) => {
        if (context.attempt === 1) throw new Error("again");
        context.onAction((action) => heard.push(action));
        return turn();
      },
      { retry: { limit: 1, delay: 5 } },
    );
    await turn();
    expect(job.status).toBe("pending");
    job.dispatch("meanwhile");
    await job.settled;
    expect(heard).toEqual(["meanwhile"]);
  });

  it("to a job between its attempts: kept for the next, whatever is left of the last one listens", async () => {
    const clock = useTestClock();
    onTestFinished(clock.restore);
    const heard: unknown[] = [];
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, {
      retry: {
        limit: 1,
        delay: 1000,
        retryIf: () => {
          work.attempts[0]!.context.onAction((action) => heard.push(`left over, asked ${action}`));
          job.dispatch("asked");
          return true;
        },
      },
    });
    const leave = work.context.onAction((action) => heard.push(`first ${action}`));
    work.reject(new Error("again"));
    await clock.advance(10);
    work.attempts[0]!.context.onAction((action) => heard.push(`left over ${action}`));
    job.dispatch("waiting");
    const changes = subject<string>();
    changes.listen((change) => heard.push(change));
    // Its number may be another listener's by now.
    leave();
    changes.next("changed");
    await clock.advance(1000);
    expect(work.starts).toBe(2);
    job.dispatch("running");
    work.context.onAction((action) => heard.push(`second ${action}`));
    expect(heard).toEqual(["changed", "second asked", "second waiting", "second running"]);
    work.resolve();
  });

  it("to one that has ended: ignored", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    work.context.onAction((action) => heard.push(action));
    work.resolve();
    await job.settled;
    job.dispatch("too late");
    work.context.onAction((action) => heard.push(action));
    await turn();
    expect(heard).toEqual([]);
  });

  it("reaches a job that is asked to stop: it has not ended", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    work.context.onAction((action) => heard.push(action));
    const barrier = job.stop();
    job.dispatch("hurry");
    expect(heard).toEqual(["hurry"]);
    work.resolve();
    await barrier;
  });

  it("unsubscribes idempotently", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    const leave = work.context.onAction((action) => heard.push(`leaver ${action}`));
    work.context.onAction((action) => heard.push(`stayer ${action}`));
    leave();
    leave();
    job.dispatch(1);
    expect(heard).toEqual(["stayer 1"]);
  });

  it("a listener that throws is reported; the job goes on and the rest still hear", async () => {
    const reports = catchReports();
    const error = new Error("a broken listener");
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    work.context.onAction(() => {
      throw error;
    });
    work.context.onAction((action) => heard.push(action));
    job.dispatch("pause");
    expect(heard).toEqual(["pause"]);
    expect(reports.errors).toEqual([error]);
    work.resolve("fine");
    expect(await job.result).toBe("fine");
  });

  it("an action may change the state, and the listeners of the state hear it", () => {
    const { job } = newManager().runJob(
      "counter",
      (context) => {
        context.onAction((by) => context.setState((count: number) => count + by));
        return new Promise(() => {});
      },
      { initialState: 0 },
    );
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    job.dispatch(2);
    job.dispatch(-5);
    expect(job.state).toBe(-3);
    expect(heard).toEqual([2, -3]);
  });

  it("a listener that an earlier attempt takes back late takes back nobody else's", async () => {
    const manager = newManager();
    const offs: (() => void)[] = [];
    const heard: unknown[] = [];
    // The same function each time: what is taken back is a subscription, not a function.
    const hear = (action: unknown) => heard.push(action);
    const second = deferred();
    const { job } = manager.runJob(
      "job",
      (context) => {
        offs.push(context.onAction(hear));
        if (context.attempt === 1) throw new Error("again");
        second.resolve();
        return new Promise(() => {});
      },
      { retry: { limit: 1, delay: 0 } },
    );
    await second.promise;
    offs[0]?.();
    job.dispatch("still heard");
    expect(heard).toEqual(["still heard"]);
    offs[1]?.();
    offs[1]?.();
    job.dispatch("kept");
    expect(heard).toEqual(["still heard"]);
  });

  it("of a job that has ended, taken back late, silence nobody who came since", async () => {
    const manager = newManager();
    const offs: (() => void)[] = [];
    const body = (context: Work["context"]) => {
      for (let n = 0; n < 10; n += 1) offs.push(context.onAction(() => {}));
    };
    await manager.runJob("job", body).job.settled;
    const heard: number[] = [];
    const subjects = Array.from({ length: 20 }, () => subject<number>());
    for (const { listen } of subjects) listen((value) => heard.push(value));
    for (const off of offs) off();
    for (const [n, { next }] of subjects.entries()) next(n);
    expect(heard).toEqual([...subjects.keys()]);
  });
});
