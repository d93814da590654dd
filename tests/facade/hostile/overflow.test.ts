import { subject } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { type CountedSignal, countedSignal } from "../support/signals.js";
import { Bystanders } from "./support/bystanders.js";
import { catchStrayErrors } from "./support/errors.js";

/** The depth at which a stack ends is never the same, nor is the function in which it does: once is not enough. */
const TIMES = 8;

/** Each platform has an error of its own for it. */
function isOverflow(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === "RangeError" || name === "InternalError" || /recursion|stack/i.test(message);
}

describe("a stack that overflows inside a call is an error for that caller, and the engine lives on", () => {
  it("in runJob, by factories that run jobs", async () => {
    const others = new Bystanders();
    for (let time = 0; time < TIMES; time += 1) {
      const manager = newManager();
      let started = 0;
      let i = 0;
      const walk = (): unknown => {
        started += 1;
        return manager.runJob(`n${i++}`, walk);
      };
      try {
        walk();
      } catch (error) {
        expect(isOverflow(error)).toBe(true);
      }
      expect(started).toBeGreaterThan(10);
      others.check();
      await manager.stopAll();
      await manager.onIdle();
      const { pending, running, completed, failed, cancelled, total } = manager.stats;
      expect([pending, running]).toEqual([0, 0]);
      expect(completed + failed + cancelled).toBe(total);
    }
    await others.leave();
  });

  it("in add, with signals: they are left as they were once all has ended", async () => {
    const others = new Bystanders();
    for (let time = 0; time < TIMES / 4; time += 1) {
      const manager = newManager();
      const signals: CountedSignal[] = [];
      const walk = (): unknown => {
        const caller = countedSignal();
        signals.push(caller);
        return manager.add(walk, { signal: caller.signal });
      };
      try {
        walk();
      } catch (error) {
        expect(isOverflow(error)).toBe(true);
      }
      expect(signals.length).toBeGreaterThan(10);
      others.check();
      await manager.stopAll();
      await manager.onIdle();
      expect(signals.map(({ listeners }) => listeners)).toEqual(signals.map(() => 0));
    }
    await others.leave();
  });

  it("in setState, with a listener: the body's job fails with it", async () => {
    const others = new Bystanders();
    for (let time = 0; time < TIMES; time += 1) {
      const manager = newManager();
      let last = -1;
      const { job } = manager.runJob("w", async (context) => {
        await 0;
        const visit = (n: number): void => {
          context.setState(n);
          visit(n + 1);
        };
        visit(0);
      });
      let inOrder = true;
      job.onStateChange((state) => {
        inOrder &&= state === last + 1;
        last = state;
      });
      const completion = await job.settled;
      expect(completion.type === "Failed" && isOverflow(completion.error)).toBe(true);
      expect(last).toBeGreaterThan(10);
      expect(inOrder).toBe(true);
      expect(await manager.runJob("after", async () => "works").job.result).toBe("works");
      others.check();
    }
    await others.leave();
  });

  it("in a subject's next, with listeners", async () => {
    const others = new Bystanders();
    for (let time = 0; time < TIMES; time += 1) {
      const numbers = subject<number>();
      const heard: number[] = [];
      numbers.listen((value) => heard.push(value));
      const visit = (n: number): void => {
        numbers.next(n);
        visit(n + 1);
      };
      expect(() => visit(0)).toThrow();
      expect(heard.length).toBeGreaterThan(10);
      expect(heard.every((value, index) => value === index)).toBe(true);
      numbers.next(-1);
      expect(heard.at(-1)).toBe(-1);
      others.check();
    }
    await others.leave();
  });

  it("in a listener: reported, the others hear, and what came after is told", async () => {
    const others = new Bystanders();
    const stray = catchStrayErrors();
    const numbers = subject<number>();
    const heard: number[] = [];
    const deeper = (n: number): void => {
      numbers.listen(() => {})();
      deeper(n + 1);
    };
    numbers.listen(() => deeper(0));
    numbers.listen((value) => heard.push(value));
    for (let time = 0; time < TIMES; time += 1) numbers.next(time);
    expect(heard).toEqual(Array.from({ length: TIMES }, (_, n) => n));
    expect(stray.reported.map(isOverflow)).toEqual(heard.map(() => true));
    await others.leave();
  });

  it("in every other call that a deep stack may make", async () => {
    const others = new Bystanders();
    const manager = newManager<number>({ retain: 10 });
    const { job } = manager.runJob(0, (context) => new Promise((resolve) => context.onAction(resolve)));
    const calls: Record<string, (n: number) => unknown> = {
      stats: () => manager.stats,
      getSnapshot: () => manager.getSnapshot(),
      getRunningJob: () => manager.getRunningJob(0),
      joining: () => manager.runJob(0, async () => {}),
      pausing: () => {
        manager.pause();
        manager.resume();
      },
      subscribing: () => manager.subscribe(() => {})(),
      watching: () => manager.onKeyChange(1, () => {})(),
      listening: () => job.onStateChange(() => {})(),
      status: () => job.status,
      setPriority: (n) => job.setPriority(n % 100),
      onIdle: () => void manager.onIdle(),
      events: () => {
        // What its cancelling rejects with is the caller's, as what a call throws is.
        manager
          .events()
          .cancel()
          .catch(() => {});
      },
    };
    for (const [name, call] of Object.entries(calls)) {
      const visit = (n: number): void => {
        call(n);
        visit(n + 1);
      };
      expect(() => visit(0), name).toThrow();
      others.check();
      expect(job.status).toBe("running");
    }
    job.dispatch("done");
    expect(await job.result).toBe("done");
    await manager.onIdle();
    await others.leave();
  });
});
