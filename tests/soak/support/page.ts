// A page that does everything there is at once, round after round; `?part=tab` is one that shares in the queue only.

import { countedSignal } from "../../facade/support/signals.js";
import { wasmBytes } from "../../facade/support/wasm-memory.js";
import { type Random, randomOf } from "./random.js";
import { timersSet } from "./watch.js";

export interface Sample {
  readonly heap?: number;
  readonly wasm: number;
  readonly timers: number;
  readonly listeners: number;
  readonly locks: number;
}

declare global {
  // What the soak calls in its pages.
  var soak: {
    /** Begins a random program of each part. */
    begin(seed: number): void;
    /** Resolves once nothing is under way any more. */
    ended(): Promise<void>;
    sample(): Promise<Sample>;
    readonly errors: string[];
  };
}

const isWhole = new URLSearchParams(location.search).get("part") !== "tab";
const caller = countedSignal();
const errors: string[] = [];
addEventListener("error", ({ message }) => errors.push(message));
addEventListener("unhandledrejection", ({ reason }) => errors.push(`unhandled: ${reason?.stack ?? reason}`));

const { SharedRunner } = await import("jobgate/shared");
const wait = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
const times = (many: number) => Array.from({ length: many }, (_, at) => at);
const settled = (promises: readonly Promise<unknown>[]) => Promise.allSettled(promises);

interface Queue {
  getQueueStats(): { readonly pending: number; readonly running: number };
  subscribe(listener: () => void): () => void;
}

/** Resolves once no job of it waits or runs. */
function idle(queue: Queue): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const { pending, running } = queue.getQueueStats();
      if (pending + running > 0) return;
      leave();
      resolve();
    };
    const leave = queue.subscribe(look);
    look();
  });
}

const shared = new SharedRunner({
  builtins: false,
  retain: 20,
  concurrency: 3,
  types: [
    {
      name: "steps",
      description: "Counts in steps",
      params: [{ name: "to", type: "number" }],
      async execute({ to }: { to: number }, context) {
        for (const at of times(to)) await context.step(`${at}`, () => at);
        context.setState({ to });
        return to;
      },
    },
  ],
});
await shared.ready;

async function sharedProgram(random: Random): Promise<void> {
  const made: Promise<unknown>[] = times(4 + random(8)).map(async () => {
    const { id } = await shared.createJob("steps", { to: random(4) }, { priority: random(3) });
    if (random(4) === 0) await shared.cancelJob(id, "not wanted");
  });
  made.push(shared.runJob(`key ${random(3)}`, "steps", { to: 2 }).then(({ job }) => job.result));
  await settled(made);
  await idle(shared);
}

/** The parts that one page alone has. */
async function openWhole() {
  const [{ JobManager }, { QueueClient }, { WorkerPool }, { Session, scriptedProvider }] = await Promise.all([
    import("jobgate"),
    import("jobgate/queue-client"),
    import("jobgate/worker-pool"),
    import("jobgate/agents"),
  ]);
  const manager = new JobManager<string, number, number>({ concurrency: 5, retain: 10 });
  const workers = times(2).map(() => new Worker("/runner-worker.js", { type: "module" }));
  const clients = workers.flatMap((worker) =>
    times(2).map(() => {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage("serve", [port1]);
      return new QueueClient(port2);
    }),
  );
  const pool = new WorkerPool({ spawn: () => new Worker("/pool-worker.js", { type: "module" }), size: 2, grace: 20 });
  const poolJobs = new JobManager<string>({ retain: 10 });
  const session = new Session({ providers: [scriptedProvider({ replies: ["one two three", "four"] })] });
  const host = {
    workerStateChange: () => {},
    responseChunkReceived: () => {},
    getToolConfirmation: async () => "deny" as const,
  };
  const untilAborted = ({ signal }: { readonly signal: AbortSignal }) =>
    new Promise<number>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

  const programs: ((random: Random) => Promise<void>)[] = [
    async (random) => {
      for (const _ of times(200)) {
        const key = `key ${random(40)}`;
        const options = { signal: caller.signal, priority: random(4), group: `group ${random(5)}` };
        const kinds = [
          () => manager.runJob(key, () => random(9), options),
          () => manager.runJob(key, () => Promise.reject(new Error("broken")), { ...options, onDuplicate: "queue" }),
          () => manager.runJob(key, untilAborted, { ...options, timeout: 5 + random(20) }),
          () => manager.runJob(key, untilAborted, { ...options, onDuplicate: "replace" }),
          () => manager.runJob(key, ({ setState }) => setState(1), { ...options, delay: random(10) }),
        ];
        const { job } = kinds[random(kinds.length)]!();
        job.onStateChange(() => {});
        if (random(3) === 0) void job.stop("not wanted");
        if (random(9) === 0) await wait(0);
      }
      manager.stopAll();
      await manager.onIdle();
    },
    async (random) => {
      const made = times(40).map(async () => {
        const client = clients[random(clients.length)]!;
        const { id } =
          random(4) === 0
            ? await client.createJob("fail", {}, { retry: { limit: 1, delay: 1 } })
            : await client.createJob("count", { to: random(6) }, { priority: random(3) });
        if (random(4) === 0) await client.cancelJob(id);
        if (random(4) === 0) for await (const _ of client.watch(id) as unknown as AsyncIterable<unknown>);
      });
      await settled(made);
      await Promise.all(clients.map(idle));
    },
    async (random) => {
      const made = times(12).map((at) => {
        const kind = random(8) === 0 ? pool.job("deaf") : random(4) === 0 ? pool.job("fail") : pool.job("sum", [1, 2]);
        const { job } = poolJobs.runJob(`job ${at}`, kind, { signal: caller.signal, timeout: 100 });
        return job.result;
      });
      await settled(made);
    },
    async (random) => {
      const agent = session.createWorker({ name: "helper" });
      for (const at of times(2 + random(4))) {
        const { job } = session.run(agent, { prompt: `prompt ${at}` }, host, { signal: caller.signal });
        if (random(3) === 0) await job.stop();
        else await settled([job.result]);
      }
      await session.removeWorker(agent.id);
    },
  ];

  /** What the workers have under way. */
  const asked = (worker: Worker) =>
    new Promise<{ readonly timers: number; readonly wasm: number }>((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => {
        port1.close();
        resolve(data);
      };
      worker.postMessage("sample", [port2]);
    });

  return { programs, sampleWorkers: () => Promise.all(workers.map(asked)) };
}

const whole = isWhole ? await openWhole() : undefined;

let underWay: Promise<unknown> = Promise.resolve();

globalThis.soak = {
  begin(seed) {
    const programs = [sharedProgram, ...(whole?.programs ?? [])];
    underWay = Promise.all(programs.map((program, at) => program(randomOf(seed * 10 + at))));
  },
  async ended() {
    await underWay;
  },
  async sample() {
    const inWorkers = (await whole?.sampleWorkers()) ?? [];
    const sum = (of: "timers" | "wasm") => inWorkers.reduce((total, each) => total + each[of], 0);
    const { held = [], pending = [] } = await navigator.locks.query();
    return {
      wasm: wasmBytes() + sum("wasm"),
      timers: timersSet() + sum("timers"),
      listeners: caller.listeners,
      locks: held.length + pending.length,
    };
  },
  errors,
};
