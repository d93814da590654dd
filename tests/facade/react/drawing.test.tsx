// What is drawn again, and what is not.

import type { ManagerStats } from "jobgate";
import { type UseJob, useJob, useJobs, useQueue } from "jobgate/react";
import { type JobQueue, QueueClient } from "jobgate/runner";
import { memo, useState } from "react";
import { describe, expect, it, onTestFinished } from "vitest";
import { heldType, newRunner } from "../runner/support/runner.js";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";
import { does, mount } from "./support/render.js";

// biome-ignore lint/suspicious/noExplicitAny: not about types
type AnyView = UseJob<any, any, any>;

/** Mounts a component that reads what `read` reads, and counts how often it is drawn. */
async function reader(read: (view: AnyView) => unknown) {
  const manager = newManager();
  const work = new Work();
  const drawn = { times: 0 };
  function Reader() {
    drawn.times += 1;
    return String(read(useJob(manager, "key")));
  }
  const mounted = await mount(<Reader />);
  /** How often it is drawn because of this. */
  const timesFor = async (change: () => unknown) => {
    const before = drawn.times;
    await does(change);
    return drawn.times - before;
  };
  return { manager, work, mounted, timesFor };
}

describe("a component is drawn again only when what it reads has changed", () => {
  it("that reads the status: not for state and progress", async () => {
    const { manager, work, mounted, timesFor } = await reader(({ status }) => status);
    expect(await timesFor(() => manager.runJob("key", work.factory))).toBe(1);
    expect(await timesFor(() => work.context.setState(1))).toBe(0);
    expect(await timesFor(() => work.context.progress(50))).toBe(0);
    expect(await timesFor(() => work.resolve("result"))).toBe(1);
    expect(mounted.text).toBe("completed");
  });

  it("that reads isActive: not when a waiting job starts", async () => {
    const { manager, work, timesFor } = await reader(({ isActive }) => isActive);
    manager.pause();
    expect(await timesFor(() => manager.runJob("key", work.factory))).toBe(1);
    expect(await timesFor(() => manager.resume())).toBe(0);
    expect(work.starts).toBe(1);
  });

  it("that reads the percentage: not for the same one again, nor for another message", async () => {
    const { manager, work, mounted, timesFor } = await reader(({ progress }) => progress.percent);
    expect(await timesFor(() => manager.runJob("key", work.factory))).toBe(0);
    expect(await timesFor(() => work.context.progress(50, "half"))).toBe(1);
    expect(await timesFor(() => work.context.progress(50, "half"))).toBe(0);
    expect(await timesFor(() => work.context.progress(50, "still half"))).toBe(0);
    expect(await timesFor(() => work.context.progress(51, "more"))).toBe(1);
    expect(mounted.text).toBe("51");
  });

  it("that reads the state: not for the same state again", async () => {
    const { manager, work, mounted, timesFor } = await reader(({ state }) => state);
    expect(await timesFor(() => manager.runJob("key", work.factory, { initialState: 1 }))).toBe(1);
    expect(await timesFor(() => work.context.setState(1))).toBe(0);
    expect(await timesFor(() => work.context.setState(2))).toBe(1);
    expect(mounted.text).toBe("2");
  });

  it("that reads nothing: never", async () => {
    const { manager, work, timesFor } = await reader(() => "nothing");
    const all = () => {
      manager.runJob("key", work.factory);
      work.context.setState(1);
      work.resolve();
    };
    expect(await timesFor(all)).toBe(0);
  });

  it("that spreads it: for everything", async () => {
    const { manager, work, timesFor } = await reader(({ job: _, ...rest }) => JSON.stringify({ ...rest }));
    expect(await timesFor(() => manager.runJob("key", work.factory))).toBe(1);
    expect(await timesFor(() => work.context.progress(1))).toBe(1);
    expect(await timesFor(() => work.context.setState(1))).toBe(1);
  });

  it("never for what happens under another key", async () => {
    const { manager, work, timesFor } = await reader((view) => Object.keys({ ...view }));
    expect(await timesFor(() => manager.runJob("other", work.factory))).toBe(0);
    expect(await timesFor(() => work.context.setState(1))).toBe(0);
    expect(await timesFor(() => work.resolve())).toBe(0);
  });

  it("once for all that happens in one go", async () => {
    const { manager, work, mounted, timesFor } = await reader(({ state, progress }) => `${state} ${progress.percent}`);
    const all = () => {
      manager.runJob("key", work.factory);
      for (let n = 1; n <= 100; n += 1) {
        work.context.setState(n);
        work.context.progress(n);
      }
    };
    expect(await timesFor(all)).toBe(1);
    expect(mounted.text).toBe("100 100");
  });
});

