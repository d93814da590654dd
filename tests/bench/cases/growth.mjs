/** Case 14: what each costs when there are many: N against 4 N. Level means in proportion; four times means the square. */
import { gate, JobManager, subject } from "jobgate";
import { Session, scriptedProvider } from "jobgate/agents";
import { JobRunner, QueueClient } from "jobgate/runner";
import { expectEqual } from "../work.mjs";

export const title = "Many of a kind: N against 4 N";
export const units = { time: "ns for each" };
export const notes = [
  "Each is to cost the same however many there are: with what grows with the square, four times as many take four times as long for each.",
];

export const variants = (quick) => Object.keys(trials).map((id) => ({ id, n: quick ? 8000 : 80_000 }));

const each = (n, make) => Array.from({ length: n }, (_, index) => make(index));
const nothing = () => {};

/** A job that runs until it is told to end. */
function running() {
  const manager = new JobManager();
  let end;
  const { job } = manager.runJob("job", () => new Promise((resolve) => (end = resolve)));
  const finish = () => {
    end();
    return manager.onIdle();
  };
  return { job, finish };
}

const reporting = {
  name: "reporting",
  description: "Says how far it is",
  params: [],
  execute: (_, { progress }) => {
    for (let percent = 20; percent <= 100; percent += 20) progress(percent);
  },
};

function counted() {
  const count = { calls: 0, call: () => void count.calls++ };
  return count;
}

const trials = {
  "jobs in as many groups": (n) => {
    const manager = new JobManager({ concurrency: 16, groupConcurrency: 1 });
    const groups = each(n, (index) => `group ${(index * 7919) % n}`);
    return {
      run: () => {
        for (const group of groups) manager.runJob(group, async () => {}, { group });
        return manager.onIdle();
      },
      check: () => expectEqual("completed", manager.stats.completed, n),
    };
  },
  "listeners of a job that ends": (n) => {
    const { job, finish } = running();
    const told = counted();
    for (let index = 0; index < n; index++) job.onStopped(told.call);
    return { run: finish, check: () => expectEqual("told", told.calls, n) };
  },
  "listeners that leave, newest first": (n) => {
    const numbers = subject();
    const leave = each(n, () => numbers.listen(nothing)).reverse();
    return {
      run: () => {
        for (const off of leave) off();
      },
      check: () => expectEqual("listeners", numbers.listenerCount, 0),
    };
  },
  "listeners of a gate": (n) => {
    const door = gate();
    const told = counted();
    for (let index = 0; index < n; index++) door.listen(told.call);
    return { run: () => door.open(), check: () => expectEqual("told", told.calls, n) };
  },
  "waits on one signal": (n) => {
    const door = gate();
    const caller = new AbortController();
    const told = counted();
    return {
      run: () => {
        const waits = each(n, () => door.wait({ signal: caller.signal }).catch(told.call));
        caller.abort();
        return Promise.all(waits);
      },
      check: () => expectEqual("given up", told.calls, n),
    };
  },
  "keys watched, used and left": (n) => {
    const manager = new JobManager();
    const told = counted();
    return {
      run: async () => {
        const leave = each(n, (key) => manager.onKeyChange(key, told.call));
        for (let key = 0; key < n; key++) manager.runJob(key, async () => {});
        await manager.onIdle();
        for (const off of leave) off();
      },
      check: () => expectEqual("told", told.calls, 2 * n),
    };
  },
  "checkpoints at once": (n) => {
    const manager = new JobManager();
    return {
      run: () => {
        for (let key = 0; key < n; key++) manager.runJob(key, (context) => context.checkpoint());
        return manager.onIdle();
      },
      check: () => expectEqual("completed", manager.stats.completed, n),
    };
  },
  "a runner's jobs, each with a watcher": (n) => {
    const count = Math.ceil(n / 20);
    const runner = new JobRunner({ builtins: false, autoStart: false, retain: count, types: [reporting] });
    const ids = each(count, () => runner.createJob("reporting").id);
    const read = async (id) => {
      let events = 0;
      for await (const _ of runner.watch(id)) events++;
      return events;
    };
    let heard = [];
    return {
      run: async () => {
        const watched = ids.map(read);
        runner.start();
        heard = await Promise.all(watched);
      },
      check: () => expectEqual("heard to their ends", heard.filter((events) => events >= 2).length, count),
      end: () => runner.close(),
    };
  },
  "a runner's delays that end, with a client": (n) => {
    const count = Math.ceil(n / 20);
    const runner = new JobRunner({ builtins: false, retain: count, types: [reporting] });
    const { port1, port2 } = new MessageChannel();
    runner.serve(port1);
    const client = new QueueClient(port2);
    return {
      run: () => {
        for (let index = 0; index < count; index++) runner.createJob("reporting", {}, { delay: 1 + (index % 50) });
        return runner.manager.onIdle();
      },
      check: () => expectEqual("completed", runner.getQueueStats().completed, count),
      end: () => {
        client.close();
        port1.close();
        port2.close();
        return runner.close();
      },
    };
  },
  "turns of a conversation": (n) => {
    const count = Math.ceil(n / 40);
    const session = new Session({ providers: [scriptedProvider({ replies: ["yes"] })] });
    const worker = session.createWorker({ name: "helper" });
    const host = {
      workerStateChange: nothing,
      responseChunkReceived: nothing,
      getToolConfirmation: async () => "deny",
    };
    return {
      run: async () => {
        for (let turn = 0; turn < count; turn++) await session.run(worker, { prompt: `${turn}` }, host).job.wait();
      },
      check: () => expectEqual("messages", worker.messages.length, 2 * count),
      end: () => session.close(),
    };
  },
  "events read late": (n) => {
    const manager = new JobManager();
    const reader = manager.events().getReader();
    let read = 0;
    return {
      ready: () => {
        for (let key = 0; key < n / 2; key++) manager.runJob(key, () => new Promise(nothing));
      },
      run: async () => {
        for (; read < n; read++) await reader.read();
      },
      check: () => expectEqual("read", read, n),
      end: () => reader.cancel(),
    };
  },
};

export const contenders = {
  jobgate: ({ id, n }) => trials[id](n),
  "jobgate, a quarter as many": ({ id, n }) => ({ ...trials[id](Math.ceil(n / 4)), n: Math.ceil(n / 4) }),
};
