import * as jobgate from "jobgate-panic";
import { beforeAll, describe, expect, it } from "vitest";
import { breakEngine, engineFailure, laterCallsFail } from "../support/panic.js";
import type { AnyContext } from "../support/work.js";

const { __panic: panic } = jobgate as typeof jobgate & { __panic(): void };
const { gate, JobManager, subject } = jobgate;

// biome-ignore lint/suspicious/noExplicitAny: states and actions are not what this is about
const manager = new JobManager<string, any, any, any>({ concurrency: 1, retain: 5 });
const stopper = new JobManager();
const closing = new JobManager();
const door = gate();
const numbers = subject<number>();
const controller = new AbortController();
const never = () => new Promise<never>(() => {});
let context!: AnyContext;

const running = manager.runJob("running", (given) => {
  context = given;
  return never();
}).job;
const pending = manager.runJob("pending", () => 1).job;
const delayed = manager.runJob("delayed", () => 1, { delay: 5 }).job;
const timed = stopper.runJob("timed", never, { timeout: 5 }).job;
const stopping = stopper.runJob("stopping", never).job;
const closed = closing.runJob("closed", never).job;

/** Every promise that the package can owe: nobody may wait for ever. */
const owed: Record<string, Promise<unknown>> = {
  "result of a running job": running.result,
  "result of a pending job": pending.result,
  "result of a delayed job": delayed.result,
  "result of a job with a timeout": timed.result,
  "result of a stopping job": stopping.result,
  "result of a job whose manager is closing": closed.result,
  "stop of a job": stopping.stop(),
  "stop with a timeout": stopping.stop("enough", { timeout: 5 }),
  stopJob: stopper.stopJob("stopping"),
  stopAll: stopper.stopAll(),
  onIdle: manager.onIdle(),
  onEmpty: manager.onEmpty(),
  close: closing.close(),
  "wait of a gate": door.wait(),
  "wait of a gate with a signal": door.wait({ signal: controller.signal }),
  checkpoint: context.checkpoint(),
  "a stream of a job": drain(running.events()),
  "a stream of a manager": drain(manager.events()),
};
const unsubscribe = [
  manager.subscribe(() => {}),
  manager.onKeyChange("running", () => {}),
  running.onStateChange(() => {}),
  numbers.listen(() => {}),
];
const settled = [running.settled, pending.settled, stopping.settled, closed.settled];
const outcomes = Object.fromEntries(
  Object.entries(owed).map(([name, promise]) => [
    name,
    promise.then(
      () => "resolved",
      () => "rejected",
    ),
  ]),
);

async function drain(stream: ReadableStream<unknown>): Promise<void> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

beforeAll(() => {
  breakEngine(panic);
});

describe("after a panic inside wasm", () => {
  it.each(Object.keys(owed))("the promise of %s does not hang", async (name) => {
    expect(["resolved", "rejected"]).toContain(await outcomes[name]);
  });

  it("settled never rejects: it tells of the engine's failure", async () => {
    for (const completion of await Promise.all(settled)) {
      expect(completion.type).toBe("Failed");
      if (completion.type === "Failed") engineFailure(completion.error);
    }
  });

  it("result rejects with an error that says what happened", async () => {
    await running.result.then(() => expect.unreachable(), engineFailure);
    await stopping.result.then(() => expect.unreachable(), engineFailure);
  });

  it("unsubscribing still works", () => {
    for (const off of unsubscribe) expect(off).not.toThrow();
  });

  const calls: Record<string, () => unknown> = {
    "new JobManager and runJob": () => new JobManager().runJob("new", () => 1),
    runJob: () => manager.runJob("another", () => 1),
    "runJob of a standing key": () => manager.runJob("running", () => 1),
    stopJob: () => manager.stopJob("running"),
    stopAll: () => manager.stopAll(),
    pause: () => manager.pause(),
    resume: () => manager.resume(),
    "setting concurrency": () => {
      manager.concurrency = 2;
    },
    onIdle: () => manager.onIdle(),
    onEmpty: () => manager.onEmpty(),
    subscribe: () => manager.subscribe(() => {}),
    onKeyChange: () => manager.onKeyChange("running", () => {}),
    close: () => manager.close(),
    "job.stop": () => pending.stop(),
    "job.dispatch": () => running.dispatch(1),
    "job.setPriority": () => pending.setPriority(1),
    "job.onStateChange": () => running.onStateChange(() => {}),
    "context.setState": () => context.setState(1),
    "context.progress": () => context.progress(1),
    "subject().listen": () => subject().listen(() => {}),
    "subject.next": () => numbers.next(1),
    "subject.listen": () => numbers.listen(() => {}),
    "gate.open": () => door.open(),
    "gate.listen": () => door.listen(() => {}),
    "gate.wait": () => door.wait(),
    "gate().open": () => gate().open(),
  };
  laterCallsFail(calls);
});
