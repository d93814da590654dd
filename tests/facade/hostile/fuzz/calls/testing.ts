import type { JobContext } from "jobgate";
import type { TestClock, TestContext } from "jobgate/testing";
import { anything, functions } from "../../values.js";
import { number, options, text } from "../arguments.js";
import type { Any, Draw } from "../draw.js";
import type { Call, World } from "../world.js";

type Own = Exclude<keyof TestContext<unknown, unknown>, keyof JobContext>;
type ContextCalls = Readonly<Record<"new" | "sleep" | Own, Call>>;
type ClockCalls = Readonly<Record<Extract<keyof TestClock, string>, Call>>;

function newContext(world: World, draw: Draw): Any {
  const fields = {
    state: () => anything(draw),
    attempt: () => number(draw, 1, 2),
    id: () => text(draw, "mine"),
  };
  const context = world.package.testing.testContext(options(draw, fields));
  world.release(() => context.abort());
  world.testContexts.push(context);
  // What a job's context can do it can, too.
  world.contexts.push(context);
  return context;
}

const one = (world: World, draw: Draw): Any => world.one(world.testContexts, draw, () => newContext(world, draw));

export const testContextCalls: ContextCalls = {
  new: newContext,
  abort: (world, draw) => one(world, draw).abort(anything(draw)),
  dispatch: (world, draw) => one(world, draw).dispatch(anything(draw)),
  sleep: (world, draw) => world.settles("a test's sleep", one(world, draw).sleep(number(draw, 0, 1, 1e9))),
  states: (world, draw) => one(world, draw).states,
  progresses: (world, draw) => one(world, draw).progresses,
  logs: (world, draw) => one(world, draw).logs,
};

/** A clock for one call: those who have nothing to do with it wait by the real time before and after. */
function withClock(world: World, draw: Draw, use: (clock: Any) => unknown): void {
  const fields = {
    now: () => number(draw, 0, 1e12),
    random: () => (draw.random.once(2) ? () => draw.random.below(2) : draw.of(functions)),
  };
  const clock = world.package.testing.useTestClock(options(draw, fields));
  try {
    use(clock);
  } finally {
    clock.restore();
  }
}

export const testClockCalls: ClockCalls = {
  now: (world, draw) => withClock(world, draw, ({ now }) => now),
  next: (world, draw) => withClock(world, draw, ({ next }) => next),
  restore: (world, draw) => withClock(world, draw, ({ restore }) => restore()),
  advance: (world, draw) =>
    withClock(world, draw, ({ advance }) => world.settles("advance", advance(number(draw, 0, 5, 1e6)))),
  runAll: (world, draw) =>
    withClock(world, draw, ({ runAll }) =>
      world.settles("runAll", runAll(options(draw, { limit: () => number(draw, 1, 100) }))),
    ),
};
