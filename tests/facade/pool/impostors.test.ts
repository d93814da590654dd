import { describe, expect, it } from "vitest";
import { newPool, type PoolJob, runner, running } from "./support/pool.js";

const spawn = () => new Worker(new URL("./support/hostile-worker.ts", import.meta.url), { type: "module" });

/** A job that waits on a worker of its own, and its number: tasks are numbered upwards from one. */
async function victimOf(run: (type: string, params?: unknown) => PoolJob): Promise<PoolJob> {
  const victim = run("reason");
  await running(victim);
  return victim;
}

const failed = { jobgate: "failed", error: { value: "not yours" } };
const done = { jobgate: "done", result: "not yours" };
const news = {
  jobgate: "news",
  news: { state: { value: "not yours" }, progress: { percent: 99, message: "not yours" } },
};

describe("what a worker says of a task that it does not have", () => {
  it.each([
    ["that it is done", done],
    ["that it has failed", failed],
    ["news of it", news],
  ])("%s: it is another's, and goes on", async (_, message) => {
    const pool = newPool({ size: 2, spawn });
    const { run } = runner(pool);
    const victim = await victimOf(run);
    const impostor = run("impostor", { messages: [{ ...message, task: 1 }] });
    await running(impostor);
    expect(victim.status).toBe("running");
    expect(victim.state).toBeUndefined();
    expect(victim.progress).toEqual({ percent: 0, message: "running" });
    await victim.stop("by its owner");
    expect(victim.completion).toEqual({ type: "Cancelled", reason: "by its owner" });
    expect(victim.state).toMatchObject({ text: "by its owner" });
    expect(impostor.status).toBe("running");
    await impostor.stop();
    expect(pool.stats).toMatchObject({ spawned: 2, killed: 0, busy: 0 });
  });

  it.each([done, failed, news])(
    "of one that waits, $jobgate: it is given to a worker all the same",
    async (message) => {
      const pool = newPool({ size: 1, spawn });
      const { run } = runner(pool);
      const impostor = run("impostor", { messages: [{ ...message, task: 2 }] });
      const waiting = run("echo", "itself");
      await running(impostor);
      await impostor.stop();
      expect(await waiting.result).toBe("itself");
      expect(waiting.state).toBeUndefined();
    },
  );

  it("by a number that is none, or not yet one: nothing happens, now or when it is", async () => {
    const pool = newPool({ size: 1, spawn });
    const { run } = runner(pool);
    // The last three are 1 where a number is made one of 32 bits.
    const numbers = [0, -1, 1.5, Number.NaN, Infinity, 1e300, "1", [1], 7n, null, undefined, { valueOf: 1 }];
    const messages = [...numbers, 2 ** 32 + 1, 1 - 2 ** 32, 1 + 1e-9, 2, 3].map((task) => ({ ...done, task }));
    const impostor = run("impostor", { messages });
    await running(impostor);
    expect(impostor.status).toBe("running");
    await impostor.stop("done with it");
    expect(impostor.completion).toEqual({ type: "Cancelled", reason: "done with it" });
    expect(await run("echo", "two").result).toBe("two");
    expect(await run("echo", "three").result).toBe("three");
    expect(pool.stats).toMatchObject({ spawned: 1, killed: 0 });
  });

  it("that it is done, twice: the first counts, and the next job is not hit", async () => {
    const pool = newPool({ size: 1, spawn });
    const { run } = runner(pool);
    const [first, second] = [run("doneTwice", { task: 1 }), run("echo", "second")];
    expect(await first.result).toBe("early");
    expect(await second.result).toBe("second");
    expect(await run("echo", "third").result).toBe("third");
    expect(pool.stats).toMatchObject({ spawned: 1, killed: 0, busy: 0 });
  });

  it("of an earlier attempt: the one that runs goes on", async () => {
    const pool = newPool({ size: 1, spawn });
    const { run } = runner(pool);
    const retried = run("throws", { which: "a bigint" }, { retry: { limit: 1, delay: 0 } });
    await retried.settled;
    const impostor = run("impostor", {
      messages: [
        { ...done, task: 1 },
        { ...done, task: 2 },
      ],
    });
    await running(impostor);
    expect(impostor.status).toBe("running");
    await impostor.stop();
  });

  it("after it was told to stop, that another has failed: the other goes on", async () => {
    const pool = newPool({ size: 2, spawn, grace: 0 });
    const { run } = runner(pool);
    const victim = await victimOf(run);
    const killed = run("impostor", { messages: [] });
    await running(killed);
    await killed.stop();
    const again = run("impostor", {
      messages: [
        { ...failed, task: 1 },
        { ...done, task: 2 },
        { jobgate: "ready", needsModule: true, lock: "" },
      ],
    });
    await running(again);
    expect(victim.status).toBe("running");
    expect(again.status).toBe("running");
  });
});
