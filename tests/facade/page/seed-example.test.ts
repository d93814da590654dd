import { gate, type Job, subject } from "jobgate";
import { expect, it, vi } from "vitest";
import { completionJobManager, simpleCompletion } from "../support/seed-example.js";
import { deferred } from "../support/work.js";

type State = { type: "idle" } | { type: "streaming" };

/** The same form with work in it that takes a while: streaming until `perform` is done. */
function slowCompletion(perform: (signal: AbortSignal) => Promise<void>): Job<State, never> {
  const stopGate = gate();
  const stateSubject = subject<State>();
  const abortController = new AbortController();
  let currentState: State = { type: "idle" };
  const change = (state: State) => {
    currentState = state;
    stateSubject.next(state);
  };
  void (async () => {
    change({ type: "streaming" });
    await perform(abortController.signal);
    change({ type: "idle" });
    stopGate.open();
  })();
  return {
    get state() {
      return currentState;
    },
    dispatch() {},
    onStateChange: stateSubject.listen,
    stop: async () => {
      abortController.abort();
      stopGate.open();
    },
    onStopped: stopGate.listen,
  };
}

it("runs an app's own job as it stands, although it ends before its factory returns", async () => {
  const run = (input: string) => completionJobManager.runJob("page 1", () => simpleCompletion(input, [], "page 1"));
  const result = run("hello");
  expect(result.type).toBe("JOB_CREATED");
  expect(result.job.state).toEqual({ type: "streaming" });
  expect((await result.job.settled).type).toBe("Normal");
  expect(completionJobManager.getRunningJob("page 1")).toBeUndefined();
  expect(run("again").type).toBe("JOB_CREATED");
});

it("the component that finds the job running watches it to its end", async () => {
  const work = deferred();
  const run = () => completionJobManager.runJob("page 2", () => slowCompletion(() => work.promise));
  const created = run();
  expect([created.type, run().type]).toEqual(["JOB_CREATED", "JOB_ALREADY_RUNNING"]);

  const job = completionJobManager.getRunningJob("page 2");
  expect(job).toBe(created.job);
  expect(job?.state).toEqual({ type: "streaming" });
  const states: unknown[] = [];
  const unsubscribe = job?.onStateChange((state) => states.push(state));
  const stopped = vi.fn();
  job?.onStopped(stopped);
  work.resolve();
  await created.job.settled;
  await Promise.resolve();
  expect(stopped).toHaveBeenCalledOnce();
  expect(states).toEqual([{ type: "idle" }]);
  unsubscribe?.();
});

it("stopping it stops its work", async () => {
  const signals: AbortSignal[] = [];
  completionJobManager.runJob("page 3", () =>
    slowCompletion((signal) => {
      signals.push(signal);
      return new Promise(() => {});
    }),
  );
  const job = completionJobManager.getRunningJob("page 3");
  await job?.stop();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(job?.completion?.type).toBe("Cancelled");
  expect(job?.stopping).toBe(false);
});
