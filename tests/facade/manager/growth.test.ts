import { gate, JobManager, type JobManagerOptions, subject } from "jobgate";
import { describe, expect, it } from "vitest";
import { growthOf, type Shape, shuffled } from "../support/growth.js";
import type { AnyManager } from "../support/manager.js";
import { untilAborted, Work } from "../support/work.js";

const managerOf = (options?: JobManagerOptions): AnyManager<unknown> => new JobManager(options);
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const ignore = () => {};

function callAll(all: readonly (() => void)[]): void {
  for (const call of all) call();
}

/** A job that runs until it is told to end. */
function runningJob(manager: AnyManager<unknown> = managerOf()) {
  const work = new Work();
  const { job } = manager.runJob("job", work.factory);
  const end = () => {
    work.resolve();
    return manager.onIdle();
  };
  return { manager, work, job, end };
}

function controller() {
  const made = new AbortController();
  return { signal: made.signal, abort: () => made.abort("enough") };
}

const listening: Record<string, Shape> = {
  "unsubscribing oldest first": (count) => {
    const { listen } = subject();
    const leave = many(count, () => listen(ignore));
    return () => callAll(leave);
  },
  "unsubscribing newest first": (count) => {
    const { listen } = subject();
    const leave = many(count, () => listen(ignore)).reverse();
    return () => callAll(leave);
  },
  "unsubscribing in any order": (count) => {
    const { listen } = subject();
    const leave = shuffled(many(count, () => listen(ignore)));
    return () => callAll(leave);
  },
  "listeners that unsubscribe one another while they are told": (count) => {
    const { listen, next } = subject<number>();
    const leave: (() => void)[] = many(count, (index) => listen(() => leave[count - 1 - index]?.()));
    return () => {
      next(1);
      next(2);
    };
  },
  "listeners that have left when what was told comes to them": (count) => {
    const [first, second] = [subject<number>(), subject<number>()];
    const leave = shuffled(many(count, () => second.listen(ignore)));
    first.listen((value) => {
      second.next(value);
      for (const off of leave.slice(count / 2)) off();
    });
    return () => first.next(1);
  },
  "asking how many listen": (count) => {
    const numbers = subject();
    for (let n = 0; n < count; n += 1) numbers.listen(ignore);
    return () => {
      for (let n = 0; n < count; n += 1) expect(numbers.listenerCount === count).toBe(true);
    };
  },
  "the end of a job with many listeners": (count) => {
    const { job, end } = runningJob();
    for (let n = 0; n < count; n += 1) job.onStopped(ignore);
    return end;
  },
  "actions of a job whose state many watch": (count) => {
    const { job, work } = runningJob();
    work.context.onAction(ignore);
    for (let n = 0; n < count; n += 1) job.onStateChange(ignore);
    return () => {
      for (let n = 0; n < count; n += 1) job.dispatch(n);
    };
  },
  "attempts of a job whose state many watch": (count) => {
    const manager = managerOf();
    const body = async (context: Work["context"]) => {
      context.onAction(ignore);
      if (context.attempt < count / 80) throw new Error("again");
    };
    const { job } = manager.runJob("job", body, { retry: { limit: Infinity, delay: 0 } });
    for (let n = 0; n < count; n += 1) job.onStateChange(ignore);
    return () => manager.onIdle();
  },
  "action listeners of attempts that failed": (count) => {
    const manager = managerOf();
    const body = async (context: Work["context"]) => {
      for (let n = 0; n < count; n += 1) context.onAction(ignore);
      if (context.attempt < 3) throw new Error("again");
    };
    return () => {
      manager.runJob("job", body, { retry: { limit: 3, delay: 0 } });
      return manager.onIdle();
    };
  },
  "watchers of as many keys": (count) => {
    const manager = managerOf();
    return async () => {
      const leave = many(count, (key) => manager.onKeyChange(key, ignore));
      for (let key = 0; key < count; key += 1) manager.runJob(key, async () => {});
      await manager.onIdle();
      for (const off of leave.reverse()) off();
    };
  },
  "watchers of one key": (count) => {
    const manager = managerOf();
    return async () => {
      const leave = many(count, () => manager.onKeyChange("key", ignore)).reverse();
      manager.runJob("key", async () => {});
      await manager.onIdle();
      for (const off of leave) off();
    };
  },
};