it("what is read for the first time is the newest, and counts from then on; what is no longer read, no longer", async () => {
  const manager = newManager();
  const work = new Work();
  manager.runJob("key", work.factory);
  let drawn = 0;
  let choose!: (what: "state" | "status") => void;
  function Chooser() {
    drawn += 1;
    const [what, setWhat] = useState<"state" | "status">("status");
    choose = setWhat;
    return String(useJob(manager, "key")[what]);
  }
  const mounted = await mount(<Chooser />);
  await does(() => work.context.setState("unread"));
  expect(drawn).toBe(1);
  await does(() => choose("state"));
  expect(mounted.text).toBe("unread");
  await does(() => work.context.setState("read"));
  expect(mounted.text).toBe("read");
  await does(() => choose("status"));
  const before = drawn;
  await does(() => work.context.setState("unread again"));
  expect(drawn).toBe(before);
});

it("what a child reads of it draws its parent again", async () => {
  const manager = newManager();
  const work = new Work();
  manager.runJob("key", work.factory);
  const Child = memo(({ view }: { view: AnyView }) => String(view.state));
  const Parent = () => <Child view={useJob(manager, "key")} />;
  const mounted = await mount(<Parent />);
  await does(() => work.context.setState("told"));
  expect(mounted.text).toBe("told");
});

describe("useJobs", () => {
  it("shows jobs as they come and go, and the statistics", async () => {
    const manager = newManager({ concurrency: 1, retain: 1 });
    function List() {
      const { jobs, stats } = useJobs(manager);
      return `${jobs.map(({ key, status }) => `${key} ${status}`)} of ${stats.total}`;
    }
    const mounted = await mount(<List />);
    expect(mounted.text).toBe(" of 0");
    const [a, b] = [new Work(), new Work()];
    await does(() => manager.runJob("a", a.factory));
    await does(() => manager.runJob("b", b.factory));
    expect(mounted.text).toBe("a running,b pending of 2");
    await does(() => a.resolve());
    expect(mounted.text).toBe("a completed,b running of 2");
    await does(() => b.resolve());
    expect(mounted.text).toBe("b completed of 2");
  });

  it("is not drawn for state and progress; one that reads the statistics, only for numbers", async () => {
    const manager = newManager();
    const work = new Work();
    const drawn = { all: 0, statistics: 0 };
    function All() {
      drawn.all += 1;
      return String(useJobs(manager).jobs.map(({ stopping }) => stopping));
    }
    function Statistics() {
      drawn.statistics += 1;
      return String(useJobs(manager).stats.running);
    }
    const mounted = await mount([<All key="1" />, <Statistics key="2" />]);
    await does(() => manager.runJob("key", work.factory));
    expect(drawn).toEqual({ all: 2, statistics: 2 });
    await does(() => work.context.setState(1));
    await does(() => work.context.progress(1));
    expect(drawn).toEqual({ all: 2, statistics: 2 });
    // It stays running, and the statistics what they were.
    await does(() => void manager.stopJob("key"));
    expect(drawn).toEqual({ all: 3, statistics: 2 });
    expect(mounted.text).toBe("true1");
    await does(() => work.resolve());
    expect(drawn).toEqual({ all: 4, statistics: 3 });
  });

  it("one that reads a single number is drawn for that one alone, though a child reads it later", async () => {
    const manager = newManager();
    const work = new Work();
    const drawn = { total: 0, handedOn: 0 };
    function Total() {
      drawn.total += 1;
      return `total ${useJobs(manager).stats.total}`;
    }
    const Child = memo(({ stats }: { stats: ManagerStats }) => ` running ${stats.running}`);
    function HandedOn() {
      drawn.handedOn += 1;
      return <Child stats={useJobs(manager).stats} />;
    }
    const mounted = await mount([<Total key="1" />, <HandedOn key="2" />]);
    await does(() => manager.runJob("key", work.factory));
    expect(mounted.text).toBe("total 1 running 1");
    expect(drawn).toEqual({ total: 2, handedOn: 2 });
    await does(() => work.resolve());
    expect(mounted.text).toBe("total 1 running 0");
    expect(drawn).toEqual({ total: 2, handedOn: 3 });
  });

  it("statistics can be cloned, compared and spread, and are the same ones as long as nothing has changed", async () => {
    const manager = newManager();
    const seen: ManagerStats[] = [];
    let drawAgain!: (n: number) => void;
    function Statistics() {
      drawAgain = useState(0)[1];
      const { stats } = useJobs(manager);
      seen.push(stats);
      return JSON.stringify(structuredClone(stats));
    }
    const mounted = await mount(<Statistics />);
    await does(() => drawAgain(1));
    expect(new Set(seen).size).toBe(1);
    expect(JSON.parse(mounted.text)).toEqual(manager.stats);
    expect({ ...seen[0] }).toEqual(manager.stats);
  });
});

