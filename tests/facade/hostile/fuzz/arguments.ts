// Arguments of calls: what belongs there in most cases, else something hostile.

import { Hostile, throwingProxy, traps } from "../support/unreadable.js";
import { anything, errors, functions } from "../values.js";
import type { Any, Draw } from "./draw.js";
import { goodSignals, signals } from "./signals.js";
import type { World } from "./world.js";

/** A body that fails is let off after so many attempts: one that is retried for ever would never let a program go on. */
const ATTEMPTS = 30;

/** One of these in most cases, else anything. */
function belonging<T>(draw: Draw, good: readonly T[]): Any {
  if (draw.random.once(4)) return anything(draw);
  const value = draw.random.pick(good);
  draw.note(JSON.stringify(value) ?? String(value));
  return value;
}

export const text = (draw: Draw, ...good: readonly string[]): Any => belonging(draw, good);

export const key = (draw: Draw): Any => text(draw, "a", "b", "c", "d");

export const number = (draw: Draw, ...good: readonly (number | string)[]): Any => belonging(draw, good);

export const signal = (draw: Draw): Any =>
  draw.mostly(
    () => draw.of(goodSignals),
    () => (draw.random.once(2) ? draw.of(signals) : anything(draw)),
    2,
  );

type Fields = Readonly<Record<string, () => Any>>;

/** An object with some of these fields; now and then one that throws where it is read, or anything in its place. */
export function options(draw: Draw, fields: Fields, needed: Fields = {}): Any {
  const kind = draw.random.below(12);
  if (kind === 0) return anything(draw);
  if (kind === 1) return undefined;
  const chosen = Object.entries(fields).filter(() => draw.random.once(4));
  const given: Record<string, Any> = {};
  draw.note("{");
  for (const [name, make] of [...Object.entries(needed), ...chosen]) {
    draw.note(`${name}:`);
    given[name] = make();
  }
  draw.note("}");
  const names = Object.keys(given);
  if (kind === 2) {
    const trap = draw.random.pick(traps);
    draw.note(`in a proxy whose ${trap} throws`);
    return throwingProxy(given, [trap]);
  }
  if (kind === 3 && names.length > 0) {
    const name = draw.random.pick(names);
    const from = 1 + draw.random.below(3);
    draw.note(`whose ${name} throws from read ${from} on`);
    let reads = 0;
    const { [name]: value } = given;
    Object.defineProperty(given, name, {
      get() {
        reads += 1;
        if (reads >= from) throw new Hostile(`the option ${name}`);
        return value;
      },
    });
  }
  return given;
}

export function listener(world: World, draw: Draw): Any {
  const kind = draw.random.below(6);
  if (kind < 3) return () => {};
  if (kind === 3) {
    draw.note("a listener that calls on");
    return () => world.act(draw.random);
  }
  if (kind === 4) {
    draw.note("a listener that throws");
    const thrown = draw.random.once(2) ? draw.of(errors) : anything(draw);
    return () => draw.throw(thrown);
  }
  return draw.random.once(2) ? draw.of(functions) : anything(draw);
}

/** A job's body, or whatever else a factory may be. */
export function body(world: World, draw: Draw): Any {
  const kinds = {
    "a body that gives anything": () => anything(draw),
    "a body that throws anything": () => draw.throw(anything(draw)),
    "an async body that gives anything": async () => {
      await 0;
      return anything(draw);
    },
    "an async body that throws anything": async () => {
      await 0;
      throw anything(draw);
    },
    "a body that waits": (context: Any) => waiting(draw, context),
    "a body that waits, deaf": () => new Promise((resolve) => draw.around.release(() => resolve("released"))),
    "an async body that says anything": async (context: Any) => {
      await 0;
      context.onAction(listener(world, draw));
      context.setState(anything(draw));
      context.progress(draw.random.below(100), anything(draw));
      context.log(anything(draw));
      return anything(draw);
    },
    "a body that calls on": (context: Any) => {
      world.act(draw.random);
      return draw.random.once(2) ? waiting(draw, context) : anything(draw);
    },
    "an async body that calls on": async (context: Any) => {
      await 0;
      for (let calls = draw.random.below(4); calls >= 0; calls -= 1) world.act(draw.random);
      return waiting(draw, context);
    },
  };
  if (draw.random.once(12)) return anything(draw);
  const name = draw.random.pick(Object.keys(kinds)) as keyof typeof kinds;
  draw.note(name);
  let attempts = 0;
  return (context: Any) => {
    world.contexts.push(context);
    attempts += 1;
    return attempts > ATTEMPTS ? "let off" : kinds[name](context);
  };
}

/** Until it is asked to end, or all is over. */
function waiting(draw: Draw, { signal }: Any): Promise<unknown> {
  return new Promise((resolve, reject) => {
    draw.around.release(() => resolve("released"));
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}
