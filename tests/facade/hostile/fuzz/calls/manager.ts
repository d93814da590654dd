import type { JobManager } from "jobgate";
import { anything } from "../../values.js";
import { body, key, listener, number, options, signal, text } from "../arguments.js";
import type { Any, Draw } from "../draw.js";
import type { Call, World } from "../world.js";

export const retry = (draw: Draw): Any =>
  draw.random.once(2)
    ? number(draw, 0, 1, 3, Number.POSITIVE_INFINITY)
    : options(
        draw,
        {
          delay: () => number(draw, 0, 1, 5),
          maxDelay: () => number(draw, 0, 5),
          backoff: () => text(draw, "fixed", "exponential"),
          jitter: () => text(draw, "full", "none"),
          retryIf: () =>
            draw.mostly(
              () => () => draw.random.once(2),
              () => (): Any => anything(draw),
              2,
            ),
        },
        { limit: () => number(draw, 0, 1, 3, Number.POSITIVE_INFINITY) },
      );

const runFields = (draw: Draw) => ({
  signal: () => signal(draw),
  priority: () => number(draw, 0, 5, -5, "background", "user-blocking"),
  timeout: () => number(draw, 0, 1, 5, 1000),
  retry: () => retry(draw),
  delay: () => number(draw, 0, 1, 5),
  abandonAfter: () => number(draw, 0, 1, 5, Number.POSITIVE_INFINITY),
  group: () => text(draw, "x", "y"),
  onDuplicate: () => text(draw, "join", "replace", "queue", "reject"),
  initialState: () => anything(draw),
  name: () => text(draw, "named"),
});

const rateLimit = (draw: Draw): Any =>
  options(draw, {}, { limit: () => number(draw, 1, 3), interval: () => number(draw, 0, 1, 5) });

const managerFields = (draw: Draw) => {
  const { signal: _, initialState: __, ...defaults } = runFields(draw);
  return {
    name: () => text(draw, "a manager"),
    concurrency: () => number(draw, 1, 2),
    groupConcurrency: () => number(draw, 1),
    rateLimit: () => rateLimit(draw),
    groupRateLimit: () => rateLimit(draw),
    maxPending: () => number(draw, 0, 2, 10),
    paused: () =>
      draw.mostly(
        () => true,
        () => anything(draw),
        3,
      ),
    retain: () => number(draw, 0, 1, 5),
    trace: () =>
      draw.mostly(
        () => true,
        () => anything(draw),
        3,
      ),
    defaults: () => options(draw, defaults),
  };
};

/** Few, or none, or what throws on the way; some come in their time. */
const items = (draw: Draw): Any =>
  draw.mostly(
    () => {
      const many = draw.random.below(5);
      const thrown = draw.random.once(5) ? anything(draw) : undefined;
      function* now() {
        for (let left = many; left > 0; left -= 1) yield anything(draw);
        if (thrown !== undefined) draw.throw(thrown);
      }
      async function* later() {
        yield* now();
      }
      return draw.random.once(2) ? now() : later();
    },
    () => anything(draw),
    6,
  );

const one = (world: World, draw: Draw): Any => draw.random.pick(world.managers);

const runJob: Call = (world, draw) => {
  const manager = one(world, draw);
  world.took(manager, manager.runJob(key(draw), body(world, draw), options(draw, runFields(draw))));
};

/** Runs jobs under a name of its own: most of what can go wrong begins with one. */
export const constructing: Readonly<Record<string, Call>> = {
  JobManager: (world, draw) => {
    world.managers.push(new world.package.main.JobManager(options(draw, managerFields(draw))));
  },
  "runJob once more": runJob,
  "runJob yet again": runJob,
};

export const managerCalls: Readonly<Record<Exclude<keyof JobManager, symbol>, Call>> = {
  runJob,
  getRunningJob: (world, draw) => one(world, draw).getRunningJob(key(draw)),
  add(world, draw) {
    const manager = one(world, draw);
    world.took(manager, { type: "JOB_CREATED", job: manager.add(body(world, draw), options(draw, runFields(draw))) });
  },
  map(world, draw) {
    const { signal: _, ...fields } = runFields(draw);
    const given = options(draw, { ...fields, signal: () => signal(draw), settle: () => draw.random.once(2) });
    const manager = one(world, draw);
    world.mapped.add(manager);
    world.settles("map", manager.map(items(draw), body(world, draw), given));
  },
  getLastJob: (world, draw) => one(world, draw).getLastJob(key(draw)),
  forget: (world, draw) => one(world, draw).forget(text(draw, "job-1", "job-2")),
  getJob: (world, draw) => one(world, draw).getJob(text(draw, "job-1", "job-2")),
  jobs: (world, draw) => one(world, draw).jobs(text(draw, "running", "completed")),
  stopJob: (world, draw) => world.settles("stopJob", one(world, draw).stopJob(key(draw), anything(draw))),
  stopAll: (world, draw) => world.settles("stopAll", one(world, draw).stopAll(anything(draw))),
  stopPending: (world, draw) => one(world, draw).stopPending(anything(draw)),
  pause: (world, draw) => one(world, draw).pause(),
  resume: (world, draw) => one(world, draw).resume(),
  isPaused: (world, draw) => one(world, draw).isPaused,
  concurrency(world, draw) {
    const manager = one(world, draw);
    if (draw.random.once(2)) void manager.concurrency;
    else manager.concurrency = number(draw, 1, 2, Number.POSITIVE_INFINITY);
  },
  rateLimit(world, draw) {
    const manager = one(world, draw);
    if (draw.random.once(2)) void manager.rateLimit;
    else manager.rateLimit = rateLimit(draw);
  },
  rateLimitedUntil: (world, draw) => one(world, draw).rateLimitedUntil,
  onEmpty: (world, draw) => world.settles("onEmpty", one(world, draw).onEmpty()),
  onPendingBelow: (world, draw) =>
    world.settles("onPendingBelow", one(world, draw).onPendingBelow(number(draw, 1, 2, 5))),
  onIdle: (world, draw) => world.settles("onIdle", one(world, draw).onIdle()),
  stats: (world, draw) => one(world, draw).stats,
  subscribe: (world, draw) => world.unsubscribes.push(one(world, draw).subscribe(listener(world, draw))),
  getSnapshot: (world, draw) => one(world, draw).getSnapshot(),
  onKeyChange: (world, draw) => world.unsubscribes.push(one(world, draw).onKeyChange(key(draw), listener(world, draw))),
  onJobEnded: (world, draw) => world.unsubscribes.push(one(world, draw).onJobEnded(listener(world, draw))),
  events: (world, draw) => readSome(world, draw, one(world, draw).events()),
  close(world, draw) {
    // Seldom, and never the first: it would take no more jobs for the rest of the program.
    const manager = draw.random.pick(world.managers.slice(1));
    if (draw.random.once(5)) world.settles("close", manager.close(anything(draw)));
  },
};

/** Reads it to its end, or for a while, or not at all. */
export function readSome(world: World, draw: Draw, stream: ReadableStream): void {
  const kind = draw.random.below(4);
  if (kind === 0) return;
  if (kind === 1) {
    world.settles("the cancelling of a stream", stream.cancel(anything(draw)));
    return;
  }
  const reader = stream.getReader();
  const read = async () => {
    for (let left = kind === 2 ? 3 : Number.POSITIVE_INFINITY; left > 0; left -= 1) {
      if ((await reader.read()).done) return;
    }
  };
  world.settles("the reading of a stream", read());
}
