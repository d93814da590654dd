import { gate, JobManager, subject } from "jobgate";
import { expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

it("every method of Subject works detached", () => {
  const { next, listen } = subject<number>();
  const heard: number[] = [];
  const leave = listen((value) => heard.push(value));
  next(1);
  leave();
  next(2);
  expect(heard).toEqual([1]);
});

it("every method of Gate works detached", async () => {
  const { open, listen, wait } = gate();
  const heard: string[] = [];
  listen(() => heard.push("open"));
  const waiting = wait();
  open();
  await waiting;
  await Promise.resolve();
  expect(heard).toEqual(["open"]);
});

it("every method of JobManager works detached", async () => {
  const manager = newManager({ concurrency: 1 });
  const {
    runJob,
    getRunningJob,
    getJob,
    jobs,
    stopJob,
    stopAll,
    pause,
    resume,
    onEmpty,
    onIdle,
    subscribe,
    getSnapshot,
    onKeyChange,
    events,
    close,
  } = manager;
  let changes = 0;
  const keys: unknown[] = [];
  const leave = subscribe(() => {
    changes += 1;
  });
  onKeyChange("report", (job) => keys.push(job));
  const reader = events().getReader();
  const work = new Work();
  const { job } = runJob("report", work.factory);
  expect(getRunningJob("report")).toBe(job);
  expect(getJob(job.id)).toBe(job);
  expect(jobs("running")).toEqual([job]);
  expect(getSnapshot().jobs).toEqual([job]);
  expect(changes).toBeGreaterThan(0);
  expect(keys[0]).toBe(job);
  expect((await reader.read()).done).toBe(false);
  leave();
  pause();
  expect(manager.isPaused).toBe(true);
  resume();
  await onEmpty();
  const stopped = stopJob("report");
  work.resolve();
  await stopped;
  await onIdle();
  await stopAll();
  await close();
  expect(() => runJob("report", () => {})).toThrow();
});

it("every method of ManagedJob and its continuations works detached", async () => {
  const work = new Work();
  const { job } = newManager().runJob("report", work.factory);
  const { dispatch, onStateChange, onProgress, onStopped, setPriority, events, stop, continuations } = job;
  const { addOrRunNow, remove } = continuations;
  const heard: unknown[] = [];
  onStateChange((state) => heard.push(state));
  onProgress(({ percent }) => heard.push(percent));
  onStopped(() => heard.push("stopped"));
  addOrRunNow("kept", () => void heard.push("kept"));
  addOrRunNow("removed", () => void heard.push("removed"));
  expect(remove("removed")).toBe(true);
  work.context.onAction((action) => heard.push(action));
  dispatch("action");
  setPriority(5);
  expect(job.priority).toBe(5);
  const reader = events().getReader();
  expect((await reader.read()).value?.type).toBe("job_created");
  work.context.setState("state");
  work.context.progress(7);
  const barrier = stop();
  work.resolve();
  await barrier;
  await turn();
  expect(heard.slice(0, 3)).toEqual(["action", "state", 7]);
  expect(heard.slice(3).sort()).toEqual(["kept", "stopped"]);
});

it("every method of JobContext works detached", async () => {
  const manager = newManager();
  const { job } = manager.runJob("report", async ({ setState, progress, onAction, log, checkpoint }) => {
    const heard: unknown[] = [];
    const leave = onAction((action) => heard.push(action));
    setState("working");
    progress(50, "half");
    log("a line");
    await checkpoint();
    leave();
    return heard;
  });
  job.dispatch("action");
  expect(job.state).toBe("working");
  expect(job.progress).toEqual({ percent: 50, message: "half" });
  expect(await job.result).toEqual(["action"]);
});

it("a class that extends JobManager works as one", async () => {
  class Jobs extends JobManager<string, number, never, string> {
    greet(name: string) {
      return this.runJob(name, () => `hello ${name}`).job;
    }
  }
  const jobs = new Jobs();
  expect(await jobs.greet("world").result).toBe("hello world");
  await jobs.close();
});
