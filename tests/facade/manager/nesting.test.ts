import { gate, subject } from "jobgate";
import { describe, expect, it } from "vitest";
import { type AnyJob, newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";

const deep = 100;
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("nesting 100 deep", () => {
  it("a listener that sends on: first in, first out for every listener", () => {
    const numbers = subject<number>();
    const first: number[] = [];
    const second: number[] = [];
    numbers.listen((value) => {
      first.push(value);
      if (value < deep) numbers.next(value + 1);
    });
    numbers.listen((value) => second.push(value));
    numbers.next(1);
    expect(first).toEqual(upTo(deep));
    expect(second).toEqual(upTo(deep));
  });

  it("a hundred thousand values sent on need no stack", () => {
    const numbers = subject<number>();
    let last = 0;
    numbers.listen((value) => {
      last = value;
      if (value < 100_000) numbers.next(value + 1);
    });
    numbers.next(1);
    expect(last).toBe(100_000);
  });

  it("a chain of a hundred subjects", () => {
    const chain = upTo(deep).map(() => subject<number>());
    const heard: number[] = [];
    for (const [index, link] of chain.entries()) {
      link.listen((value) => {
        heard.push(value);
        chain[index + 1]?.next(value + 1);
      });
    }
    chain[0]?.next(1);
    expect(heard).toEqual(upTo(deep));
  });

  it("a chain of a hundred gates", async () => {
    const chain = upTo(deep).map(() => gate());
    for (const [index, door] of chain.entries()) door.listen(() => chain[index + 1]?.open());
    chain[0]?.open();
    await chain.at(-1)?.wait();
    expect(chain.every(({ isOpen }) => isOpen)).toBe(true);
  });

  it("factories that run jobs: each is called inside the runJob of the one above", async () => {
    const manager = newManager();
    const log: string[] = [];
    const nest = (depth: number) => () => {
      log.push(`in ${depth}`);
      if (depth < deep) manager.runJob(`job ${depth + 1}`, nest(depth + 1));
      log.push(`out ${depth}`);
      return turn();
    };
    manager.runJob("job 1", nest(1));
    const inward = upTo(deep).map((depth) => `in ${depth}`);
    const outward = upTo(deep)
      .reverse()
      .map((depth) => `out ${depth}`);
    expect(log).toEqual([...inward, ...outward]);
    expect(manager.stats.running).toBe(deep);
    await manager.onIdle();
    expect(manager.stats.completed).toBe(deep);
  });

  it("states that are set by listeners of states", () => {
    const work = new Work();
    const { job } = newManager().runJob("counter", work.factory, { initialState: 0 });
    const first: number[] = [];
    const second: number[] = [];
    job.onStateChange((state) => {
      first.push(state);
      if (state < deep) work.context.setState(state + 1);
    });
    job.onStateChange((state) => second.push(state));
    work.context.setState(1);
    expect(job.state).toBe(deep);
    expect(first).toEqual(upTo(deep));
    expect(second).toEqual(upTo(deep));
  });

  it("actions that are dispatched by listeners of actions", () => {
    const work = new Work();
    const { job } = newManager().runJob("counter", work.factory);
    const heard: number[] = [];
    work.context.onAction((action) => {
      heard.push(action);
      if (action < deep) job.dispatch(action + 1);
    });
    job.dispatch(1);
    expect(heard).toEqual(upTo(deep));
  });

  it("subscribers that run jobs", async () => {
    const manager = newManager();
    let next = 1;
    manager.subscribe(() => {
      if (next > deep) return;
      manager.runJob(`job ${next++}`, () => turn());
    });
    manager.runJob("job 0", () => turn());
    expect(manager.stats.running).toBe(deep + 1);
    await manager.onIdle();
    expect(manager.stats.completed).toBe(deep + 1);
  });

  it("stops that stop the next job: all are asked by the time the first stop returns", async () => {
    const manager = newManager();
    const jobs: AnyJob[] = upTo(deep).map(
      (n) =>
        manager.runJob(`job ${n}`, (context) => {
          context.signal.addEventListener("abort", () => void jobs[n]?.stop(n));
          return untilAborted(context);
        }).job,
    );
    const barrier = jobs[0]?.stop(0);
    expect(jobs.map((job) => job.stopping)).toEqual(jobs.map(() => true));
    await barrier;
    await manager.onIdle();
    const reasons = jobs.map((job) => job.completion?.type === "Cancelled" && job.completion.reason);
    expect(reasons).toEqual(upTo(deep).map((n) => n - 1));
  });

  it("ends that start the next job", async () => {
    const manager = newManager({ concurrency: 1 });
    const order: number[] = [];
    await new Promise<void>((resolve) => {
      const start = (n: number) => {
        const { job } = manager.runJob(`job ${n}`, () => order.push(n));
        job.onStopped(() => (n < deep ? start(n + 1) : resolve()));
      };
      start(1);
    });
    expect(order).toEqual(upTo(deep));
  });
});

describe("one order for all listeners", () => {
  it("whoever listens, to whatever, hears changes in the same order", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory, { initialState: 0 });
    const logs: string[][] = [[], [], []];
    const listen = (log: string[], meddle: boolean) => {
      job.onStateChange((state) => {
        log.push(`state ${state}`);
        if (meddle && state === 1) work.context.progress(10, "first");
        if (meddle && state === 2) void job.stop();
      });
      job.onProgress(({ percent }) => {
        log.push(`progress ${percent}`);
        if (meddle && percent === 10) work.context.setState(2);
        if (meddle && percent === 10) work.context.progress(20, "second");
      });
      job.onStopped(() => log.push("stopped"));
    };
    for (const [index, log] of logs.entries()) listen(log, index === 1);
    work.context.setState(1);
    work.resolve();
    await job.settled;
    await turn();
    expect(logs[0]).toEqual(["state 1", "progress 10", "state 2", "progress 20", "stopped"]);
    expect(logs[1]).toEqual(logs[0]);
    expect(logs[2]).toEqual(logs[0]);
  });

  it("what a listener causes is delivered after what is being delivered, also to other emitters", () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const relay = subject<string>();
    const heard: string[] = [];
    relay.listen((line) => heard.push(line));
    job.onStateChange(() => {
      relay.next("relayed");
      heard.push("first");
    });
    job.onStateChange(() => heard.push("second"));
    work.context.setState(1);
    expect(heard).toEqual(["first", "second", "relayed"]);
  });

  it("listeners that take away themselves and others, in every emitter of a job", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const emitters: [string, (listener: () => void) => () => void, () => void][] = [
      ["state", job.onStateChange, () => work.context.setState({})],
      ["progress", job.onProgress, () => work.context.progress(1)],
      ["action", work.context.onAction, () => job.dispatch(1)],
      ["subscribe", manager.subscribe, () => void manager.runJob(`${Math.random()}`, () => {})],
      ["key", (listener) => manager.onKeyChange("key", listener), () => void manager.runJob("key", () => {})],
      ["stopped", job.onStopped, () => work.resolve()],
    ];
    for (const [name, listen, fire] of emitters) {
      const heard: string[] = [];
      const leaveSelf = listen(() => {
        heard.push("self");
        leaveSelf();
      });
      listen(() => {
        heard.push("taker");
        leaveOther();
        leaveOther();
      });
      const leaveOther = listen(() => heard.push("other"));
      fire();
      await turn();
      fire();
      await turn();
      expect(heard.slice(0, 2), name).toEqual(["self", "taker"]);
      expect(heard.includes("other"), name).toBe(false);
      expect(heard.filter((line) => line === "self").length, name).toBe(1);
    }
  });
});
