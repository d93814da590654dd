import { gate, JobManager } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { deferred } from "../support/work.js";
import { Bystanders } from "./support/bystanders.js";
import { catchStrayErrors } from "./support/errors.js";
import { Hostile } from "./support/unreadable.js";

/** What reads of an object were made, by field. */
interface Reads {
  readonly object: never;
  readonly counts: Record<string, number>;
}

/** Counts reads of each field, those of objects in it as well; the read of `broken` throws, from the given one on. */
function counted(fields: object, broken?: string, from = 1, counts: Record<string, number> = {}, path = ""): Reads {
  const object = {};
  for (const [name, value] of Object.entries(fields)) {
    const field = path + name;
    const isPlain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    const given = isPlain ? counted(value, broken, from, counts, `${field}.`).object : value;
    Object.defineProperty(object, name, {
      enumerable: true,
      get() {
        counts[field] = (counts[field] ?? 0) + 1;
        if (field === broken && counts[field] >= from) throw new Hostile(`the getter of ${field}`);
        return given;
      },
    });
  }
  return { object: object as never, counts };
}

const runOptions = {
  priority: 3,
  timeout: 60_000,
  delay: 0,
  group: "g",
  name: "n",
  onDuplicate: "queue",
  initialState: 5,
  signal: new AbortController().signal,
  retry: { limit: 1, delay: 5, maxDelay: 5, backoff: "fixed", jitter: "none", retryIf: () => false },
};
const managerOptions = {
  name: "n",
  concurrency: 2,
  groupConcurrency: 2,
  maxPending: 5,
  retain: 1,
  paused: false,
  rateLimit: { limit: 5, interval: 5 },
  defaults: {
    priority: 3,
    timeout: 60_000,
    delay: 0,
    group: "g",
    name: "n",
    onDuplicate: "queue",
    retry: runOptions.retry,
  },
};

/** Names of fields, those in fields too: `retry`, `retry.limit`. */
function pathsOf(fields: object, path = ""): string[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const isPlain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    return isPlain ? [path + name, ...pathsOf(value, `${path}${name}.`)] : [path + name];
  });
}

describe("options are read whole, once, before anything changes", () => {
  it("each field of runJob's is read at most once", async () => {
    const { object, counts } = counted(runOptions);
    const manager = newManager();
    const { job } = manager.runJob("k", async () => "done", object);
    expect(await job.result).toBe("done");
    expect([job.priority, job.state]).toEqual([3, 5]);
    expect(Object.entries(counts).filter(([, count]) => count > 1)).toEqual([]);
  });

  it("each field of a manager's is read at most once", async () => {
    const { object, counts } = counted(managerOptions);
    const manager = newManager(object);
    expect(await manager.runJob("k", async () => "done").job.result).toBe("done");
    expect(Object.entries(counts).filter(([, count]) => count > 1)).toEqual([]);
  });

  it.each(pathsOf(runOptions))("runJob's %s that throws: the caller is told, nothing has changed", async (field) => {
    const others = new Bystanders();
    const manager = newManager();
    const before = manager.getSnapshot();
    const told: string[] = [];
    manager.subscribe(() => told.push("changed"));
    manager.onKeyChange("k", () => told.push("key"));
    const { object } = counted(runOptions, field);
    expect(() => manager.runJob("k", async () => told.push("called"), object)).toThrow(Hostile);
    expect(manager.getSnapshot()).toBe(before);
    others.check();
    await manager.onIdle();
    expect(told).toEqual([]);
    expect(await manager.runJob("k", async () => "free").job.result).toBe("free");
    await others.leave();
  });

  it.each(pathsOf(managerOptions))("a manager's %s that throws: no manager, and nothing else", async (field) => {
    const others = new Bystanders();
    expect(() => new JobManager(counted(managerOptions, field).object)).toThrow(Hostile);
    expect(await newManager().runJob("k", async () => "free").job.result).toBe("free");
    await others.leave();
  });

  it("runJob's that throw when they are read again change nothing", async () => {
    for (const field of pathsOf(runOptions)) {
      const { job } = newManager().runJob("k", async () => "done", counted(runOptions, field, 2).object);
      expect(await job.result, field).toBe("done");
    }
  });

  it("stop's and wait's", async () => {
    const others = new Bystanders();
    const done = deferred();
    const manager = newManager();
    const { job } = manager.runJob("k", () => done.promise);
    const tried = refusalOf(() => job.stop("why", counted({ timeout: 5 }, "timeout").object));
    expect(await tried).toBeInstanceOf(Hostile);
    expect([job.status, job.stopping]).toEqual(["running", false]);
    const barrier = gate();
    const { object, counts } = counted({ signal: new AbortController().signal });
    const waited = barrier.wait(object);
    barrier.open();
    await waited;
    expect(counts).toEqual({ signal: 1 });
    expect(await refusalOf(() => gate().wait(counted({ signal: 1 }, "signal").object))).toBeInstanceOf(Hostile);
    done.resolve();
    await manager.onIdle();
    await others.leave();
  });
});

