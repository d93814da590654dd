import { Hostile, throwingGetters } from "../support/unreadable.js";
import { anything } from "../values.js";
import type { Any, Draw, Makers } from "./draw.js";

type Listener = (event: Any) => void;

const fail = (): never => {
  throw new Hostile("a worker's method that was called");
};

/** A Worker made by hand: says that it is ready, and answers what it is told to do. */
function made(draw: Draw, answer: (order: Any, say: (data: unknown) => void) => void, wrong: object = {}): object {
  const listeners = new Map<string, Set<Listener>>();
  const hear = (type: string, event: Any) => {
    for (const listener of [...(listeners.get(type) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        draw.around.noteThrown(error);
      }
    }
  };
  const say = (data: unknown) => queueMicrotask(() => hear("message", { data }));
  const worker = {
    addEventListener(type: string, listener: Listener) {
      const known = listeners.get(type) ?? new Set();
      listeners.set(type, known.add(listener));
    },
    removeEventListener: (type: string, listener: Listener) => void listeners.get(type)?.delete(listener),
    postMessage: (order: Any) => answer(order, say),
    terminate() {},
    hear,
  };
  Object.defineProperties(worker, Object.getOwnPropertyDescriptors(wrong));
  say({ jobgate: "ready", needsModule: false, lock: "" });
  return worker;
}

const good = (order: Any, say: (data: unknown) => void): void => {
  if (order.jobgate === "run") say({ jobgate: "done", task: order.task, result: order.type });
};

export const workers: Makers = {
  "a worker that does": (draw) => made(draw, good),
  "a worker that says done twice": (draw) =>
    made(draw, (order, say) => {
      good(order, say);
      good(order, say);
    }),
  "a worker that settles others' tasks": (draw) =>
    made(draw, (_, say) => {
      for (let task = 0; task < 5; task += 1) say({ jobgate: "done", task, result: "not mine" });
      say({ jobgate: "done", task: 2 ** 40, result: "nobody's" });
    }),
  "a worker that says anything": (draw) =>
    made(draw, ({ task }, say) => {
      const jobgate = draw.random.pick(["done", "failed", "news", "broken", "garbled", "closing", "ready", "unknown"]);
      const news = draw.random.once(2)
        ? anything(draw)
        : { state: { value: 5 }, progress: { percent: 5, message: "" } };
      say({ jobgate, task, error: anything(draw), news, lock: "", needsModule: true });
      say(anything(draw));
      say({ jobgate: "done", task, result: anything(draw) });
    }),
  "a worker that breaks": (draw) => {
    const worker = made(draw, () => {}) as { hear: (type: string, event: Any) => void };
    const event = draw.random.pick([
      {},
      { message: "broken", preventDefault() {} },
      throwingGetters("message", "error"),
    ]);
    queueMicrotask(() => worker.hear(draw.random.pick(["error", "messageerror"]), event));
    return worker;
  },
  "a worker that says nothing": (draw) => made(draw, () => {}),
  "a worker whose postMessage throws": (draw) => made(draw, fail),
  "a worker whose terminate throws": (draw) => made(draw, good, { terminate: fail }),
  "a worker whose addEventListener throws": (draw) => made(draw, good, { addEventListener: fail }),
  "a worker whose removeEventListener throws": (draw) => made(draw, good, { removeEventListener: fail }),
  "a worker that calls on": (draw) =>
    made(draw, (order, say) => {
      draw.around.act(draw.random);
      good(order, say);
    }),
  "no worker": (draw) => anything(draw) as object,
  "a spawn that throws": (draw) => draw.throw(anything(draw)),
};