const waiting: Record<string, Shape> = {
  "a gate with many listeners": (count) => {
    const { listen, open } = gate();
    for (let n = 0; n < count; n += 1) listen(ignore);
    return open;
  },
  "a gate that many wait for": (count) => {
    const { wait, open } = gate();
    return () => {
      const waits = many(count, () => wait());
      open();
      return Promise.all(waits);
    };
  },
  "waits that one signal ends": (count) => {
    const { wait } = gate();
    const { signal, abort } = controller();
    return () => {
      // Heard from the beginning: Firefox looks through all rejections that nobody hears each time one of them is heard.
      const waits = many(count, () => wait({ signal }).catch(ignore));
      abort();
      return Promise.all(waits);
    };
  },
  "jobs that one signal stops": (count) => {
    const manager = managerOf({ concurrency: 2 });
    const { signal, abort } = controller();
    return () => {
      for (let key = 0; key < count; key += 1) manager.runJob(key, untilAborted, { signal });
      abort();
      return manager.onIdle();
    };
  },
  "waits for one stop barrier": (count) => {
    const { job, end } = runningJob();
    return () => {
      const stopped = many(count, (n) => job.stop("enough", { timeout: 1e6 + n }));
      void end();
      return Promise.all(stopped);
    };
  },
  "continuations of one job": (count) => {
    const { job, end } = runningJob();
    return () => {
      for (let n = 0; n < count; n += 1) job.continuations.addOrRunNow(`number ${n}`, ignore);
      for (let n = 0; n < count; n += 2) job.continuations.remove(`number ${n}`);
      return end();
    };
  },
  "checkpoints of many jobs at once": (count) => {
    const manager = managerOf();
    return () => {
      for (let key = 0; key < count; key += 1) manager.runJob(key, (context) => context.checkpoint());
      return manager.onIdle();
    };
  },
};

const running: Record<string, Shape> = {
  "jobs in as many groups": (count) => {
    const manager = managerOf({ concurrency: 16, groupConcurrency: 1 });
    const groups = shuffled(many(count, (n) => `group ${n}`));
    return () => {
      for (const group of groups) manager.runJob(group, async () => {}, { group });
      return manager.onIdle();
    };
  },
  "jobs in as many groups, stopped before they start": (count) => {
    const manager = managerOf({ paused: true, groupConcurrency: 1 });
    const groups = shuffled(many(count, (n) => `group ${n}`));
    return () => {
      for (const group of groups) manager.runJob(group, async () => {}, { group });
      return manager.stopAll();
    };
  },
  "items mapped as p-map does": (count) => {
    const manager = managerOf({ concurrency: 16 });
    return () => Promise.all(many(count, (item) => manager.runJob(item, async () => item).job.result));
  },
  "jobs that are retained, listed and let go": (count) => {
    const manager = managerOf({ retain: count });
    return async () => {
      for (let key = 0; key < 2 * count; key += 1) manager.runJob(key, async () => {});
      await manager.onIdle();
      expect(manager.jobs().length).toBe(count);
    };
  },
  "jobs each in the place of the one before": (count) => {
    const manager = managerOf();
    return () => {
      for (let n = 0; n < count / 4; n += 1) manager.runJob("key", untilAborted, { onDuplicate: "replace" });
      return manager.stopAll();
    };
  },
  "events that were not read for long": (count) => {
    const manager = managerOf();
    const reader = manager.events().getReader();
    for (let key = 0; key < 2 * count; key += 1) manager.runJob(key, untilAborted);
    return async () => {
      for (let n = 0; n < 4 * count; n += 1) await reader.read();
      void manager.close();
    };
  },
};

const retaining: Record<string, Shape> = {
  "jobs under no key, where as many are retained": async (count) => {
    const manager = managerOf({ retain: count });
    const round = () => {
      for (let n = 0; n < count; n += 1) manager.add(() => n);
      return manager.onIdle();
    };
    await round();
    return round;
  },
  "one key again and again, where as many are retained": async (count) => {
    // One after another, which takes longer.
    const jobs = count / 2;
    const manager = managerOf({ retain: jobs });
    const round = async () => {
      for (let n = 0; n < jobs; n += 1) await manager.runJob("key", () => n).job.settled;
    };
    await round();
    return async () => {
      await round();
      for (let n = 0; n < jobs; n += 1) expect(manager.forget(manager.getLastJob("key")!.id)).toBe(true);
    };
  },
};

describe("four times as many take about four times as long", () => {
  it.each(Object.keys(listening))("%s", async (name) => {
    expect(await growthOf(listening[name] as Shape, 12_000)).toBe("in proportion");
  });
  it.each(Object.keys(waiting))("%s", async (name) => {
    expect(await growthOf(waiting[name] as Shape, 8000)).toBe("in proportion");
  });
  it.each(Object.keys(running))("%s", async (name) => {
    expect(await growthOf(running[name] as Shape, 4000)).toBe("in proportion");
  });
  it.each(Object.keys(retaining))("%s", async (name) => {
    expect(await growthOf(retaining[name] as Shape, 20_000)).toBe("in proportion");
  });
});
