import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

describe("JobContext.setState and Job.onStateChange", () => {
  it("sets the state and tells every listener, in order, before it returns", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { initialState: 0 });
    const heard: string[] = [];
    job.onStateChange((state) => heard.push(`first ${state} ${job.state}`));
    job.onStateChange((state) => heard.push(`second ${state}`));
    expect(heard).toEqual([]);
    work.context.setState(1);
    expect(job.state).toBe(1);
    expect(work.context.state).toBe(1);
    expect(heard).toEqual(["first 1 1", "second 1"]);
    work.context.setState(2);
    expect(heard.slice(2)).toEqual(["first 2 2", "second 2"]);
  });

  it("takes a function of the previous state", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { initialState: ["a"] });
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    work.context.setState((previous: string[]) => [...previous, "b"]);
    work.context.setState((previous: string[]) => [...previous, "c"]);
    expect(job.state).toEqual(["a", "b", "c"]);
    expect(heard).toEqual([
      ["a", "b"],
      ["a", "b", "c"],
    ]);
  });

  it("a function of the previous state that throws throws to the body and changes nothing", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { initialState: 1 });
    const error = new Error("broken");
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    expect(() =>
      work.context.setState(() => {
        throw error;
      }),
    ).toThrow(error);
    expect(job.state).toBe(1);
    expect(heard).toEqual([]);
  });

  it("keeps the very value, undefined and null included", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory, { initialState: "start" });
    for (const state of [{ a: 1 }, undefined, null, Number.NaN, 0, Symbol("state")]) {
      work.context.setState(state);
      expect(Object.is(job.state, state)).toBe(true);
    }
  });

  it("a state set inside the factory is there when runJob returns", () => {
    const { job } = newManager().runJob("report", (context) => {
      context.setState("begun");
      return new Promise(() => {});
    });
    expect(job.state).toBe("begun");
  });

  it("unsubscribes idempotently; the same function twice is two subscriptions", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    const listener = (state: unknown) => void heard.push(state);
    const leave = job.onStateChange(listener);
    job.onStateChange(listener);
    work.context.setState(1);
    leave();
    leave();
    work.context.setState(2);
    expect(heard).toEqual([1, 1, 2]);
  });

  it("is ignored once the job has ended; the last state stays readable", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    work.context.setState("last");
    work.resolve();
    await job.settled;
    work.context.setState("a ghost");
    let asked = false;
    work.context.setState(() => {
      asked = true;
    });
    await turn();
    expect(job.state).toBe("last");
    expect(heard).toEqual(["last"]);
    expect(asked).toBe(false);
  });

  it("is still heard while the job is asked to stop: the body may say how it cleans up", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    const barrier = job.stop();
    work.context.setState("cleaning up");
    expect(job.state).toBe("cleaning up");
    work.resolve();
    await barrier;
    expect(heard).toEqual(["cleaning up"]);
  });

  it("a pending job shows its initial state and tells those who listen already", async () => {
    const manager = newManager({ paused: true });
    const { job } = manager.runJob("report", (context) => context.setState("begun"), {
      initialState: "waiting",
    });
    const heard: unknown[] = [];
    job.onStateChange((state) => heard.push(state));
    expect(job.state).toBe("waiting");
    manager.resume();
    await job.settled;
    expect(heard).toEqual(["begun"]);
  });

  it("a listener that throws is reported and disturbs neither the body nor the others", async () => {
    const reports = catchReports();
    const error = new Error("a broken listener");
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    job.onStateChange(() => {
      throw error;
    });
    job.onStateChange((state) => heard.push(state));
    work.context.setState(1);
    expect(heard).toEqual([1]);
    expect(reports.errors).toEqual([error]);
    work.resolve("fine");
    expect(await job.result).toBe("fine");
  });

  it("two jobs hear nothing of each other", () => {
    const manager = newManager();
    const left = new Work();
    const right = new Work();
    const heard: unknown[] = [];
    manager.runJob("left", left.factory).job.onStateChange((state) => heard.push(`left ${state}`));
    manager.runJob("right", right.factory).job.onStateChange((state) => heard.push(`right ${state}`));
    right.context.setState(1);
    left.context.setState(2);
    expect(heard).toEqual(["right 1", "left 2"]);
  });
});

describe("JobContext.progress and ManagedJob.onProgress", () => {
  it("starts at 0 without a message, then tells percent and message", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    expect(job.progress).toEqual({ percent: 0, message: "" });
    const heard: unknown[] = [];
    const leave = job.onProgress((progress) => heard.push(progress));
    work.context.progress(12.5, "reading");
    expect(job.progress).toEqual({ percent: 12.5, message: "reading" });
    work.context.progress(50, "writing");
    leave();
    work.context.progress(60, "nobody listens");
    expect(heard).toEqual([
      { percent: 12.5, message: "reading" },
      { percent: 50, message: "writing" },
    ]);
    work.context.progress(70);
    expect(job.progress.percent).toBe(70);
    expect(typeof job.progress.message).toBe("string");
  });

  it("clamps percent to 0..100", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const percents = [-5, 150, 1e300, -1e300, 100.0001, 42].map((percent) => {
      work.context.progress(percent, "");
      return job.progress.percent;
    });
    expect(percents).toEqual([0, 100, 100, 0, 100, 42]);
  });

  it("a percent that is not finite throws RangeError to the caller and changes nothing", () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    work.context.progress(10, "so far");
    job.onProgress((progress) => heard.push(progress));
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => work.context.progress(bad, "bad")).toThrow(RangeError);
    }
    expect(() => work.context.progress("50" as unknown as number)).toThrow(TypeError);
    expect(job.progress).toEqual({ percent: 10, message: "so far" });
    expect(heard).toEqual([]);
  });

  it("is ignored once the job has ended", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: unknown[] = [];
    job.onProgress((progress) => heard.push(progress));
    work.context.progress(99, "almost");
    work.resolve();
    await job.settled;
    work.context.progress(100, "a ghost");
    expect(job.progress).toEqual({ percent: 99, message: "almost" });
    expect(heard.length).toBe(1);
  });

  it("a listener that throws is reported and disturbs no other", () => {
    const reports = catchReports();
    const error = new Error("a broken listener");
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const heard: number[] = [];
    job.onProgress(() => {
      throw error;
    });
    job.onProgress(({ percent }) => heard.push(percent));
    work.context.progress(1);
    expect(heard).toEqual([1]);
    expect(reports.errors).toEqual([error]);
  });
});
