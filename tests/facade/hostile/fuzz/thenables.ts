import { Hostile, throwingGetters } from "../support/unreadable.js";
import { anything } from "../values.js";
import type { Draw, Makers } from "./draw.js";

type Settle = (value?: unknown) => void;
type Then = (fulfil: Settle, reject: Settle) => unknown;

const none: Settle = () => {};

/** As much of a thenable as there is, or a real promise with this in the place of its own. */
function made(draw: Draw, then: Then): object {
  const safe: Then = (fulfil, reject) => then(fulfil ?? none, reject ?? none);
  // biome-ignore lint/suspicious/noThenProperty: that is what is tested
  return draw.random.once(2) ? { then: safe } : Object.assign(Promise.resolve(), { then: safe });
}

/** Settles when the program is over, at the latest. */
const later = ({ around }: Draw, call: () => void): void => around.release(call);

const fail = (): never => {
  throw new Hostile("a then that was called");
};

export const thenables: Makers = {
  "a promise": (draw) => Promise.resolve(draw.random.below(10)),
  "a promise that rejects": (draw) => {
    const rejected = Promise.reject(new Hostile("rejected"));
    // Whether anyone takes it or not.
    rejected.catch(none);
    draw.note("by itself");
    return rejected;
  },
  "a promise of anything": (draw) => {
    const promise = Promise.resolve(anything(draw));
    promise.catch(none);
    return promise;
  },
  "a promise that waits": (draw) => new Promise((resolve) => later(draw, () => resolve("released"))),
  "another realm's promise": ({ around }) => around.realm("Promise.resolve(5)"),
  "a promise that is none": () => Object.create(Promise.prototype),
  "a then that fulfils twice": (draw) =>
    made(draw, (fulfil) => {
      fulfil("first");
      fulfil("second");
    }),
  "a then that calls both": (draw) =>
    made(draw, (fulfil, reject) => {
      reject(new Hostile("first"));
      fulfil("second");
      reject(new Hostile("third"));
    }),
  "a then that fulfils and throws": (draw) =>
    made(draw, (fulfil) => {
      fulfil(anything(draw));
      fail();
    }),
  "a then that throws": (draw) => made(draw, fail),
  "a then that fulfils once more when all is over": (draw) =>
    made(draw, (fulfil, reject) => {
      fulfil("first");
      later(draw, () => fulfil("again"));
      later(draw, () => reject(new Hostile("again")));
    }),
  "a then that fulfils in a while, twice": (draw) =>
    made(draw, (fulfil) => {
      queueMicrotask(() => fulfil("first"));
      queueMicrotask(() => fulfil("second"));
    }),
  "a then that settles only when all is over": (draw) => made(draw, (fulfil) => later(draw, fulfil)),
  "a then that calls on": (draw) =>
    made(draw, (fulfil) => {
      draw.around.act(draw.random);
      fulfil(5);
    }),
  "a then that can't be read": () => throwingGetters("then"),
  "a then that can't be read a second time": (draw) => {
    let reads = 0;
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    return Object.defineProperty({}, "then", {
      get() {
        reads += 1;
        if (reads > 1) throw new Hostile("then, read again");
        return (fulfil: Settle) => fulfil(draw.random.below(5));
      },
    });
  },
  "a then that fulfils with a thenable": (draw) => made(draw, (fulfil) => fulfil(made(draw, (inner) => inner(5)))),
};
