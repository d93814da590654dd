import { Hostile, throwingGetters } from "../support/unreadable.js";
import { anything } from "../values.js";
import type { Draw, Makers } from "./draw.js";

/** A Job made by hand, ended when it is stopped, at the latest when the program is over. */
function made(draw: Draw, wrong: object = {}): object {
  const listeners: (() => void)[] = [];
  const end = () => {
    for (const listener of listeners) listener();
  };
  const job = {
    state: "its own",
    dispatch() {},
    onStateChange: (listener: (state: unknown) => void) => {
      queueMicrotask(() => listener("another"));
      return () => {};
    },
    async stop() {
      end();
    },
    onStopped: (listener: () => void) => {
      listeners.push(listener);
      return () => {};
    },
  };
  draw.around.release(end);
  Object.defineProperties(job, Object.getOwnPropertyDescriptors(wrong));
  return job;
}

const fail = (): never => {
  throw new Hostile("a hand-made job's method that was called");
};
const FIELDS = ["state", "dispatch", "onStateChange", "stop", "onStopped", "then"];

export const handMadeJobs: Makers = {
  "a Job made by hand": (draw) => made(draw),
  "a Job with one field that throws": (draw) => made(draw, throwingGetters(draw.random.pick(FIELDS))),
  "a Job with one field that is anything": (draw) =>
    made(draw, { [draw.random.pick(FIELDS.slice(0, 4))]: anything(draw) }),
  "a Job with one method that throws": (draw) => made(draw, { [draw.random.pick(FIELDS.slice(1, 5))]: fail }),
  "a Job whose stop gives anything": (draw) => made(draw, { stop: () => anything(draw) }),
  "a Job whose onStateChange gives anything": (draw) => made(draw, { onStateChange: () => anything(draw) }),
  "a Job whose onStopped calls at once": (draw) => made(draw, { onStopped: (listener: () => void) => listener() }),
  "a Job whose onStopped calls twice": (draw) =>
    made(draw, {
      onStopped: (listener: () => void) => {
        queueMicrotask(listener);
        queueMicrotask(listener);
        draw.around.release(listener);
      },
    }),
  "a Job that calls on": (draw) =>
    made(draw, {
      get state() {
        draw.around.act(draw.random);
        return "after a call";
      },
    }),
};
