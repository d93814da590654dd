import type { Completion } from "jobgate";
import { useTestClock } from "jobgate/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { newManager } from "../support/manager.js";
import { microtask, turn } from "../support/turns.js";
import { type AnyContext, type Attempt, deferred, untilAborted, Work } from "../support/work.js";

/** Items that say how many were taken and whether they were closed. */
function counted(count = Number.POSITIVE_INFINITY) {
  const seen = { taken: 0, closed: false };
  function* items() {
    try {
      while (seen.taken < count) yield seen.taken++;
    } finally {
      seen.closed = true;
    }
  }
  return { seen, items: items() };
}

/** A body whose items the test settles, each by its index. */
function controlled() {
  const attempts: Attempt[] = [];
  const body = (_item: unknown, context: AnyContext, index: number) => {
    const work = new Work();
    const returned = work.factory(context);
    attempts[index] = work.last;
    return returned;
  };
  return { attempts, body };
}

describe("map", () => {
  it("resolves with the results in the items' order, whichever ends first", async () => {
    const manager = newManager();
    const { attempts, body } = controlled();
    const results = manager.map(["a", "b", "c"], body);
    attempts[2]?.resolve("C");
    await turn();
    attempts[0]?.resolve("A");
    attempts[1]?.resolve("B");
    expect(await results).toEqual(["A", "B", "C"]);
    expect(manager.stats).toMatchObject({ completed: 3, total: 3 });
  });

  it("gives the body the item, a job's context, and the index", async () => {
    const seen = await newManager().map(new Set(["x", "y"]), (item, { attempt, signal }, index) => {
      return [item, attempt, signal.aborted, index];
    });
    expect(seen).toEqual([
      ["x", 1, false, 0],
      ["y", 1, false, 1],
    ]);
  });

  it("nothing is nothing", async () => {
    expect(await newManager().map([], () => 1)).toEqual([]);
    async function* none() {}
    expect(await newManager().map(none(), () => 1)).toEqual([]);
  });

  it("runs as many at once as the manager has slots for, and takes an item only when it can be started soon", async () => {
    const manager = newManager({ concurrency: 2 });
    const { seen, items } = counted();
    const { attempts, body } = controlled();
    const results = manager.map(items, body).catch((error) => error);
    await turn();
    expect([manager.stats.running, seen.taken]).toEqual([2, 3]);
    attempts[0]?.resolve();
    await turn();
    expect([manager.stats.running, seen.taken]).toEqual([2, 4]);
    const error = new Error("enough");
    attempts[1]?.reject(error);
    attempts[2]?.resolve();
    expect(await results).toBe(error);
    expect(seen).toEqual({ taken: 4, closed: true });
  });

  it("waits in line like anyone else, and takes one more while others are before it", async () => {
    const manager = newManager({ concurrency: 1 });
    const other = new Work();
    manager.runJob("other", other.factory);
    const { seen, items } = counted(3);
    const results = manager.map(items, (item) => item * 2);
    await turn();
    expect(seen.taken).toBe(1);
    other.resolve();
    expect(await results).toEqual([0, 2, 4]);
  });

  it("takes slow items as they come, one after another", async () => {
    const manager = newManager({ concurrency: 3 });
    let asked = 0;
    async function* slow() {
      for (let item = 0; item < 10; item += 1) {
        asked += 1;
        expect(asked).toBe(1);
        await turn();
        asked -= 1;
        yield item;
      }
    }
    expect(await manager.map(slow(), async (item) => item + 1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("an endless iterable leaves the page its turns, also where nothing limits it and bodies end at once", async () => {
    for (const concurrency of [1, Number.POSITIVE_INFINITY]) {
      const controller = new AbortController();
      const { seen, items } = counted();
      const results = newManager({ concurrency }).map(items, () => {}, { signal: controller.signal });
      setTimeout(() => controller.abort("enough"), 20);
      await expect(results).rejects.toBe("enough");
      expect(seen.closed).toBe(true);
    }
  });

  it("a paused manager starts none; a rate limit is kept", async () => {
    const manager = newManager({ paused: true, rateLimit: { limit: 2, interval: 200 } });
    const { seen, items } = counted(5);
    const times: number[] = [];
    const results = manager.map(items, () => void times.push(performance.now()));
    await turn();
    expect([times.length, seen.taken]).toEqual([0, 1]);
    manager.resume();
    await results;
    // One whose call has taken longer than the interval counts no more: that long no busy machine keeps it.
    const windows = times.slice(2).map((time, index) => time - times[index]!);
    expect(Math.min(...windows)).toBeGreaterThanOrEqual(199.9);
  });

  it.each([0, 1])("waits for room where no more than %d may be pending", async (maxPending) => {
    const manager = newManager({ concurrency: 2, maxPending });
    const others = [new Work(), new Work()];
    for (const [key, work] of others.entries()) manager.runJob(`other ${key}`, work.factory);
    const results = manager.map(counted(20).items, async (item) => {
      await microtask();
      return item;
    });
    await turn();
    for (const work of others) work.resolve();
    expect(await results).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it("keeps what delays and retries ask for", async () => {
    const clock = useTestClock();
    onTestFinished(() => clock.restore());
    const manager = newManager({ concurrency: 3 });
    const delayed = manager.map([1, 2, 3], (item) => item, { delay: 30 });
    await clock.advance(29);
    expect(manager.stats.pending).toBe(3);
    await clock.advance(1);
    expect(await delayed).toEqual([1, 2, 3]);
    const retried = manager.map(
      [1, 2, 3],
      (item, { attempt }) => {
        if (attempt < 3) throw new Error("again");
        return item * attempt;
      },
      { retry: { limit: 2, delay: 1 } },
    );
    await clock.runAll();
    expect(await retried).toEqual([3, 6, 9]);
  });
});

describe("map, when an item fails", () => {
  it("stops the rest with the very error, and rejects with it when their stop barriers have opened", async () => {
    const manager = newManager({ concurrency: 3 });
    const { seen, items } = counted();
    const { attempts, body } = controlled();
    let rejected: unknown = "not yet";
    manager.map(items, body).catch((error) => {
      rejected = error;
    });
    const error = new Error("broken");
    attempts[1]?.reject(error);
    await turn();
    expect(attempts[0]?.context.signal.reason).toBe(error);
    expect([rejected, seen.closed, manager.stats.running, manager.stats.pending]).toEqual(["not yet", true, 2, 0]);
    attempts[0]?.resolve();
    await turn();
    expect(rejected).toBe("not yet");
    attempts[2]?.resolve();
    await turn();
    expect(rejected).toBe(error);
    expect(manager.stats).toMatchObject({ failed: 1, cancelled: 3 });
  });

  it("with settle: true it stops nobody, and resolves with the completions", async () => {
    const error = new Error("odd");
    const completions: Completion<number>[] = await newManager().map(
      [0, 1, 2],
      (item) => {
        if (item === 1) throw error;
        return item;
      },
      { settle: true },
    );
    expect(completions).toEqual([
      { type: "Normal", result: 0 },
      { type: "Failed", error },
      { type: "Normal", result: 2 },
    ]);
  });

  it("an item's job that someone stops stops the rest, with that reason", async () => {
    const manager = newManager({ concurrency: 2 });
    const results = manager.map(counted().items, (_, context) => untilAborted(context));
    void manager.jobs()[0]?.stop("enough");
    await expect(results).rejects.toBe("enough");
    expect(manager.stats).toMatchObject({ running: 0, pending: 0 });
  });

  it("does not wait for an item that is still on its way", async () => {
    const manager = newManager();
    const closed = deferred();
    const items: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => {
        let asked = 0;
        return {
          next: () => (++asked === 1 ? Promise.resolve({ value: 1, done: false }) : new Promise(() => {})),
          return: () => {
            closed.resolve();
            return new Promise(() => {});
          },
        };
      },
    };
    const error = new Error("broken");
    await expect(manager.map(items, () => Promise.reject(error))).rejects.toBe(error);
    await closed.promise;
  });

  it.each(["now", "later"])("an iterator that throws (%s) stops the rest", async (when) => {
    const error = new Error("no more");
    function* now() {
      yield 1;
      throw error;
    }
    async function* later() {
      yield 1;
      throw error;
    }
    const manager = newManager();
    const mapped = manager.map(when === "now" ? now() : later(), (_, context) => untilAborted(context), {
      settle: true,
    });
    await expect(mapped).rejects.toBe(error);
    expect(manager.stats).toMatchObject({ cancelled: 1, running: 0 });
  });
});

describe("map while its iterator keeps it waiting", () => {
  const reason = { why: "enough" };
  /** Two items run, and then comes one that never does. */
  const begin = async (options?: { signal?: AbortSignal; settle?: true }) => {
    const manager = newManager({ concurrency: 3 });
    const { attempts, body } = controlled();
    const seen = { outcome: "not yet" as unknown };
    const askedInVain = deferred();
    const next = () => {
      if (attempts.length < 2) return Promise.resolve({ value: 1, done: false });
      askedInVain.resolve();
      return new Promise<never>(() => {});
    };
    const items: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next, return: () => next() }) };
    manager.map(items, body, options as { settle: true }).then(
      (completions) => {
        seen.outcome = completions;
      },
      (error) => {
        seen.outcome = error;
      },
    );
    await askedInVain.promise;
    return { manager, attempts, seen };
  };
  type Begun = Awaited<ReturnType<typeof begin>>;
  const ways: Record<string, (begun: Begun, caller: AbortController) => void> = {
    "an item fails": ({ attempts }) => attempts[0]!.reject(reason),
    stopAll: ({ manager }) => void manager.stopAll(reason),
    close: ({ manager }) => void manager.close(reason),
    "the caller's signal": (_, caller) => caller.abort(reason),
  };

  it.each(Object.keys(ways))("rejects once the bodies have ended (%s)", async (way) => {
    const caller = new AbortController();
    const begun = await begin({ signal: caller.signal });
    const { attempts, seen } = begun;
    ways[way]!(begun, caller);
    attempts[0]!.resolve();
    await turn();
    expect(seen.outcome).toBe("not yet");
    attempts[1]!.resolve();
    await turn();
    expect(seen.outcome).toBe(reason);
  });

  it.each(["stopAll", "close"] as const)("settle: resolves once the bodies have ended (%s)", async (stop) => {
    const { manager, attempts, seen } = await begin({ settle: true });
    const stopped = manager[stop](reason);
    attempts[0]!.resolve();
    await turn();
    expect(seen.outcome).toBe("not yet");
    attempts[1]!.resolve();
    await stopped;
    await turn();
    const cancelled = { type: "Cancelled", reason };
    expect(seen.outcome).toEqual([cancelled, cancelled]);
  });
});

describe("map and the caller's signal", () => {
  it.each([true, false])("stops all and rejects with its very reason (settle: %s)", async (settle) => {
    const manager = newManager({ concurrency: 2 });
    const controller = new AbortController();
    const { seen, items } = counted();
    const options = { signal: controller.signal, settle: settle as true };
    const results = manager.map(items, (_, context) => untilAborted(context), options);
    await turn();
    const reason = { why: "enough" };
    controller.abort(reason);
    await expect(results).rejects.toBe(reason);
    expect(seen.closed).toBe(true);
    expect(manager.stats).toMatchObject({ running: 0, pending: 0, cancelled: 3 });
  });

  it("one that has aborted: no item is taken", async () => {
    const { seen, items } = counted();
    await expect(newManager().map(items, () => 1, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
    expect(seen.taken).toBe(0);
  });
});

describe("map on a manager that is closed", () => {
  it("rejects with the reason of what was stopped", async () => {
    const manager = newManager({ concurrency: 1 });
    const { seen, items } = counted();
    const results = manager.map(items, (_, context) => untilAborted(context));
    const closed = manager.close("bye");
    await expect(results).rejects.toBe("bye");
    await closed;
    expect(seen.closed).toBe(true);
  });

  it("says so where nothing was running", async () => {
    const manager = newManager({ name: "closed one" });
    await manager.close();
    await expect(manager.map([1], () => 1)).rejects.toMatchObject({ name: "ManagerClosedError" });
    await expect(manager.map([1], () => 1, { settle: true })).rejects.toMatchObject({ code: "E_CLOSED" });
  });
});

describe("map on a manager that stops all", () => {
  const how = ["stopAll", "close"] as const;
  const reason = { why: "the user left" };
  const pages = () => {
    const asked: (() => void)[] = [];
    let left = 0;
    const items: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((resolve) => asked.push(() => resolve({ done: false, value: 1 }))),
        return: async () => {
          left += 1;
          return { done: true, value: undefined };
        },
      }),
    };
    return { items, asked, left: () => left };
  };

  it.each(how)("takes no more items, and rejects with the reason (%s)", async (stop) => {
    const manager = newManager({ concurrency: 2 });
    const { seen, items } = counted();
    const mapped = manager.map(items, (_, context) => untilAborted(context));
    await Promise.all([manager[stop](reason), expect(mapped).rejects.toBe(reason)]);
    expect(seen).toEqual({ taken: 3, closed: true });
  });

  it.each(how)("settle: resolves with the completions of what was taken (%s)", async (stop) => {
    const manager = newManager({ concurrency: 2 });
    const { seen, items } = counted();
    const { attempts, body } = controlled();
    const mapped = manager.map(items, body, { settle: true });
    attempts[0]!.resolve("done");
    await turn();
    const stopped = manager[stop](reason);
    for (const attempt of attempts.slice(1)) attempt.resolve("late");
    await stopped;
    const cancelled = { type: "Cancelled", reason };
    expect(await mapped).toEqual([{ type: "Normal", result: "done" }, cancelled, cancelled, cancelled]);
    expect(seen).toEqual({ taken: 4, closed: true });
  });

  it.each(how)("does not wait for a slow iterator (%s)", async (stop) => {
    const manager = newManager();
    const strict = pages();
    const settled = pages();
    const body = () => expect.unreachable("nothing was taken");
    const mapped = [manager.map(strict.items, body), manager.map(settled.items, body, { settle: true })] as const;
    await manager[stop](reason);
    await expect(mapped[0]).rejects.toBe(reason);
    expect(await mapped[1]).toEqual([]);
    for (const { asked, left } of [strict, settled]) {
      expect([asked.length, left()]).toEqual([1, 1]);
      asked[0]!();
    }
    await turn();
    expect(manager.stats.total).toBe(0);
  });

  it.each(["before", "after"])("settle: an iterator that fails %s the job's end changes nothing", async (when) => {
    const manager = newManager({ concurrency: 2 });
    const { attempts, body } = controlled();
    const [asked, answer] = [deferred(), deferred<IteratorResult<number>>()];
    const next = () => {
      if (attempts.length < 1) return Promise.resolve({ value: 1, done: false });
      asked.resolve();
      return answer.promise;
    };
    const items: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next }) };
    const mapped = manager.map(items, body, { settle: true });
    await asked.promise;
    const stopped = manager.stopAll(reason);
    if (when === "after") {
      attempts[0]!.resolve();
      await stopped;
    }
    answer.reject(new Error("the connection was closed"));
    await turn();
    attempts[0]!.resolve();
    expect(await mapped).toEqual([{ type: "Cancelled", reason }]);
  });

  it.each([true, false])("also when the iterator itself says so (settle: %s)", async (settle) => {
    const manager = newManager();
    let closed = false;
    function* items() {
      try {
        void manager.stopAll(reason);
        yield 1;
      } finally {
        closed = true;
      }
    }
    const mapped = manager.map(items(), () => 1, { settle: settle as true });
    if (settle) expect(await mapped).toEqual([]);
    else await expect(mapped).rejects.toBe(reason);
    expect([manager.stats.total, closed]).toEqual([0, true]);
  });

  it("a map begun afterwards is another one", async () => {
    const manager = newManager();
    await manager.stopAll(reason);
    expect(await manager.map([1, 2], (item) => item * 2)).toEqual([2, 4]);
  });
});

