import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { type AnyContext, Work } from "../support/work.js";

/** Computes without a pause, the way a loop of an app does. */
function compute(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe("JobContext.checkpoint", () => {
  it("gives the event loop a turn if this job has held it for long", async () => {
    const manager = newManager();
    const deadline = performance.now() + 10_000;
    let timer = false;
    let message = false;
    const { job } = manager.runJob("primes", async (context) => {
      setTimeout(() => {
        timer = true;
      });
      void turn().then(() => {
        message = true;
      });
      let rounds = 0;
      while (!(timer && message)) {
        if (performance.now() > deadline) throw new Error("the page was never given a turn");
        compute(1);
        await context.checkpoint();
        rounds += 1;
      }
      return rounds;
    });
    expect(await job.result).toBeGreaterThan(0);
  });

  it("a loop of checkpoints can be stopped from a timer", async () => {
    const manager = newManager();
    let rounds = 0;
    const reason = new Error("enough");
    const { job } = manager.runJob("endless", async (context) => {
      for (;;) {
        compute(1);
        rounds += 1;
        await context.checkpoint();
      }
    });
    const stopped = new Promise<void>((resolve) => {
      setTimeout(() => resolve(job.stop(reason)), 20);
    });
    await stopped;
    expect(await job.settled).toEqual({ type: "Cancelled", reason });
    const after = rounds;
    await turn();
    expect(rounds).toBe(after);
  });

  it("throws signal.reason if aborted, before it and during the turn it gives", async () => {
    const manager = newManager();
    const reason = { why: "enough" };
    const caught: unknown[] = [];
    const catchCheckpoint = async (context: AnyContext) => {
      await context.checkpoint().catch((error: unknown) => caught.push(error));
    };
    const before = new Work();
    const stopped = manager.runJob("before", before.factory).job;
    void stopped.stop(reason);
    await catchCheckpoint(before.context);
    expect(caught).toEqual([reason]);
    before.resolve();

    const during = manager.runJob("during", async (context) => {
      compute(100);
      const checkpoint = catchCheckpoint(context);
      void manager.stopJob("during", reason);
      await checkpoint;
    }).job;
    await during.settled;
    expect(caught.length).toBe(2);
    for (const error of caught) expect(error).toBe(reason);
  });

  it("resolves without a value in a job that goes on", async () => {
    const { job } = newManager().runJob("report", async (context) => [
      await context.checkpoint(),
      await context.checkpoint(),
    ]);
    expect(await job.result).toEqual([undefined, undefined]);
  });

  it("a thousand jobs that compute side by side all end", async () => {
    const manager = newManager();
    for (let index = 0; index < 1000; index += 1) {
      manager.runJob(`job ${index}`, async (context) => {
        for (let round = 0; round < 3; round += 1) {
          compute(0.05);
          await context.checkpoint();
        }
      });
    }
    await manager.onIdle();
    expect(manager.stats).toMatchObject({ completed: 1000, failed: 0 });
  });

  it("the page has its turn after each of many jobs that compute side by side", async () => {
    const [jobs, rounds] = [30, 3];
    const manager = newManager({ concurrency: jobs });
    let turns = 0;
    let counting = true;
    const count = async () => {
      while (counting) {
        await turn();
        turns += 1;
      }
    };
    const counter = count();
    for (let index = 0; index < jobs; index += 1) {
      manager.runJob(`job ${index}`, async (context) => {
        for (let round = 0; round < rounds; round += 1) {
          compute(10);
          await context.checkpoint();
        }
      });
    }
    await manager.onIdle();
    counting = false;
    await counter;
    // Not after each of those that begin: all of these are let in at once.
    expect(turns).toBeGreaterThan((jobs * (rounds - 1)) / 2);
  });
});
