import { describe, expect, it, vi } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

const clock = useFakeClock();

/** Bodies that note when they were called, counted from now. */
function startTimes() {
  const start = Date.now();
  const times: string[] = [];
  return { times, body: (name: string) => () => void times.push(`${name} ${Date.now() - start}`) };
}

describe("JobManager.rateLimit", () => {
  it("says what was given, and is a copy that nobody changes", () => {
    const rateLimit = { limit: 2, interval: 1000 };
    const manager = newManager({ rateLimit });
    rateLimit.limit = 9;
    expect(manager.rateLimit).toEqual({ limit: 2, interval: 1000 });
    manager.rateLimit = undefined;
    expect(manager.rateLimit).toBeUndefined();
    expect(newManager().rateLimit).toBeUndefined();
  });

  it("can be changed while jobs wait: what was started counts in the new window, too", async () => {
    const manager = newManager({ rateLimit: { limit: 1, interval: 100 } });
    const { times, body } = startTimes();
    for (const name of ["a", "b", "c", "d", "e"]) manager.runJob(name, body(name));
    await clock.advance(250);
    expect(times).toEqual(["a 0", "b 100", "c 200"]);
    manager.rateLimit = { limit: 3, interval: 1000 };
    await clock.advance(2000);
    expect(times.slice(3)).toEqual(["d 1000", "e 1100"]);
  });

  it("says until when it holds jobs back, and the same each time it is asked", async () => {
    const manager = newManager({ rateLimit: { limit: 1, interval: 100 } });
    for (const name of ["a", "b"]) manager.runJob(name, () => 1);
    const until = manager.rateLimitedUntil;
    const began = performance.now();
    const said = new Set<number | undefined>();
    for (let hair = 0; hair < 1; hair += 0.25) {
      vi.mocked(performance.now).mockReturnValueOnce(began + hair);
      said.add(manager.rateLimitedUntil);
    }
    expect([...said]).toEqual([until]);
    await clock.advance(100);
    expect(manager.rateLimitedUntil).toBeUndefined();
  });

  it("given by a body, it counts that body", async () => {
    const manager = newManager({ concurrency: 1 });
    const { times, body } = startTimes();
    manager.runJob("a", () => {
      body("a")();
      manager.rateLimit = { limit: 1, interval: 100 };
    });
    for (const name of ["b", "c"]) manager.runJob(name, body(name));
    await clock.advance(500);
    expect(times).toEqual(["a 0", "b 100", "c 200"]);
  });

  it("taken away, it lets all start; given again, it counts those", async () => {
    const manager = newManager({ rateLimit: { limit: 1, interval: 100 } });
    const { times, body } = startTimes();
    for (const name of ["a", "b", "c"]) manager.runJob(name, body(name));
    await clock.advance(10);
    manager.rateLimit = undefined;
    expect(times).toEqual(["a 0", "b 10", "c 10"]);
    manager.rateLimit = { limit: 2, interval: 100 };
    manager.runJob("d", body("d"));
    await clock.advance(500);
    expect(times.slice(3)).toEqual(["d 110"]);
  });

  it("can be given to a manager that had none: what has run counts", async () => {
    const manager = newManager();
    const { times, body } = startTimes();
    manager.runJob("a", body("a"));
    await manager.onIdle();
    await clock.advance(30);
    manager.runJob("b", body("b"));
    manager.rateLimit = { limit: 2, interval: 100 };
    for (const name of ["c", "d"]) manager.runJob(name, body(name));
    await clock.advance(500);
    expect(times).toEqual(["a 0", "b 30", "c 100", "d 130"]);
  });

  it("one that was refused changes nothing: what runs after it counts for the next", async () => {
    const manager = newManager();
    expect(() => {
      manager.rateLimit = { limit: 0, interval: 100 };
    }).toThrow(RangeError);
    expect(manager.rateLimit).toBeUndefined();
    const { times, body } = startTimes();
    for (const name of ["a", "b"]) manager.runJob(name, body(name));
    manager.rateLimit = { limit: 2, interval: 100 };
    manager.runJob("c", body("c"));
    await clock.advance(500);
    expect(times).toEqual(["a 0", "b 0", "c 100"]);
  });

  it.each([
    [{ limit: 0, interval: 1 }, "rateLimit.limit must be an integer of at least 1, or Infinity, got 0"],
    [{ limit: 1, interval: 0 }, "rateLimit.interval must be a finite number of milliseconds above 0, got 0"],
    [{ limit: 1, interval: Number.NaN }, "rateLimit.interval must be a finite number of milliseconds above 0, got NaN"],
  ])("%o is refused, and nothing has changed", (rateLimit, message) => {
    const manager = newManager({ rateLimit: { limit: 5, interval: 10 } });
    expect(() => {
      manager.rateLimit = rateLimit;
    }).toThrow(new RangeError(message));
    expect(manager.rateLimit).toEqual({ limit: 5, interval: 10 });
    expect(() => newManager({ groupRateLimit: rateLimit })).toThrow(
      new RangeError(message.replace("rateLimit", "groupRateLimit")),
    );
  });

  it.each([null, 5, "fast", { limit: 1 }, { limit: "1", interval: 1 }])("%o is of the wrong type", (rateLimit) => {
    const manager = newManager();
    expect(() => {
      manager.rateLimit = rateLimit as never;
    }).toThrow(TypeError);
    expect(() => newManager({ groupRateLimit: rateLimit as never })).toThrow(TypeError);
  });
});

