import { NonRetriableError, retryAfter } from "jobgate";
import { describe, expect, it, onTestFinished } from "vitest";
import { newManager } from "../support/manager.js";
import { untilAborted, Work } from "../support/work.js";

/** What is reported while the test runs. */
function reported(): unknown[] {
  const errors: unknown[] = [];
  const { reportError } = globalThis;
  globalThis.reportError = (error) => errors.push(error);
  onTestFinished(() => {
    globalThis.reportError = reportError;
  });
  return errors;
}

describe("onError", () => {
  it("is told of every job that ends failed, with the very error, and of no other", async () => {
    const told: unknown[] = [];
    const manager = newManager({ onError: (error, job) => told.push([error, job]) });
    const error = new Error("no such file");
    const failed = manager.runJob("a", () => Promise.reject(error)).job;
    const late = manager.runJob("b", ({ signal }) => new Promise((r) => signal.addEventListener("abort", r)), {
      timeout: 1,
    });
    await Promise.all([failed.settled, late.job.settled, manager.runJob("c", () => "well").job.settled]);
    await manager.runJob("d", untilAborted).job.stop();
    expect(told).toHaveLength(2);
    expect(told[0]).toEqual([error, failed]);
    expect((told[1] as [Error])[0]).toBe((late.job.completion as { error: unknown }).error);
  });

  it("that throws is reported and disturbs nothing", async () => {
    const errors = reported();
    const broken = new Error("the tracker is down");
    const manager = newManager({
      onError: () => {
        throw broken;
      },
    });
    const ends: string[] = [];
    manager.onJobEnded(({ key }, { type }) => ends.push(`${key} ${type}`));
    await manager.runJob("a", () => Promise.reject(1)).job.settled;
    expect(errors).toEqual([broken]);
    expect(ends).toEqual(["a Failed"]);
  });

  it("has to be a function", () => {
    expect(() => newManager({ onError: "console" as never })).toThrow("onError must be a function, got string");
  });
});

describe("onJobEnded", () => {
  it("tells every end, with the completion itself, in order, until it is left", async () => {
    const manager = newManager();
    const ends: unknown[] = [];
    const leave = manager.onJobEnded((job, completion) => ends.push([job, completion]));
    const [a, b] = [new Work(), new Work()].map((work, n) => ({ work, job: manager.runJob(`${n}`, work.factory).job }));
    if (a === undefined || b === undefined) throw new Error("two were made");
    b.work.resolve(2);
    await b.job.settled;
    a.work.reject("failed");
    await a.job.settled;
    expect(ends).toEqual([
      [b.job, { type: "Normal", result: 2 }],
      [a.job, { type: "Failed", error: "failed" }],
    ]);
    expect((ends[0] as unknown[])[1]).toBe(b.job.completion);
    leave();
    leave();
    await manager.runJob("later", untilAborted).job.stop();
    expect(ends).toHaveLength(2);
  });

  it("tells those of add and map, too, which have no key", async () => {
    const manager = newManager();
    const keys: unknown[] = [];
    manager.onJobEnded(({ key }) => keys.push(key));
    await manager.add(() => 1).settled;
    await manager.map([1, 2], (item) => item);
    expect(keys).toEqual([undefined, undefined, undefined]);
  });
});

describe("lastError and readyAt", () => {
  it("show what the latest attempt threw and until when the next one waits", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("a", work.factory, { retry: { limit: 1, delay: 20_000, jitter: "none" } });
    expect([job.lastError, job.readyAt]).toEqual([undefined, undefined]);
    const retrying = new Promise((resolve) => manager.subscribe(() => job.status === "pending" && resolve(null)));
    const error = new Error("first");
    const before = Date.now();
    work.reject(error);
    await retrying;
    expect(job.lastError).toBe(error);
    expect(job.readyAt! - before).toBeGreaterThanOrEqual(19_000);
    expect(job.readyAt! - Date.now()).toBeLessThanOrEqual(20_010);
    await job.stop();
    expect([job.lastError, job.readyAt]).toEqual([undefined, undefined]);
  });

  it("readyAt is there for a delay, too, and in records", async () => {
    const manager = newManager();
    const { job } = manager.runJob("a", () => 1, { delay: 60_000 });
    expect(job.readyAt! - job.createdAt).toBeGreaterThanOrEqual(59_000);
    const { value } = await job.events().getReader().read();
    expect(value).toMatchObject({ type: "job_created", job: { ready_at: expect.any(Number), status: "pending" } });
    expect(manager.runJob("b", untilAborted).job.readyAt).toBeUndefined();
  });
});

