import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { type AnyManager, newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { type AnyContext, deferred } from "../support/work.js";

const clock = useFakeClock();

/** What becomes of a promise, as far as it is known. */
function outcomeOf(promise: Promise<unknown>): { is: unknown } {
  const outcome: { is: unknown } = { is: "waits" };
  promise.then(
    () => (outcome.is = "resolved"),
    (reason) => (outcome.is = reason),
  );
  return outcome;
}

describe("JobContext.sleep", () => {
  it("resolves after so long and not sooner, also detached", async () => {
    const manager = newManager();
    const { job } = manager.runJob("naps", async ({ sleep }) => {
      await sleep(500);
      await sleep(500);
      return "awake";
    });
    await clock.advance(999);
    expect(job.status).toBe("running");
    await clock.advance(1);
    expect(await job.result).toBe("awake");
    expect(clock.timers).toBe(0);
  });

  it("a thousand of them arm one timer, and end in order", async () => {
    const manager = newManager();
    const order: number[] = [];
    manager.runJob("naps", ({ sleep }) =>
      Promise.all(
        Array.from({ length: 1000 }, async (_, index) => {
          const time = 1 + ((index * 7919) % 1000);
          await sleep(time);
          order.push(time);
        }),
      ),
    );
    expect(clock.timers).toBe(1);
    await clock.advance(1000);
    expect(order).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
    expect(clock.timers).toBe(0);
  });

  it("rejects with the very reason of a stop, and at once when it was asked for before", async () => {
    const manager = newManager();
    const reason = { why: "enough" };
    const seen: unknown[] = [];
    const { job } = manager.runJob("naps", async ({ sleep, signal }) => {
      for (const _ of [1, 2]) await sleep(1000).catch((thrown: unknown) => seen.push(thrown));
      seen.push(signal.reason);
    });
    await job.stop(reason);
    expect(seen).toEqual([reason, reason, reason]);
    expect(seen.every((thrown) => thrown === reason)).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it.each([
    ["stopped", (manager: AnyManager) => void manager.getRunningJob("naps")!.stop(new Error("enough")), "enough"],
    ["replaced", (manager: AnyManager) => manager.runJob("naps", () => {}, { onDuplicate: "replace" }), "Replaced by"],
  ])("leaves no timer where its job is %s and its signal has not heard of that", async (_, end, why) => {
    const manager = newManager({ concurrency: 1 });
    const work = deferred<void>();
    const seen: { aborted?: boolean; outcome?: { is: unknown } } = {};
    manager.runJob("first", async () => {});
    const { job } = manager.runJob("naps", ({ signal, sleep }) => {
      end(manager);
      seen.aborted = signal.aborted;
      seen.outcome = outcomeOf(sleep(60_000));
      return work.promise;
    });
    await manager.getRunningJob("first")!.settled;
    await turn();
    expect(seen.aborted).toBe(false);
    expect((seen.outcome!.is as Error).message).toContain(why);
    expect(clock.timers).toBe(0);
    work.resolve();
    await job.settled;
  });

  it("rejects with the TimeoutError of its attempt, and a retry sleeps anew", async () => {
    const manager = newManager();
    const names: string[] = [];
    const { job } = manager.runJob(
      "naps",
      async ({ sleep, attempt }) => {
        if (attempt === 2) return sleep(50);
        await sleep(1000).catch((error: Error) => {
          names.push(error.name);
          throw error;
        });
      },
      { timeout: 100, retry: { limit: 1, delay: 10, jitter: "none" } },
    );
    await clock.advance(160);
    expect((await job.settled).type).toBe("Normal");
    expect(names).toEqual(["TimeoutError"]);
  });

  it("one that nobody waits for any more ends with the job, and blames nobody", async () => {
    const manager = newManager();
    const { promise: asleep, resolve } = deferred<{ is: unknown }>();
    const { job } = manager.runJob("naps", ({ sleep }) => resolve(outcomeOf(sleep(1000))));
    await job.result;
    const outcome = await asleep;
    await turn();
    expect((outcome.is as Error).name).toBe("AbortError");
    expect(clock.timers).toBe(0);
  });

  it("rejects in a body whose job has ended", async () => {
    const manager = newManager();
    let context!: AnyContext;
    const { job } = manager.runJob("naps", (given) => {
      context = given;
    });
    await job.result;
    await expect(context.sleep(10)).rejects.toMatchObject({ name: "AbortError" });
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("%d is refused by name", async (time) => {
    const { job } = newManager().runJob("naps", ({ sleep }) => sleep(time));
    await expect(job.result).rejects.toThrow(
      new RangeError(`time must be a finite number of milliseconds, 0 or more, got ${time}`),
    );
  });

  it("what is no number is of the wrong type", async () => {
    const { job } = newManager().runJob("naps", ({ sleep }) => sleep("10" as never));
    await expect(job.result).rejects.toThrow(new TypeError("time must be a number, got string"));
  });
});
