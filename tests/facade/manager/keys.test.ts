import { describe, expect, it } from "vitest";
import { type AnyJob, newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

const symbol = Symbol("key");
const object = { id: 1 };
const list = [1];
const callback = () => {};
/** Each of these is a key of its own to a Map. */
const distinct: readonly unknown[] = [
  null,
  undefined,
  0,
  1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1n,
  "",
  "0",
  "1",
  "null",
  "undefined",
  "NaN",
  true,
  false,
  symbol,
  Symbol("key"),
  object,
  { id: 1 },
  list,
  [1],
  callback,
  () => {},
  "__proto__",
  "constructor",
];

describe("keys", () => {
  it("null, undefined, 0, NaN, objects as keys: as a Map treats them", async () => {
    const manager = newManager<unknown>();
    const jobs = new Map<unknown, AnyJob<unknown>>();
    const bodies = distinct.map((key) => {
      const work = new Work();
      const { type, job } = manager.runJob(key, work.factory);
      expect(type, String(key)).toBe("JOB_CREATED");
      expect(Object.is(job.key, key)).toBe(true);
      jobs.set(key, job);
      return work;
    });
    expect(jobs.size).toBe(distinct.length);
    for (const key of distinct) {
      const again = manager.runJob(key, () => "never");
      expect(again.type, String(key)).toBe("JOB_ALREADY_RUNNING");
      expect(again.job).toBe(jobs.get(key));
      expect(manager.getRunningJob(key)).toBe(jobs.get(key));
    }
    for (const work of bodies) work.resolve();
    await manager.onIdle();
    for (const key of distinct) expect(manager.getRunningJob(key)).toBeUndefined();
  });

  it("-0 is 0, and NaN is NaN", () => {
    const manager = newManager<number>();
    const zero = manager.runJob(-0, new Work().factory).job;
    const nan = manager.runJob(Number.NaN, new Work().factory).job;
    expect(manager.runJob(0, () => {}).job).toBe(zero);
    expect(manager.runJob(0 / 0, () => {}).job).toBe(nan);
    expect(manager.getRunningJob(0)).toBe(zero);
    expect(manager.getRunningJob(-0)).toBe(zero);
    expect(manager.getRunningJob(Number.NaN)).toBe(nan);
  });

  it("null, undefined, 0, NaN, objects as keys of stopJob and onKeyChange", async () => {
    const manager = newManager<unknown>();
    for (const key of distinct) {
      const heard: unknown[] = [];
      const leave = manager.onKeyChange(key, (job) => heard.push(job));
      const work = new Work();
      const { job } = manager.runJob(key, work.factory);
      const stopped = manager.stopJob(key, "enough");
      expect(job.stopping, String(key)).toBe(true);
      work.resolve();
      await stopped;
      expect(job.status).toBe("cancelled");
      expect(heard.at(0)).toBe(job);
      expect(heard.at(-1)).toBeUndefined();
      leave();
    }
  });

  it("strings that are equal are one key, however they were made", () => {
    const manager = newManager();
    const { job } = manager.runJob("page-12-ü", new Work().factory);
    const built = ["page", 12, "ü"].join("-");
    expect(manager.getRunningJob(built)).toBe(job);
    expect(manager.runJob(built, () => {}).type).toBe("JOB_ALREADY_RUNNING");
  });

  it("an object that cannot be made a text is a key as any other", async () => {
    const key: unknown = Object.create(null);
    const manager = newManager<unknown>();
    const { job } = manager.runJob(key, new Work().factory);
    expect(manager.getRunningJob(key)).toBe(job);
    expect(manager.getRunningJob(Object.create(null))).toBeUndefined();
    const first = await job.events().getReader().read();
    expect(first.value).toMatchObject({ type: "job_created", job: { id: job.id } });
  });

  it("two managers share no key", () => {
    const left = newManager();
    const right = newManager();
    const { job } = left.runJob("report", new Work().factory);
    expect(right.getRunningJob("report")).toBeUndefined();
    expect(right.runJob("report", new Work().factory).type).toBe("JOB_CREATED");
    expect(left.getRunningJob("report")).toBe(job);
  });

  it("a key that was never used has no job", () => {
    expect(newManager().getRunningJob("never")).toBeUndefined();
  });
});