describe("retry.delay as a function", () => {
  it("is asked before each retry, with the error and the attempt, and its answer taken as it is", async () => {
    const manager = newManager();
    const asked: unknown[] = [];
    const delay = (error: unknown, attempt: number) => {
      asked.push([error, attempt]);
      return 1;
    };
    const { job } = manager.runJob("a", ({ attempt }) => Promise.reject(`no ${attempt}`), {
      retry: { limit: 2, delay },
    });
    await job.settled;
    expect(asked).toEqual([
      ["no 1", 1],
      ["no 2", 2],
    ]);
  });

  it("waits no longer than maxDelay", async () => {
    const manager = newManager();
    const { job } = manager.runJob("a", ({ attempt }) => (attempt === 1 ? Promise.reject(1) : "second"), {
      retry: { limit: 1, delay: () => Number.MAX_VALUE, maxDelay: 5 },
    });
    expect(await job.result).toBe("second");
  });

  it("answers undefined for the wait as it would be otherwise; anything else is reported", async () => {
    const errors = reported();
    const manager = newManager({ defaults: { retry: { limit: 3, maxDelay: 1, delay: () => undefined } } });
    const body = ({ attempt }: { attempt: number }) => (attempt === 1 ? Promise.reject(1) : attempt);
    expect(await manager.runJob("undefined", body).job.result).toBe(2);
    expect(errors).toEqual([]);
    const thrown = new Error("broken rule");
    const rules = ["5", -1, Number.NaN].map((answer) => () => answer as number);
    rules.push(() => {
      throw thrown;
    });
    for (const [index, delay] of rules.entries()) {
      expect(await manager.runJob(`${index}`, body, { retry: { limit: 1, maxDelay: 1, delay } }).job.result).toBe(2);
    }
    expect(errors.slice(0, 3).map(String)).toEqual(
      ["string", "-1", "NaN"].map(
        (given) => `TypeError: retry.delay must answer a number of milliseconds, 0 or more, or undefined, got ${given}`,
      ),
    );
    expect(errors[3]).toBe(thrown);
  });

  it("is not asked where there is no retry", async () => {
    const manager = newManager();
    let asked = 0;
    const retry = { limit: 1, delay: () => ++asked };
    await manager.runJob("a", () => Promise.reject(new NonRetriableError("no")), { retry }).job.settled;
    await manager.runJob("b", () => Promise.reject(1), { retry: { ...retry, limit: 0 } }).job.settled;
    expect(asked).toBe(0);
  });
});

describe("retryAfter", () => {
  const of = (value: string | null) => ({ headers: new Headers(value === null ? {} : { "Retry-After": value }) });
  const now = Date.UTC(2026, 10, 28, 12, 0, 0);

  it("reads seconds and HTTP dates", () => {
    expect(retryAfter(of("120"))).toBe(120_000);
    expect(retryAfter(of(" 0 "))).toBe(0);
    expect(retryAfter(of("Sat, 28 Nov 2026 12:00:30 GMT"), now)).toBe(30_000);
    expect(retryAfter(of("Saturday, 28-Nov-26 12:00:30 GMT"), now)).toBe(30_000);
    expect(retryAfter(of("Sat, 28 Nov 2026 11:00:00 GMT"), now)).toBe(0);
  });

  it("is undefined where there is none, or none that can be read", () => {
    for (const value of [null, "", "soon", "-5", "1.5", "2026-11-28", "Sat"])
      expect(retryAfter(of(value))).toBeUndefined();
  });
});
