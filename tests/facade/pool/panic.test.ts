import * as core from "jobgate-panic";
import * as poolEntry from "jobgate-panic/worker-pool";
import { beforeAll, describe, expect, it } from "vitest";
import { breakEngine, engineFailure, laterCallsFail } from "../support/panic.js";
import { spawn } from "./support/pool.js";

const { JobManager } = core;
const { WorkerPool, __panic: panic } = poolEntry as typeof poolEntry & { __panic(): void };

const ended: Worker[] = [];
const watchedSpawn = () => {
  const worker = spawn();
  const terminate = worker.terminate.bind(worker);
  worker.terminate = () => {
    ended.push(worker);
    terminate();
  };
  return worker;
};
const pool = new WorkerPool({ spawn: watchedSpawn, size: 1 });
const closing = new WorkerPool({ spawn: watchedSpawn, grace: 60_000 });
const unused = new WorkerPool();

/** A factory's promise, without a manager: what the pool itself owes. */
function started(of: typeof pool): { readonly running: Promise<void>; readonly result: Promise<unknown> } {
  let result!: Promise<unknown>;
  const running = new Promise<void>((resolve) => {
    const context = { id: "1", attempt: 1, signal: new AbortController().signal, progress: () => resolve() };
    result = of.job("neverSettles")(context as never) as Promise<unknown>;
  });
  return { running, result };
}

const running = started(pool);
const waiting = started(pool);
const stopping = started(closing);
const job = new JobManager().runJob("job", pool.job("echo", 1)).job;
let outcomes: Record<string, Promise<unknown>>;

describe("after a panic in the pool's wasm", () => {
  beforeAll(async () => {
    await Promise.all([running.running, stopping.running]);
    const owed = {
      "a running job": running.result,
      "a waiting job": waiting.result,
      "a stopping job": stopping.result,
      close: closing.close(),
      "the manager's job": job.result,
    };
    outcomes = Object.fromEntries(
      Object.entries(owed).map(([name, promise]) => [
        name,
        promise.then(
          () => "it resolved",
          (error: unknown) => error,
        ),
      ]),
    );
    breakEngine(panic);
  });

  it.each(["a running job", "a waiting job", "a stopping job", "close", "the manager's job"])(
    "the promise of %s rejects with an error that says so",
    async (name) => engineFailure(await outcomes[name]),
  );

  it("no worker is left", () => {
    expect(ended).toHaveLength(2);
  });

  const context = { id: "2", attempt: 1, signal: new AbortController().signal };
  const calls: Record<string, () => unknown> = {
    "new WorkerPool": () => new WorkerPool(),
    "a job's factory": () => pool.job("echo")(context as never),
    "a job's factory, of a pool that was closing": () => closing.job("echo")(context as never),
    "a job's factory, of a pool without workers": () => unused.job("echo")(context as never),
    stats: () => pool.stats,
    close: () => pool.close(),
    "close, of a pool without workers": () => unused.close(),
    "runJob of a manager": () => new JobManager().runJob("key", pool.job("echo")),
  };
  laterCallsFail(calls);
});
