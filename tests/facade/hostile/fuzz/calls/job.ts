import type { Continuations, JobContext, ManagedJob } from "jobgate";
import { anything } from "../../values.js";
import { listener, number, options, text } from "../arguments.js";
import type { Any, Draw } from "../draw.js";
import type { Call, World } from "../world.js";
import { readSome } from "./manager.js";

type Named<T> = Readonly<Record<Extract<keyof T, string>, Call>>;

/** Any of all, those included that ended long ago; of the first manager a new one, where there is none. */
function job(world: World, draw: Draw): Any {
  if (world.jobs.length === 0) {
    const [manager] = world.managers;
    world.took(
      manager,
      manager.runJob("made for a call", (context: Any) => {
        world.contexts.push(context);
        return new Promise((resolve) => world.release(() => resolve(5)));
      }),
    );
  }
  return draw.random.pick(world.jobs);
}

const read =
  (name: Extract<keyof ManagedJob, string>): Call =>
  (world, draw) =>
    job(world, draw)[name];
const listen =
  (name: Extract<keyof ManagedJob, string>): Call =>
  (world, draw) => {
    const { [name]: subscribe } = job(world, draw);
    world.unsubscribes.push(subscribe(listener(world, draw)));
  };

export const jobCalls: Named<ManagedJob> = {
  id: read("id"),
  key: read("key"),
  status: read("status"),
  stopping: read("stopping"),
  progress: read("progress"),
  attempt: read("attempt"),
  priority: read("priority"),
  createdAt: read("createdAt"),
  startedAt: read("startedAt"),
  finishedAt: read("finishedAt"),
  readyAt: read("readyAt"),
  lastError: read("lastError"),
  abandoned: read("abandoned"),
  completion: read("completion"),
  state: read("state"),
  signal: read("signal"),
  result: (world, draw) => world.settles("a job's result", job(world, draw).result),
  settled: (world, draw) => world.settles("a job's settled", job(world, draw).settled),
  continuations: (world, draw) => job(world, draw).continuations.size,
  dispatch: (world, draw) => job(world, draw).dispatch(anything(draw)),
  onStateChange: listen("onStateChange"),
  onProgress: listen("onProgress"),
  onStopped: listen("onStopped"),
  setPriority: (world, draw) => job(world, draw).setPriority(number(draw, 0, 5, "background")),
  stop(world, draw) {
    const given = options(draw, { timeout: () => number(draw, 0, 1, 5) });
    const stopped = job(world, draw).stop(anything(draw), given);
    if (draw.random.once(2)) world.settles("a job's stop", stopped);
  },
  events: (world, draw) => readSome(world, draw, job(world, draw).events()),
};

export const continuationsCalls: Named<Continuations<unknown>> = {
  addOrRunNow: (world, draw) => job(world, draw).continuations.addOrRunNow(text(draw, "x", "y"), callback(world, draw)),
  remove: (world, draw) => job(world, draw).continuations.remove(text(draw, "x", "y")),
  size: (world, draw) => job(world, draw).continuations.size,
};

/** What it gives may be a promise that rejects, which is told to the page as what it throws is. */
function callback(world: World, draw: Draw): Any {
  if (draw.random.once(2)) return listener(world, draw);
  draw.note("a continuation that gives anything");
  return () => anything(draw);
}

/** Of a body that runs, or of one that ended long ago. */
function context(world: World, draw: Draw): Any {
  if (world.contexts.length === 0) job(world, draw);
  return draw.random.pick(world.contexts.length === 0 ? [{}] : world.contexts);
}

export const contextCalls: Named<JobContext> = {
  id: (world, draw) => context(world, draw).id,
  attempt: (world, draw) => context(world, draw).attempt,
  signal: (world, draw) => context(world, draw).signal,
  state: (world, draw) => context(world, draw).state,
  setState(world, draw) {
    const { setState } = context(world, draw);
    setState(draw.random.once(3) ? () => anything(draw) : anything(draw));
  },
  progress: (world, draw) => context(world, draw).progress(number(draw, 0, 50, 100), text(draw, "half")),
  onAction: (world, draw) => world.unsubscribes.push(context(world, draw).onAction(listener(world, draw))),
  log: (world, draw) => context(world, draw).log(text(draw, "a line")),
  checkpoint: (world, draw) => world.settles("checkpoint", context(world, draw).checkpoint()),
  sleep: (world, draw) => world.settles("sleep", context(world, draw).sleep(number(draw, 0, 1, 5))),
};
