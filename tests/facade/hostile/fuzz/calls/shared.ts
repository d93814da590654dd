import type { SharedJob, SharedRunner } from "jobgate/shared";
import { anything } from "../../values.js";
import { body, listener, number, options, text } from "../arguments.js";
import type { Any, Draw } from "../draw.js";
import type { Call, World } from "../world.js";
import { readSome, retry } from "./manager.js";

let queues = 0;

function plainType(world: World): Any {
  const execute = (_: unknown, context: Any) =>
    new Promise((resolve) => {
      context.onAction(() => {});
      context.setState(1);
      context.signal.addEventListener("abort", () => resolve("stopped"));
      world.release(() => resolve("released"));
    });
  return { name: "mine", description: "waits", params: [], execute };
}

/** Each has a queue of its own, on disk where there is one. */
function plainRunner(world: World): Any {
  const name = `fuzz ${Math.random()} ${++queues}`;
  const runner = new world.package.shared.SharedRunner({ name, fallback: "memory", types: [plainType(world)] });
  world.shared.push(runner);
  return runner;
}

function newRunner(world: World, draw: Draw): Any {
  const fields = {
    name: () => `fuzz ${Math.random()} ${++queues}`,
    fallback: () =>
      draw.mostly(
        () => "memory",
        () => anything(draw),
      ),
    concurrency: () => number(draw, 1, 3),
    takeOverAfter: () => number(draw, 1000),
    maxInterruptions: () => number(draw, 1, 3),
    retain: () => number(draw, 0, 2),
    types: () =>
      draw.mostly(
        () => [{ ...plainType(world), execute: body(world, draw), version: number(draw, 1) }],
        () => anything(draw),
      ),
  };
  const runner = new world.package.shared.SharedRunner(options(draw, fields));
  world.shared.push(runner);
  return runner;
}

const one = (world: World, draw: Draw): Any => world.one(world.shared, draw, () => plainRunner(world));
const type = (draw: Draw): Any => text(draw, "mine", "echo");
const key = (draw: Draw): Any => text(draw, "a", "b");
const id = (draw: Draw): Any => text(draw, "1", "2");

const create = (draw: Draw): Any =>
  options(draw, {
    priority: () => number(draw, 0, 5, "background"),
    timeout: () => number(draw, 5, 1000),
    retry: () => retry(draw),
    delay: () => number(draw, 0, 5),
    id: () => id(draw),
    key: () => key(draw),
    onDuplicate: () => text(draw, "join", "queue", "replace", "reject"),
  });

const params = (draw: Draw): Any => options(draw, { message: () => text(draw, "hello"), x: () => anything(draw) });

export const sharedCalls: Readonly<Record<Exclude<keyof SharedRunner, symbol> | "new", Call>> = {
  new: newRunner,
  ready: (world, draw) => world.settles("a shared runner's ready", one(world, draw).ready),
  storage: (world, draw) => one(world, draw).storage,
  tab: (world, draw) => one(world, draw).tab,
  createJob: (world, draw) =>
    world.settles("createJob", one(world, draw).createJob(type(draw), params(draw), create(draw))),
  runJob(world, draw) {
    const answer = one(world, draw).runJob(key(draw), type(draw), params(draw), create(draw));
    world.settles("runJob", answer);
    answer.then(
      ({ job }: Any) => world.sharedJobs.push(job),
      () => {},
    );
  },
  getRunningJob(world, draw) {
    const job = one(world, draw).getRunningJob(key(draw));
    if (job !== undefined) world.sharedJobs.push(job);
  },
  getLastJob(world, draw) {
    const job = one(world, draw).getLastJob(key(draw));
    if (job !== undefined) world.sharedJobs.push(job);
  },
  getJobTypes: (world, draw) => one(world, draw).getJobTypes(),
  getJobType: (world, draw) => one(world, draw).getJobType(type(draw)),
  validateJobParams: (world, draw) => one(world, draw).validateJobParams(type(draw), params(draw)),
  getWorkerStats: (world, draw) => one(world, draw).getWorkerStats(),
  getJob: (world, draw) => one(world, draw).getJob(id(draw)),
  findJob: (world, draw) => world.settles("findJob", one(world, draw).findJob(id(draw))),
  getAllJobs: (world, draw) => one(world, draw).getAllJobs(),
  stopJob: (world, draw) => world.settles("stopJob", one(world, draw).stopJob(key(draw), anything(draw))),
  cancelJob: (world, draw) => world.settles("cancelJob", one(world, draw).cancelJob(id(draw), anything(draw))),
  setPriority: (world, draw) =>
    world.settles("setPriority", one(world, draw).setPriority(id(draw), number(draw, 0, 7, "background"))),
  retryJob: (world, draw) => world.settles("retryJob", one(world, draw).retryJob(id(draw))),
  clearCompleted: (world, draw) => world.settles("clearCompleted", one(world, draw).clearCompleted()),
  getQueueStats: (world, draw) => one(world, draw).getQueueStats(),
  watch: (world, draw) => readSome(world, draw, one(world, draw).watch(id(draw))),
  subscribe: (world, draw) => world.unsubscribes.push(one(world, draw).subscribe(listener(world, draw))),
  onEvent: (world, draw) => world.unsubscribes.push(one(world, draw).onEvent(listener(world, draw))),
  getSnapshot: (world, draw) => one(world, draw).getSnapshot(),
  persist: (world, draw) => world.settles("persist", one(world, draw).persist()),
  close(world, draw) {
    if (draw.random.once(5)) world.settles("a shared runner's close", one(world, draw).close());
  },
};

const job = (world: World, draw: Draw, call: (job: Any) => unknown): unknown =>
  world.sharedJobs.length === 0 ? undefined : call(draw.random.pick(world.sharedJobs));

export const sharedJobCalls: Readonly<Record<keyof SharedJob, Call>> = {
  record: (world, draw) => job(world, draw, ({ record }) => record),
  state: (world, draw) => job(world, draw, ({ state }) => state),
  result: (world, draw) => job(world, draw, ({ result }) => world.settles("a shared job's result", result)),
  settled: (world, draw) => job(world, draw, ({ settled }) => world.settles("a shared job's settled", settled)),
  dispatch: (world, draw) =>
    job(world, draw, ({ dispatch }) => world.settles("a shared job's dispatch", dispatch(anything(draw)))),
  stop: (world, draw) =>
    job(world, draw, ({ stop }) =>
      world.settles("a shared job's stop", stop(anything(draw), options(draw, { timeout: () => number(draw, 5) }))),
    ),
  onStateChange: (world, draw) =>
    job(world, draw, ({ onStateChange }) => world.unsubscribes.push(onStateChange(listener(world, draw)))),
  onProgress: (world, draw) =>
    job(world, draw, ({ onProgress }) => world.unsubscribes.push(onProgress(listener(world, draw)))),
  events: (world, draw) => job(world, draw, ({ events }) => readSome(world, draw, events())),
};