/** What a call throws, or its promise rejects with. */
async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}

describe("stop(reason, { timeout })", () => {
  const wrong = ["20", null, {}, true, 5n, [20], () => 20, Symbol("20")].map((value) => [typeof value, value] as const);
  it.each(wrong)(
    "a timeout of a wrong type, of %s, is a TypeError, and nobody was asked to stop",
    async (_, timeout) => {
      const manager = newManager();
      const done = deferred();
      const { job } = manager.runJob("k", () => done.promise);
      const error = await refusalOf(() => job.stop("why", { timeout: timeout as never }));
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain("timeout");
      expect([job.status, job.stopping]).toEqual(["running", false]);
      done.resolve();
      expect((await job.settled).type).toBe("Normal");
    },
  );

  it.each([[Number.NaN], [-1], [Number.NEGATIVE_INFINITY]])(
    "a timeout of %s is a RangeError, and nobody was asked to stop",
    async (timeout) => {
      const manager = newManager();
      const done = deferred();
      const { job } = manager.runJob("k", () => done.promise);
      expect(await refusalOf(() => job.stop("why", { timeout }))).toBeInstanceOf(RangeError);
      expect([job.status, job.stopping]).toEqual(["running", false]);
      done.resolve();
      expect((await job.settled).type).toBe("Normal");
    },
  );

  it("not awaited, it causes no unhandled rejection", async () => {
    const stray = catchStrayErrors();
    const manager = newManager();
    const done = deferred();
    const { job } = manager.runJob("k", () => done.promise);
    void job.stop("why", { timeout: 1 });
    void job.stop("why", { timeout: 0 });
    await expect(job.stop("why", { timeout: 3 })).rejects.toMatchObject({ code: "E_STOP_TIMEOUT" });
    expect(await stray.unhandled()).toHaveLength(0);
    done.resolve();
    await manager.onIdle();
  });
});

describe("a refusal says what was given", () => {
  const given: readonly [string, (manager: ReturnType<typeof newManager>) => unknown, string, string][] = [
    ["retry: -1", (m) => m.runJob("k", async () => {}, { retry: -1 }), "retry", "-1"],
    ["retry: 1.5", (m) => m.runJob("k", async () => {}, { retry: 1.5 }), "retry", "1.5"],
    ["retry: NaN", (m) => m.runJob("k", async () => {}, { retry: Number.NaN }), "retry", "NaN"],
    ["retry.limit: -1", (m) => m.runJob("k", async () => {}, { retry: { limit: -1 } }), "retry.limit", "-1"],
    ["retry.delay: -7", (m) => m.runJob("k", async () => {}, { retry: { limit: 1, delay: -7 } }), "retry.delay", "-7"],
    ["defaults.retry: -1", () => new JobManager({ defaults: { retry: -1 } }), "retry", "-1"],
    ["defaults.retry.limit: -1", () => new JobManager({ defaults: { retry: { limit: -1 } } }), "retry", "-1"],
    ["defaults.timeout: -3", () => new JobManager({ defaults: { timeout: -3 } }), "timeout", "-3"],
    ["defaults.priority: NaN", () => new JobManager({ defaults: { priority: Number.NaN } }), "priority", "NaN"],
    ["rateLimit.limit: 0", () => new JobManager({ rateLimit: { limit: 0, interval: 1 } }), "rateLimit.limit", "0"],
    ["concurrency: -2", () => new JobManager({ concurrency: -2 }), "concurrency", "-2"],
    ["concurrency set to 0", (m) => (m.concurrency = 0), "concurrency", "0"],
    ["stop's timeout: -4", (m) => m.runJob("k", async () => {}).job.stop(0, { timeout: -4 }), "timeout", "-4"],
  ];
  it.each(given)("%s", async (_, call, field, value) => {
    const error = await refusalOf(() => call(newManager()));
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toContain(field);
    expect((error as Error).message).toMatch(new RegExp(`got ${value.replace(".", "\\.")}$`));
    expect((error as Error).message).not.toContain("undefined");
  });
});