describe("useQueue", () => {
  it("shows a runner's jobs and their progress; one that reads the statistics is drawn only for numbers", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    let drawn = 0;
    function Jobs() {
      return `${useQueue(runner).jobs.map(({ status, progress }) => `${status} ${progress.percent}`)}`;
    }
    function Statistics() {
      drawn += 1;
      return ` of ${useQueue(runner).stats.total}`;
    }
    const mounted = await mount([<Jobs key="1" />, <Statistics key="2" />]);
    expect(mounted.text).toBe(" of 0");
    await does(() => runner.createJob("held"));
    await does(() => held[0]?.context.progress(30));
    expect(mounted.text).toBe("running 30 of 1");
    const before = drawn;
    await does(() => held[0]?.context.progress(60));
    expect(mounted.text).toBe("running 60 of 1");
    expect(drawn).toBe(before);
    await does(() => held[0]?.work.resolve("done"));
    expect(mounted.text).toBe("completed 60 of 1");
  });

  it("shows the jobs of a runner at a port's other end", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { port1, port2 } = new MessageChannel();
    runner.serve(port1);
    const client = new QueueClient(port2);
    onTestFinished(() => client.close());
    const Jobs = () => `${useQueue(client).jobs.map(({ status }) => status)}`;
    const mounted = await mount(<Jobs />);
    await does(() => client.createJob("held"));
    await does(() => shows(client, "running"));
    expect(mounted.text).toBe("running");
    held[0]?.work.resolve(undefined);
    await does(() => shows(client, "completed"));
    expect(mounted.text).toBe("completed");
  });

  it("shows the jobs of a queue that is an app's own class, and listens to it once", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    class Queue implements Pick<JobQueue, "subscribe" | "getSnapshot"> {
      private readonly queue = runner.asQueue();
      listening = 0;
      subscribe(listener: () => void) {
        this.listening += 1;
        return this.queue.subscribe(listener);
      }
      getSnapshot() {
        return this.queue.getSnapshot();
      }
    }
    const queue = new Queue();
    const Jobs = () => `${useQueue(queue as unknown as JobQueue).jobs.map(({ status }) => status)}`;
    const mounted = await mount(<Jobs />);
    await does(() => runner.createJob("held"));
    expect(mounted.text).toBe("running");
    await does(() => held[0]?.work.resolve("done"));
    expect(mounted.text).toBe("completed");
    expect(queue.listening).toBe(1);
  });

  it("says whether somebody answers", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { port1, port2 } = new MessageChannel();
    const client = new QueueClient(port2);
    onTestFinished(() => client.close());
    const mounted = await mount(
      [runner, runner.asQueue(), client].map((queue, at) => {
        const Connected = () => `${useQueue(queue).connected} `;
        return <Connected key={at} />;
      }),
    );
    expect(mounted.text).toBe("true true false ");
    await does(async () => {
      runner.serve(port1);
      await client.createJob("held");
    });
    expect(mounted.text).toBe("true true true ");
    const left = new Promise<void>((resolve) => {
      const stop = client.subscribe(() => {
        if (client.getSnapshot().connected) return;
        stop();
        resolve();
      });
    });
    held[0]?.work.resolve(undefined);
    await does(async () => {
      await runner.close();
      await left;
    });
    expect(mounted.text).toBe("false false false ");
  });
});

/** Resolves when the client's first job has that status. */
function shows(client: QueueClient, status: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (client.getSnapshot().jobs[0]?.status !== status) return;
      stop();
      resolve();
    };
    const stop = client.subscribe(look);
    queueMicrotask(look);
  });
}
