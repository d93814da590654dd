import * as core from "jobgate-panic";
import * as runnerEntry from "jobgate-panic/runner";
import { beforeAll, describe, expect, it } from "vitest";
import { breakEngine, engineFailure, laterCallsFail } from "../support/panic.js";
import { deferred } from "../support/work.js";
import { FakeSocket } from "./support/socket.js";

const { JobRunner, QueueClient, __panic: panic } = runnerEntry as typeof runnerEntry & { __panic(): void };

const work = deferred<unknown>();
const held = { name: "held", description: "", params: [], execute: () => work.promise };
const runner = new JobRunner({ types: [held], concurrency: 2 });
const closing = new JobRunner({ types: [held] });
const { port1, port2 } = new MessageChannel();
const socket = new FakeSocket();

const running = runner.createJob("held");
const builtin = runner.createJob("countdown", { seconds: 60 });
const pending = runner.createJob("held");
closing.createJob("held");
runner.serve(port1);
runner.serve(socket);
const client = new QueueClient(port2);
let changes = 0;
runner.subscribe(() => {
  changes += 1;
});

async function read(stream: ReadableStream<unknown>): Promise<void> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

/** Every promise that a runner or a client can owe: nobody may wait for ever. */
const owed: Record<string, Promise<unknown>> = {
  "a stream of a running job": read(runner.watch(running.id)),
  "a stream of a pending job": read(runner.watch(pending.id)),
  "a byte stream": read(runner.eventStream(builtin.id)),
  stop: runner.stop(),
  close: closing.close(),
  "onIdle of the manager": runner.manager.onIdle(),
};
const outcomes = Object.fromEntries(
  Object.entries(owed).map(([name, promise]) => [
    name,
    promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
  ]),
);

let asked: Promise<unknown>;

describe("after a panic in the runner's wasm", () => {
  beforeAll(async () => {
    await new Promise<void>((resolve) => {
      client.subscribe(() => client.getSnapshot().connected && resolve());
    });
    asked = client.createJob("held").catch((error: unknown) => error);
    breakEngine(panic);
  });

  it.each(Object.keys(owed))("the promise of %s rejects with an error that says so", async (name) =>
    engineFailure(await outcomes[name]),
  );

  it("the other end of a port is told, and whoever waits there with it", async () => {
    expect(await asked).toMatchObject({ code: "E_CLOSED" });
    expect(client.getSnapshot().connected).toBe(false);
    await expect(client.cancelJob(running.id)).rejects.toThrow(/engine has failed/);
    await expect(client.createJob("held")).rejects.toThrow(/engine has failed/);
    expect(socket.sent.at(-1)).toMatchObject({ type: "error", code: 410, error: expect.stringMatching(/panic/) });
    expect(socket.listenerCount).toBe(0);
  });

  it("who looks on is told of a change", () => {
    const before = changes;
    expect(before).toBeGreaterThan(0);
    expect(runner.getJob(running.id)).toMatchObject({ status: "failed", error: { code: "E_ENGINE" } });
  });

  const calls: Record<string, () => unknown> = {
    "new JobRunner": () => new JobRunner(),
    createJob: () => runner.createJob("held"),
    "createJob of a built-in type": () => runner.createJob("prime"),
    "createJob of a standing id": () => runner.createJob("held", {}, { id: running.id }),
    getAllJobs: () => runner.getAllJobs(),
    getPendingJobs: () => runner.getPendingJobs(),
    getRunningJobs: () => runner.getRunningJobs(),
    getSnapshot: () => runner.getSnapshot(),
    getQueueStats: () => runner.getQueueStats(),
    getWorkerStats: () => runner.getWorkerStats(),
    getMetrics: () => runner.getMetrics(),
    cancelJob: () => runner.cancelJob(running.id),
    setPriority: () => runner.setPriority(pending.id, 1),
    retryJob: () => runner.retryJob(running.id),
    clearCompleted: () => runner.clearCompleted(),
    validateJobParams: () => runner.validateJobParams("prime", {}),
    start: () => runner.start(),
    stop: () => runner.stop(),
    setConcurrency: () => runner.setConcurrency(1),
    subscribe: () => runner.subscribe(() => {}),
    onEvent: () => runner.onEvent(() => {}),
    watch: () => runner.watch(running.id),
    eventStream: () => runner.eventStream(running.id),
    serve: () => runner.serve(new MessageChannel().port1),
    close: () => runner.close(),
    "runJob of its manager": () => runner.manager.runJob("key", () => 1),
    "runJob of another manager": () => new core.JobManager().runJob("key", () => 1),
  };
  laterCallsFail(calls);
});
