import * as entry from "jobgate-panic/shared";
import { expect, test } from "vitest";
import { breakEngine, engineFailure, laterCallsFail } from "../support/panic.js";
import { latch } from "./support/tabs.js";
import { type } from "./support/types.js";

const { SharedRunner, __panic: panic } = entry as typeof entry & { __panic(): void };

const name = crypto.randomUUID();
const started = latch();
const aborted = latch<unknown>();
const types = [
  type("hold", (_: unknown, { signal }: entry.SharedTaskContext) => {
    started.open();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        aborted.open(signal.reason);
        reject(signal.reason);
      });
    });
  }),
];
const runner = new SharedRunner({ name, types, builtins: false });
const closing = new SharedRunner({ name, types, builtins: false, execute: false });
const { job } = await runner.runJob("key", "hold");
await started.opened;
const waiting = await runner.createJob("hold", {}, { delay: 60_000 });
await closing.ready;

async function read(stream: ReadableStream<unknown>): Promise<void> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

/** Every promise that a runner can owe: nobody may wait for ever. */
const owed: Record<string, Promise<unknown>> = {
  "a job's result": job.result,
  "a stream of a running job": read(runner.watch(job.record.id)),
  "a stream of a pending job": read(runner.watch(waiting.id)),
  "a job's events": read(job.events()),
  createJob: runner.createJob("hold"),
  stopJob: runner.stopJob("key"),
  cancelJob: runner.cancelJob(waiting.id),
  "a job's stop": job.stop(),
  dispatch: job.dispatch(undefined as never),
};
const outcomes = Object.entries(owed).map(
  ([name, promise]) =>
    [
      name,
      promise.then(
        () => undefined,
        (error: unknown) => error,
      ),
    ] as const,
);
const settled = job.settled;
breakEngine(panic);

test.each(outcomes)("the promise of %s rejects with an error that says so", async (_, outcome) =>
  engineFailure(await outcome),
);

test("a job's end is told as a failure of the engine; its body hears of it, too", async () => {
  expect(await settled).toMatchObject({ type: "Failed", error: { code: "E_ENGINE" } });
  engineFailure(await aborted.opened);
});

test("what the tab held is free: another goes on at once", async () => {
  const ours = async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return [...held, ...pending].filter((lock) => lock.name?.includes(name));
  };
  await expect.poll(ours).toEqual([]);
});

test("a runner can be closed, and what was said last is still there", async () => {
  await closing.close();
  expect(closing.storage).toBe("disk");
});

laterCallsFail({
  "new SharedRunner": () => new SharedRunner({ name }),
  createJob: () => runner.createJob("hold"),
  runJob: () => runner.runJob("key", "hold"),
  getJob: () => runner.getJob(waiting.id),
  getAllJobs: () => runner.getAllJobs(),
  getSnapshot: () => runner.getSnapshot(),
  stopJob: () => runner.stopJob("key"),
  cancelJob: () => runner.cancelJob(waiting.id),
  setPriority: () => runner.setPriority(waiting.id, 1),
  clearCompleted: () => runner.clearCompleted(),
  dispatch: () => job.dispatch(undefined as never),
  stop: () => job.stop(),
});
