import type { JobRunner, QueueClient } from "jobgate/runner";
import { anything } from "../../values.js";
import { body, listener, number, options, signal, text } from "../arguments.js";
import type { Any, Draw } from "../draw.js";
import { goodPorts, ports } from "../ports.js";
import type { Call, World } from "../world.js";
import { readSome, retry } from "./manager.js";

const TYPES = ["mine", "echo", "countdown", "fibonacci", "prime"] as const;

const jobType = (world: World, draw: Draw): Any =>
  options(
    draw,
    { description: () => text(draw, "a type") },
    {
      name: () => text(draw, "mine"),
      description: () => "a type of the program's own",
      params: () =>
        draw.mostly(
          () => [
            { name: "x", type: draw.random.pick(["integer", "string", "array", "url", "boolean"]), required: false },
          ],
          () => anything(draw),
        ),
      execute: () => body(world, draw),
    },
  );

function newRunner(world: World, draw: Draw): Any {
  const fields = {
    concurrency: () => number(draw, 1, 3),
    types: () =>
      draw.mostly(
        () => [jobType(world, draw)],
        () => anything(draw),
      ),
    builtins: () =>
      draw.mostly(
        () => true,
        () => anything(draw),
      ),
    retain: () => number(draw, 0, 2),
    maxPending: () => number(draw, 1, 5),
    autoStart: () =>
      draw.mostly(
        () => true,
        () => anything(draw),
      ),
  };
  const runner = new world.package.runner.JobRunner(options(draw, fields));
  world.runners.push(runner);
  return runner;
}

/** Every program has one whose types and options are in order. */
function plainRunner(world: World): Any {
  const execute = (_: unknown, context: Any) =>
    new Promise((resolve) => {
      context.signal.addEventListener("abort", () => resolve("stopped"));
      world.release(() => resolve("released"));
    });
  const type = { name: "mine", description: "waits", params: [], execute };
  const runner = new world.package.runner.JobRunner({ types: [type] });
  world.runners.push(runner);
  return runner;
}

/** One of the runners. */
export const one = (world: World, draw: Draw): Any => world.one(world.runners, draw, () => plainRunner(world));

const params = (draw: Draw): Any => {
  const fields = {
    message: () => text(draw, "hello"),
    seconds: () => number(draw, 0, 1),
    n: () => number(draw, 5),
    count: () => number(draw, 5),
    limit: () => number(draw, 5),
    x: () => anything(draw),
  };
  return options(draw, fields);
};

const createFields = (draw: Draw) => ({
  priority: () => number(draw, 0, 5, "background"),
  timeout: () => number(draw, 5, 1000),
  retry: () => retry(draw),
  delay: () => number(draw, 0, 5),
  signal: () => signal(draw),
  id: () => text(draw, "1", "2", "mine"),
});

const id = (draw: Draw): Any => text(draw, "1", "2", "3", "mine");

