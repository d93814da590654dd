import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { hostile, hostileNames } from "./support/hostile.js";
import { newPool, type PoolJob, runner, running } from "./support/pool.js";

const spawn = () => new Worker(new URL("./support/hostile-worker.ts", import.meta.url), { type: "module" });

/** A pool of one worker, and a job of somebody else's that waits for it. */
function start() {
  // A machine that is busy takes its time to tell a worker that it is to stop.
  const pool = newPool({ size: 1, spawn, grace: 30_000 });
  const { run } = runner(pool);
  return {
    pool,
    run,
    /** Whatever became of the job: the worker lives, and the next one's is what it should be. */
    async unharmed(spawned = 1) {
      expect(await run("echo", "next").result).toBe("next");
      expect(pool.stats).toMatchObject({ busy: 0, idle: 1, spawned, killed: spawned - 1 });
    },
  };
}

async function failureOf(job: PoolJob): Promise<unknown> {
  const { type, error } = (await job.settled) as { type: string; error: unknown };
  expect(type).toBe("Failed");
  return error;
}

describe("a body", () => {
  it.each(["throws", "rejects"])("%s whatever it likes: its job fails, its worker lives", async (type) => {
    const { run, unharmed } = start();
    for (const which of hostileNames) {
      const job = run(type, { which });
      await failureOf(job);
      expect(run("echo", which).status).toMatch(/pending|running/);
    }
    await unharmed();
  });

  it("throws an error of which only a part can be read: that part arrives", async () => {
    const { run } = start();
    const thrown = (which: string) => failureOf(run("throws", { which }));
    expect(await thrown("an error without a stack to read")).toMatchObject({ name: "Error", message: "an error" });
    expect(await thrown("an error without a name to read")).toMatchObject({ name: "Error", message: "an error" });
    expect(await thrown("an error whose cause is a revoked proxy")).toMatchObject({ message: "because" });
    const behind = await thrown("a proxy of an error");
    expect(behind).toBeInstanceOf(RangeError);
    expect(behind).toMatchObject({ message: "behind a proxy" });
  });

  it("throws more errors than anyone can read: a thousand arrive, and how many there are", async () => {
    const { run } = start();
    const { errors } = (await failureOf(run("throws", { which: "a million errors" }))) as AggregateError;
    expect(errors.length).toBeGreaterThan(500);
    expect(errors.length).toBeLessThan(2000);
    expect(errors[0]).toMatchObject({ message: "one of them" });
    expect(errors.at(-1)).toMatchObject({ message: `and ${1_000_001 - errors.length} more` });
  });

  it("returns whatever it likes: its job ends, its worker lives", async () => {
    const { run, unharmed } = start();
    for (const which of hostileNames) {
      const { type, error } = (await run("returns", { which }).settled) as { type: string; error?: Error };
      if (type === "Failed") expect(error).toMatchObject({ name: "DataCloneError" });
      else expect(type).toBe("Normal");
    }
    await unharmed();
  });

  it("returns a promise that misbehaves: the first that it says counts", async () => {
    const { run, unharmed } = start();
    expect(await failureOf(run("thenThrows"))).toMatchObject({ message: "then" });
    expect(await run("thenTwice").result).toBe("first");
    await unharmed();
  });

  it("hands over what can't be: its job fails", async () => {
    const { run, unharmed } = start();
    for (const which of hostileNames) expect(await failureOf(run("transfers", { which }))).toBeInstanceOf(Error);
    expect(await failureOf(run("handsOverTwice"))).toMatchObject({ name: "DataCloneError" });
    await unharmed();
  });

  it("has a state that can't be sent: it is thrown to the body, and the one before is told", async () => {
    const { run, unharmed } = start();
    for (const which of hostileNames) {
      const job = run("states", { which });
      expect(await job.result).toBe("went on");
      expect(job.state).toHaveProperty(job.state.at === undefined ? "state" : "at");
    }
    await unharmed();
  });

  it("says what has no text: its job goes on", async () => {
    const { run, unharmed } = start();
    for (const which of hostileNames) {
      if (which === "nothing at all") continue;
      const job = run("words", { which });
      expect(await job.result).toBe("said");
      expect(typeof job.progress.message).toBe("string");
    }
    await unharmed();
  });

  it("throws outside a job: the page is told of what, and no other worker is hit", async () => {
    const { pool, run } = start();
    for (const [place, which] of hostileNames.entries()) {
      const job = run("throwsOutside", { which });
      expect(await failureOf(job)).toMatchObject({ name: "WorkerCrashedError" });
      expect(await run("echo", place).result).toBe(place);
    }
    expect(pool.stats).toMatchObject({ busy: 0, killed: hostileNames.length });
  }, 120_000);
});

