// The same promises are held against the originals and against their calls as the guide writes them.
import { readFileSync } from "node:fs";
import originalLimit from "p-limit";
import originalMap from "p-map";
import { describe, expect, it } from "vitest";
import { pLimit } from "../../.guides/from-p-queue/p-limit.ts";
import { pMap } from "../../.guides/from-p-queue/p-map.ts";
import { pMapAll } from "../../.guides/from-p-queue/p-map-all.ts";
import { later } from "./support.ts";

const rejecting = (concurrency: number) => originalLimit({ concurrency, rejectOnClear: true });

describe.each([
  ["p-limit", rejecting as unknown as typeof pLimit],
  ["the guide's p-limit", pLimit],
])("%s", (_, make) => {
  it("passes arguments on, runs so many at once and gives each its result", async () => {
    const limit = make(2);
    const log: string[] = [];
    const gates = Array.from({ length: 4 }, () => later());
    const task = async (at: number, name: string) => {
      log.push(name);
      await gates[at]?.promise;
      return `${name} is done`;
    };
    const all = [limit(task, 0, "a"), limit(task, 1, "b"), limit(task, 2, "c"), limit(task, 3, "d")];
    await expect.poll(() => log).toEqual(["a", "b"]);
    expect([limit.activeCount, limit.pendingCount]).toEqual([2, 2]);
    gates[1]?.resolve();
    await expect.poll(() => log).toEqual(["a", "b", "c"]);
    for (const { resolve } of gates) resolve();
    expect(await Promise.all(all)).toEqual(["a is done", "b is done", "c is done", "d is done"]);
    expect([limit.activeCount, limit.pendingCount]).toEqual([0, 0]);
  });

  it("rejects with what a task throws, and goes on", async () => {
    const limit = make(1);
    const error = new Error("no");
    await expect(limit(() => Promise.reject(error))).rejects.toBe(error);
    await expect(
      limit(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(await limit(async () => 7)).toBe(7);
  });

  it("starts more when its limit is raised, is cleared of what waits, and maps in order", async () => {
    const limit = make(1);
    const { promise, resolve } = later();
    let running = 0;
    const task = () => {
      running += 1;
      return promise;
    };
    const kept = [limit(task), limit(task)];
    await expect.poll(() => running).toBe(1);
    limit.concurrency = 2;
    await expect.poll(() => running).toBe(2);
    expect(limit.concurrency).toBe(2);
    const waiting = limit(task);
    limit.clearQueue();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    resolve();
    await Promise.all(kept);
    expect(running).toBe(2);
    expect(await limit.map(["a", "b", "c"], async (item, index) => `${item}${index}`)).toEqual(["a0", "b1", "c2"]);
  });
});

describe.each([
  ["p-map", originalMap as unknown as typeof pMap],
  ["the guide's p-map", pMap],
])("%s", (_, map) => {
  async function* slowly<T>(items: readonly T[]) {
    for (const item of items) {
      await new Promise(setImmediate);
      yield item;
    }
  }

  it.each([
    ["an array", [1, 2, 3, 4, 5, 6]],
    ["a set", new Set([1, 2, 3, 4, 5, 6])],
    ["promises", [1, 2, 3, 4, 5, 6].map((item) => Promise.resolve(item))],
    ["an async iterable", undefined],
  ])("results of %s are in its order, never more than so many at once", async (_, items) => {
    let running = 0;
    let most = 0;
    const together = later();
    const body = async (item: number, index: number) => {
      most = Math.max(most, ++running);
      if (running === 3) together.resolve();
      await together.promise;
      await new Promise((resolve) => setTimeout(resolve, 12 - 2 * item)); // the first ones end last
      running -= 1;
      return item * 10 + index;
    };
    const results = await map((items ?? slowly([1, 2, 3, 4, 5, 6])) as number[], body, { concurrency: 3 });
    expect(results).toEqual([10, 21, 32, 43, 54, 65]);
    expect(most).toBe(3);
  });

  it("nothing gives nothing", async () => {
    expect(await map([], async () => 7)).toEqual([]);
  });

  it("rejects with the first failure, takes no more items and closes what gives them", async () => {
    const error = new Error("no");
    const taken: number[] = [];
    let closed = false;
    function* endless() {
      try {
        for (let item = 0; ; item += 1) {
          taken.push(item);
          yield item;
        }
      } finally {
        closed = true;
      }
    }
    const body = async (item: number) => {
      if (item === 3) throw error;
      return item;
    };
    await expect(map(endless(), body, { concurrency: 2 })).rejects.toBe(error);
    const soFar = taken.length;
    await new Promise(setImmediate);
    expect(taken.length).toBe(soFar);
    expect(soFar).toBeLessThan(8);
    expect(closed).toBe(true);
  });

  it("rejects with what the iterable throws, and with the reason of a signal", async () => {
    const error = new Error("no more");
    function* failing() {
      yield 1;
      throw error;
    }
    await expect(map(failing(), async (item) => item, { concurrency: 1 })).rejects.toBe(error);
    const controller = new AbortController();
    const { promise, resolve } = later();
    const mapped = map([1, 2, 3], () => promise, { concurrency: 1, signal: controller.signal });
    controller.abort("enough");
    resolve();
    await expect(mapped).rejects.toBe("enough");
  });
});

const withAllErrors: typeof pMapAll = (items, body, concurrency) =>
  originalMap(items, body, { concurrency, stopOnError: false }) as ReturnType<typeof pMapAll<never, never>>;

it.each([
  ["p-map", withAllErrors],
  ["the guide's p-map", pMapAll],
])("%s without stopOnError runs all, and rejects with an AggregateError of those that failed", async (_, map) => {
  const ran: number[] = [];
  const body = async (item: number) => {
    ran.push(item);
    if (item % 2 === 0) throw new Error(`no ${item}`);
    return item;
  };
  const error: unknown = await map([1, 2, 3, 4, 5], body, 2).then(undefined, (error: unknown) => error);
  expect(error).toBeInstanceOf(AggregateError);
  expect((error as AggregateError).errors.map(({ message }) => message)).toEqual(["no 2", "no 4"]);
  expect(ran).toEqual([1, 2, 3, 4, 5]);
  expect(await map([1, 3, 5], body, 2)).toEqual([1, 3, 5]);
});

it("the guide's adapters are as short as they can be read at a glance", () => {
  const lines = (name: string) =>
    readFileSync(new URL(`../../.guides/from-p-queue/${name}.ts`, import.meta.url), "utf8").match(/^.*\S/gm)?.length;
  expect(lines("p-queue")).toBeLessThan(60);
  expect(lines("p-limit")).toBeLessThan(20);
  expect(lines("p-map")).toBeLessThan(10);
});
