/** Case 16: a queue of typed jobs. Plain managers of the same jobs, with no records, no types and no clients, beside it. */
import { JobManager } from "jobgate";
import { JobRunner, QueueClient } from "jobgate/runner";
import { expectEqual, keys } from "../work.mjs";

export const title = "A runner of typed jobs";
export const units = { time: "ns for each" };
export const notes = [
  "create → ended: 10,000 jobs, 10 at once, each with its params checked and its record kept.",
  "list, snapshot: all records, after a job has changed, per record. In step: a client over a port hears of each job and lists as the runner does.",
  "bare is a JobManager with the same bodies: it has no types, params or records.",
];

const LISTS = 20;

export const variants = (quick) => {
  const [few, many] = quick ? [250, 1000] : [1000, 10_000];
  const listed = (of) => (count) => ({ id: `${of}, ${count.toLocaleString("en")} records`, of, n: count * LISTS });
  return [
    { id: "create → ended", of: "ended", n: many },
    ...["list", "snapshot"].flatMap((of) => [few, many].map(listed(of))),
    { id: "a client in step", of: "step", n: many },
  ];
};

const type = {
  name: "add",
  description: "Adds two numbers",
  params: [
    { name: "one", type: "integer", min: 0 },
    { name: "other", type: "integer", default: 1 },
  ],
  execute: async ({ one, other }) => one + other,
};

const open = (retain) => new JobRunner({ builtins: false, concurrency: 10, retain, types: [type] });

function createAll(runner, n) {
  for (let one = 0; one < n; one++) runner.createJob("add", { one });
  return runner.manager.onIdle();
}

const expectCompleted = (runner, n) => expectEqual("completed", runner.getQueueStats().completed, n);

/** All records are asked for again and again; before each time something has changed. */
function listing(n, read) {
  const count = n / LISTS;
  const runner = open(count);
  let listed = 0;
  return {
    ready: () => createAll(runner, count - 1),
    run: () => {
      for (let time = 0; time < LISTS; time++) {
        const { id } = runner.createJob("add", { one: time }, { delay: 60_000 });
        listed += read(runner).length;
        void runner.cancelJob(id);
      }
    },
    check: () => {
      if (listed < (count - 1) * LISTS) throw new Error(`listed: ${listed}`);
    },
    end: () => runner.close(),
  };
}

const trials = {
  ended: (n) => {
    const runner = open(n);
    return { run: () => createAll(runner, n), check: () => expectCompleted(runner, n), end: () => runner.close() };
  },
  list: (n) => listing(n, (runner) => runner.getAllJobs()),
  snapshot: (n) => listing(n, (runner) => runner.getSnapshot().jobs),
  step: (n) => {
    const runner = open(n);
    const { port1, port2 } = new MessageChannel();
    runner.serve(port1);
    const client = new QueueClient(port2);
    const inStep = (resolve) => {
      if (client.getQueueStats().completed === n && client.getAllJobs().length === n) resolve();
    };
    return {
      run: async () => {
        const done = new Promise((resolve) => client.subscribe(() => inStep(resolve)));
        await createAll(runner, n);
        await done;
      },
      check: () => {
        expectCompleted(runner, n);
        const ids = (queue) =>
          queue
            .getAllJobs()
            .map(({ id }) => id)
            .join();
        expectEqual("listed by the client", ids(client), ids(runner));
      },
      end: () => {
        client.close();
        port1.close();
        port2.close();
        return runner.close();
      },
    };
  },
};

/** What the jobs alone take. */
function bare({ of, n }) {
  const count = of === "list" || of === "snapshot" ? n / LISTS : n;
  const names = keys(count);
  const manager = new JobManager({ concurrency: 10, retain: count });
  const runAll = () => {
    for (const name of names) manager.runJob(name, async () => 1);
    return manager.onIdle();
  };
  if (count === n) return { run: runAll, check: () => expectEqual("completed", manager.stats.completed, n) };
  let listed = 0;
  return {
    ready: runAll,
    run: () => {
      for (let time = 0; time < LISTS; time++) {
        const { job } = manager.runJob("more", async () => 1, { delay: 60_000 });
        listed += (of === "list" ? manager.jobs() : manager.getSnapshot().jobs).length;
        void job.stop();
      }
    },
    check: () => expectEqual("listed", listed >= count * LISTS, true),
    end: () => manager.close(),
  };
}

export const contenders = {
  jobgate: ({ of, n }) => trials[of](n),
  "jobgate, a quarter as many": ({ of, n }) => ({ ...trials[of](n / 4), n: n / 4 }),
  bare,
};