describe("a page", () => {
  it("gives params that can't be sent: the job fails and says so, the worker is free again", async () => {
    const { run, unharmed } = start();
    for (const which of hostileNames) {
      const { type, error } = (await run("echo", { which: hostile[which]() }).settled) as {
        type: string;
        error?: Error;
      };
      if (type === "Failed") {
        expect(error).toMatchObject({ name: "DataCloneError", message: expect.stringContaining('params of "echo"') });
      } else expect(type).toBe("Normal");
    }
    await unharmed();
  });

  it("throws anything from a getter of its params: the job fails all the same", async () => {
    const { run, unharmed } = start();
    for (const which of hostileNames) {
      const params = {
        get field() {
          throw hostile[which]();
        },
      };
      expect(await failureOf(run("echo", params))).toMatchObject({ name: "DataCloneError" });
    }
    await unharmed();
  });

  it("gives a list of what is handed over that is none: the job fails, or its caller is told", async () => {
    const { pool, run, unharmed } = start();
    for (const which of hostileNames) {
      const job = run("echo", 1, { transfer: [hostile[which]() as Transferable] });
      expect(await failureOf(job)).toMatchObject({ name: "DataCloneError" });
      const list = hostile[which]();
      if (list === undefined) continue;
      expect(() => pool.job("echo", 1, { transfer: list as never }), which).toThrow();
    }
    await unharmed();
  });

  it("changes the list of what is handed over once it was given: the job has it as it was", async () => {
    const { pool, unharmed } = start();
    const buffer = new ArrayBuffer(8);
    const list: Transferable[] = [buffer];
    const factory = pool.job("echo", { buffer }, { transfer: list });
    list.push({} as Transferable);
    expect(await newManager().runJob("key", factory).job.result).toMatchObject({ buffer: { byteLength: 8 } });
    expect(buffer.byteLength).toBe(0);
    await unharmed();
  });

  it("stops with any reason: the body hears of it, and the reason is the page's own", async () => {
    const { run, unharmed } = start();
    for (const which of hostileNames) {
      if (which === "nothing at all") continue;
      const reason = hostile[which]();
      const job = run("reason");
      await running(job);
      await job.stop(reason);
      const { type, reason: given } = job.completion as { type: string; reason: unknown };
      expect(type).toBe("Cancelled");
      expect(given === reason, which).toBe(true);
      expect(typeof job.state.text).toBe("string");
    }
    await unharmed();
  });

  it("uses a factory after the pool was closed, in two managers: each job fails with ManagerClosedError", async () => {
    const { pool } = start();
    const factory = pool.job("echo", 1);
    const before = [newManager(), newManager()].map((manager) => manager.runJob("same", factory).job);
    expect(await Promise.all(before.map((job) => job.result))).toEqual([1, 1]);
    await pool.close();
    for (const manager of [newManager(), newManager()]) {
      expect(await failureOf(manager.runJob("same", factory).job as PoolJob)).toMatchObject({ code: "E_CLOSED" });
    }
  });

  it("calls a factory with a context of its own making that lacks what there should be: it rejects", async () => {
    const { pool, unharmed } = start();
    const factory = pool.job("echo", 1);
    await expect(factory({} as never)).rejects.toBeInstanceOf(TypeError);
    await expect(factory(undefined as never)).rejects.toBeInstanceOf(TypeError);
    const signal = { aborted: false, addEventListener() {} };
    const reports = catchReports();
    expect(await factory({ id: "own", attempt: 1, signal } as never)).toBe(1);
    await reports.reached(1);
    await expect(
      factory({
        get id() {
          throw new Error("no id");
        },
        signal,
      } as never),
    ).rejects.toMatchObject({
      message: expect.stringContaining("no id"),
    });
    await unharmed();
  });
});

describe("spawn", () => {
  const throwingMethods = () => ({
    postMessage() {},
    terminate() {},
    removeEventListener() {},
    addEventListener() {
      throw new Error("nobody listens");
    },
  });
  const never = { postMessage() {}, terminate() {}, addEventListener() {}, removeEventListener() {} };

  it("returns whatever it likes: what waits fails with WorkerCrashedError, and the next is tried", async () => {
    const made: (() => unknown)[] = [
      ...Object.values(hostile),
      throwingMethods,
      () => Promise.resolve(never),
      () => ({ ...never, terminate: 1 }),
    ];
    let next: () => unknown = () => undefined;
    const pool = newPool({ size: 1, spawn: () => next() as Worker });
    const { run } = runner(pool);
    for (next of made) {
      const error = await failureOf(run("echo"));
      expect(error).toMatchObject({
        code: "E_WORKER_CRASHED",
        message: expect.stringContaining("could not be started"),
      });
    }
    next = spawn;
    expect(await run("echo", 1).result).toBe(1);
  });

  it("throws whatever it likes: likewise", async () => {
    let next: () => unknown = () => undefined;
    const pool = newPool({
      size: 1,
      spawn: () => {
        throw next();
      },
    });
    const { run } = runner(pool);
    for (next of Object.values(hostile))
      expect(await failureOf(run("echo"))).toMatchObject({ code: "E_WORKER_CRASHED" });
  });

  it("returns the same worker again: it serves once", async () => {
    const worker = spawn();
    const pool = newPool({ size: 2, spawn: () => worker });
    const other = newPool({ size: 1, spawn: () => worker });
    const { run } = runner(pool);
    const first = run("reason");
    await running(first);
    const message = expect.stringContaining("a new Worker each time");
    expect(await failureOf(run("echo"))).toMatchObject({ message });
    expect(await failureOf(runner(other).run("echo"))).toMatchObject({ message });
    await first.stop("enough");
    expect(first.state).toMatchObject({ text: "enough" });
    expect(await run("echo", 3).result).toBe(3);
  });

  it("returns a worker whose methods throw once it runs: every job ends, and the pool closes", async () => {
    const reports = catchReports();
    const pool = newPool({
      size: 1,
      grace: 0,
      spawn: () => {
        const worker = spawn();
        worker.removeEventListener = () => {
          throw new Error("no leaving");
        };
        return worker;
      },
    });
    const { run } = runner(pool);
    const job = run("reason");
    await running(job);
    await job.stop("enough");
    expect(await run("echo", 1).result).toBe(1);
    await pool.close();
    expect(pool.stats).toMatchObject({ busy: 0, idle: 0 });
    expect((reports.errors as Error[]).every(({ message }) => message === "no leaving")).toBe(true);
  });
});