describe("JobManager.rateLimitedUntil", () => {
  it("is known while the rate limit alone holds jobs back, and watchers hear of its change", async () => {
    const manager = newManager({ rateLimit: { limit: 1, interval: 1000 } });
    let told: (number | undefined)[] = [];
    manager.subscribe(() => told.push(manager.rateLimitedUntil));
    const begin = Date.now();
    manager.runJob("a", () => {});
    expect(manager.rateLimitedUntil).toBeUndefined();
    manager.runJob("b", () => {});
    expect(manager.rateLimitedUntil).toBe(begin + 1000);
    expect(told.at(-1)).toBe(begin + 1000);
    told = [];
    manager.rateLimit = { limit: 1, interval: 1500 };
    expect(told).toEqual([begin + 1500]);
    manager.pause();
    expect(told.at(-1)).toBeUndefined();
    manager.resume();
    expect(told.at(-1)).toBe(begin + 1500);
    await clock.advance(1500);
    expect(manager.stats.completed).toBe(2);
    expect(manager.rateLimitedUntil).toBeUndefined();
  });

  it("makes another snapshot, so that what draws it is drawn anew", async () => {
    const manager = newManager({ rateLimit: { limit: 1, interval: 1000 } });
    manager.runJob("a", () => {});
    manager.runJob("b", () => {});
    const before = manager.getSnapshot();
    expect(manager.getSnapshot()).toBe(before);
    manager.rateLimit = { limit: 1, interval: 2000 };
    expect(manager.getSnapshot()).not.toBe(before);
  });

  it("says nothing where something else holds them back as well", () => {
    const manager = newManager({ concurrency: 1, rateLimit: { limit: 1, interval: 1000 } });
    manager.runJob("a", new Work().factory);
    manager.runJob("b", () => {});
    expect(manager.rateLimitedUntil).toBeUndefined();
  });
});

describe("JobManagerOptions.groupRateLimit", () => {
  it("holds within each group, and no group holds another back", async () => {
    const manager = newManager({ groupRateLimit: { limit: 1, interval: 100 } });
    const { times, body } = startTimes();
    const run = (name: string, group?: string) =>
      manager.runJob(name, body(name), group === undefined ? {} : { group });
    for (const name of ["a1", "a2", "a3"]) run(name, "a");
    await clock.advance(30);
    for (const name of ["b1", "b2"]) run(name, "b");
    run("plain");
    expect(manager.rateLimitedUntil).toBeUndefined();
    await clock.advance(500);
    expect(times).toEqual(["a1 0", "b1 30", "plain 30", "a2 100", "b2 130", "a3 200"]);
    expect(clock.timers).toBe(0);
  });

  it("holds together with the other limits", async () => {
    const manager = newManager({
      groupConcurrency: 1,
      groupRateLimit: { limit: 2, interval: 100 },
      rateLimit: { limit: 3, interval: 40 },
    });
    const slow = new Work();
    const { times, body } = startTimes();
    manager.runJob("slow", slow.factory, { group: "a" });
    for (const name of ["a2", "a3"]) manager.runJob(name, body(name), { group: "a" });
    for (const name of ["b1", "c1", "d1"]) manager.runJob(name, body(name), { group: name });
    await clock.advance(50);
    expect(times).toEqual(["b1 0", "c1 0", "d1 40"]);
    slow.resolve();
    await clock.advance(500);
    expect(times.slice(3)).toEqual(["a2 50", "a3 100"]);
  });
});
