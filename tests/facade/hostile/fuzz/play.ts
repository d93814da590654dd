import { Bystanders } from "../support/bystanders.js";
import type { StrayErrors } from "../support/errors.js";
import type { Realm } from "../support/realms.js";
import { calls, pickCall } from "./calls/index.js";
import { Draw } from "./draw.js";
import { within } from "./faults.js";
import type { Package } from "./package.js";
import { Random } from "./random.js";
import { describe, World } from "./world.js";

/** A call by name; the seed says with which arguments. */
export interface Step {
  readonly name: string;
  readonly seed: number;
}

export interface Outcome {
  /** Nothing: all did what they should. */
  readonly fault: string | undefined;
  /** The steps as far as they were made, with their arguments. */
  readonly told: readonly string[];
}

export interface Scene {
  readonly package: Package;
  readonly realm: Realm;
  readonly stray: StrayErrors;
  /** How long to wait for what has to happen, in milliseconds. */
  readonly patience: number;
}

const LONGEST = 24;

export function programOf(seed: number): readonly Step[] {
  const random = new Random(seed);
  return Array.from({ length: 4 + random.below(LONGEST - 4) }, () => ({
    name: pickCall(random),
    seed: random.below(2 ** 31),
  }));
}

/** Makes the calls one after the other; after each of them, those who have nothing to do with it do what they should. */
export async function play(program: readonly Step[], scene: Scene): Promise<Outcome> {
  const { stray, patience } = scene;
  let world: World | undefined;
  const told = () => world?.told.map((tell) => tell()) ?? [];
  const reported = stray.reported.length;
  const uncaught = stray.uncaught.length;
  const unhandled = (await stray.unhandled()).length;
  try {
    const bystanders = new Bystanders(scene.package.main);
    world = new World(scene.package, scene.realm, calls, pickCall);
    for (const { name, seed } of program) {
      const draw = new Draw(seed, world);
      world.perform(name, draw);
      bystanders.check();
      // Some calls come right after each other, others in a later turn.
      if (draw.random.once(3)) await within(bystanders.checkJobs(), "another manager's job", patience);
    }
    await sameManager(world, patience);
    await world.finish(patience);
    const leaving = bystanders.leave();
    await within(leaving, "the bystanders' leaving", patience);
    await leaving;
    if (world.faults.length > 0) throw new Error(world.faults[0]);
    for (const error of stray.reported.slice(reported)) {
      if (!world.isKnown(error) && !isLostWorker(error)) throw new Error(`reported: ${describe(error)}`);
    }
    for (const error of stray.uncaught.slice(uncaught)) throw new Error(`uncaught: ${describe(error)}`);
    for (const error of (await stray.unhandled()).slice(unhandled)) throw new Error(`unhandled: ${describe(error)}`);
  } catch (error) {
    return { fault: describe(error), told: told() };
  }
  return { fault: undefined, told: told() };
}

/** A pool tells the page of a worker that broke while it had no job to fail with that. */
function isLostWorker(error: unknown): boolean {
  return describe(error).startsWith("WorkerCrashedError");
}

/** Beside what was done to it, a manager runs a job under another key, and its stop barrier opens. */
async function sameManager(world: World, patience: number): Promise<void> {
  const [manager] = world.managers;
  manager.resume();
  const key = Symbol("the program's own");
  const made = manager.runJob(key, async ({ signal }: { signal: AbortSignal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  world.took(manager, made);
  const { job } = made;
  const stopped = job.stop("enough");
  await within(stopped, "the stop barrier of a job under another key", patience);
  if (job.status !== "cancelled") throw new Error(`a job under another key: want cancelled, got ${job.status}`);
}

/** The same fault with as few calls as it takes, each try with an engine of its own. */
export async function shrink(
  program: readonly Step[],
  again: (program: readonly Step[]) => Promise<Outcome>,
): Promise<{ readonly program: readonly Step[]; readonly outcome: Outcome }> {
  let least = program;
  let outcome = await again(least);
  if (outcome.fault === undefined) return { program, outcome };
  for (let size = Math.ceil(least.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < least.length && least.length > 1; ) {
      const fewer = [...least.slice(0, at), ...least.slice(at + size)];
      const tried = await again(fewer);
      if (tried.fault === undefined) at += size;
      else {
        least = fewer;
        outcome = tried;
      }
    }
  }
  return { program: least, outcome };
}