describe("map and the caller's signal, amid an item", () => {
  it("aborted by the iterator: what it yields then is not taken, and it is closed", async () => {
    const manager = newManager();
    const controller = new AbortController();
    let closed = false;
    function* items() {
      try {
        controller.abort("enough");
        yield 1;
      } finally {
        closed = true;
      }
    }
    await expect(manager.map(items(), () => 1, { signal: controller.signal })).rejects.toBe("enough");
    expect([manager.stats.total, closed]).toEqual([0, true]);
  });
});

describe("map refuses before it takes anything", () => {
  it.each([
    [{ timeout: -1 }, RangeError],
    [{ priority: Number.NaN }, RangeError],
    [{ retry: 0.5 }, RangeError],
    [{ abandonAfter: -1 }, RangeError],
    [{ signal: 5 }, TypeError],
    [{ settle: "yes" }, TypeError],
    [null, TypeError],
  ])("%o", async (options, kind) => {
    const manager = newManager();
    const { seen, items } = counted();
    await expect(manager.map(items, () => 1, options as never)).rejects.toThrow(kind);
    expect([seen.taken, manager.stats.total]).toEqual([0, 0]);
  });

  it("what is no function, and what can't be iterated", async () => {
    const manager = newManager();
    await expect(manager.map([1], 5 as never)).rejects.toThrow(new TypeError("body must be a function, got number"));
    for (const items of [5, null, undefined, {}])
      await expect(manager.map(items as never, () => 1)).rejects.toThrow(TypeError);
    for (const asked of [Symbol.iterator, Symbol.asyncIterator])
      await expect(manager.map({ [asked]: () => ({ next: () => 5 }) } as never, () => 1)).rejects.toThrow(
        "items must give iterator results, got number",
      );
    expect(manager.stats.total).toBe(0);
  });
});