export const runnerCalls: Readonly<Record<Exclude<keyof JobRunner, symbol> | "new", Call>> = {
  new: newRunner,
  createJob: (world, draw) =>
    one(world, draw).createJob(text(draw, ...TYPES), params(draw), options(draw, createFields(draw))),
  getJob: (world, draw) => one(world, draw).getJob(id(draw)),
  getAllJobs: (world, draw) => one(world, draw).getAllJobs(),
  getPendingJobs: (world, draw) => one(world, draw).getPendingJobs(),
  getRunningJobs: (world, draw) => one(world, draw).getRunningJobs(),
  cancelJob: (world, draw) => one(world, draw).cancelJob(id(draw), anything(draw)),
  setPriority: (world, draw) => one(world, draw).setPriority(id(draw), number(draw, 0, 7, "background")),
  retryJob: (world, draw) => one(world, draw).retryJob(id(draw)),
  clearCompleted: (world, draw) => one(world, draw).clearCompleted(),
  getJobTypes: (world, draw) => one(world, draw).getJobTypes(),
  getJobType: (world, draw) => one(world, draw).getJobType(text(draw, ...TYPES)),
  validateJobParams: (world, draw) => one(world, draw).validateJobParams(text(draw, ...TYPES), params(draw)),
  getQueueStats: (world, draw) => one(world, draw).getQueueStats(),
  getWorkerStats: (world, draw) => one(world, draw).getWorkerStats(),
  getMetrics: (world, draw) => one(world, draw).getMetrics(),
  start: (world, draw) => one(world, draw).start(),
  stop: (world, draw) => world.settles("a runner's stop", one(world, draw).stop()),
  concurrency: (world, draw) => one(world, draw).concurrency,
  setConcurrency: (world, draw) => one(world, draw).setConcurrency(number(draw, 1, 3)),
  subscribe: (world, draw) => world.unsubscribes.push(one(world, draw).subscribe(listener(world, draw))),
  getSnapshot: (world, draw) => one(world, draw).getSnapshot(),
  onEvent: (world, draw) => world.unsubscribes.push(one(world, draw).onEvent(listener(world, draw))),
  watch: (world, draw) => readSome(world, draw, one(world, draw).watch(id(draw))),
  eventStream: (world, draw) =>
    readSome(
      world,
      draw,
      one(world, draw).eventStream(id(draw), options(draw, { lastEventId: () => text(draw, "0", "1") })),
    ),
  asQueue: (world, draw) => void world.clients.push(one(world, draw).asQueue()),
  serve: (world, draw) =>
    world.unsubscribes.push(
      one(world, draw).serve(
        draw.mostly(
          () => draw.of(ports),
          () => anything(draw),
        ),
      ),
    ),
  manager(world, draw) {
    const { manager } = one(world, draw);
    void manager.runJob(id(draw), body(world, draw)).job.stop();
  },
  close(world, draw) {
    if (draw.random.once(5)) world.settles("a runner's close", one(world, draw).close());
  },
};

/** One that speaks to a runner, or to nobody. */
function newClient(world: World, draw: Draw): Any {
  const port = draw.mostly(
    () => {
      const [page, host] = draw.of(goodPorts);
      world.unsubscribes.push(one(world, draw).serve(host));
      return page;
    },
    () =>
      draw.mostly(
        () => draw.of(ports),
        () => anything(draw),
      ),
    3,
  );
  const client = new world.package.runner.QueueClient(port);
  world.clients.push(client);
  return client;
}

const client = (world: World, draw: Draw): Any => world.one(world.clients, draw, () => newClient(world, draw));

/** What asks of a queue settles, or is told at once. */
const asks = (world: World, what: string, answer: unknown): void => {
  if (answer instanceof Promise) world.settles(what, answer);
};

export const clientCalls: Readonly<Record<Exclude<keyof QueueClient, symbol> | "new", Call>> = {
  new: newClient,
  createJob: (world, draw) =>
    world.settles(
      "a client's createJob",
      client(world, draw).createJob(text(draw, ...TYPES), params(draw), options(draw, createFields(draw))),
    ),
  getJob: (world, draw) => client(world, draw).getJob(id(draw)),
  getAllJobs: (world, draw) => client(world, draw).getAllJobs(),
  getQueueStats: (world, draw) => client(world, draw).getQueueStats(),
  setPriority: (world, draw) =>
    asks(world, "a client's setPriority", client(world, draw).setPriority(id(draw), number(draw, 0, 7, "background"))),
  retryJob: (world, draw) => asks(world, "a client's retryJob", client(world, draw).retryJob(id(draw))),
  watch: (world, draw) => readSome(world, draw, client(world, draw).watch(id(draw))),
  cancelJob: (world, draw) => asks(world, "a client's cancelJob", client(world, draw).cancelJob(id(draw))),
  clearCompleted: (world, draw) => asks(world, "a client's clearCompleted", client(world, draw).clearCompleted()),
  subscribe: (world, draw) => world.unsubscribes.push(client(world, draw).subscribe(listener(world, draw))),
  getSnapshot: (world, draw) => client(world, draw).getSnapshot(),
  close(world, draw) {
    // A runner's own queue is closed with the runner.
    if (draw.random.once(4)) client(world, draw).close?.();
  },
};
