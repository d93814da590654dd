// Values that misbehave when they are looked at, called, listened to or waited for. Drawn under a seed.

import type { Any, Draw, Makers } from "./fuzz/draw.js";
import { handMadeJobs } from "./fuzz/hand-made-jobs.js";
import { signals } from "./fuzz/signals.js";
import { thenables } from "./fuzz/thenables.js";
import { Hostile, revokedProxy, throwingGetters, throwingProxy, traps } from "./support/unreadable.js";

const fail = (): never => {
  throw new Hostile("a function that was called");
};

export const primitives: Makers = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  NaN: () => Number.NaN,
  "-0": () => -0,
  "-1": () => -1,
  "1.5": () => 1.5,
  Infinity: () => Number.POSITIVE_INFINITY,
  "2 ** 31": () => 2 ** 31,
  "2 ** 53": () => 2 ** 53,
  BigInt: () => 5n,
  symbol: () => Symbol("hostile"),
  "a registered symbol": () => Symbol.for("jobgate"),
  "an empty string": () => "",
  '"20"': () => "20",
  '"__proto__"': () => "__proto__",
  "a lone surrogate": () => "\ud800",
  "a long string": () => "x".repeat(200_000),
};

/** Fields that somebody might look for. */
const LOOKED_FOR = [
  "message",
  "name",
  "code",
  "stack",
  "cause",
  "errors",
  "then",
  "stop",
  "onStopped",
  "onStateChange",
  "state",
  "aborted",
  "reason",
  "addEventListener",
  "removeEventListener",
  "length",
  "toString",
  "valueOf",
  "toJSON",
  "constructor",
  Symbol.toPrimitive,
  Symbol.toStringTag,
  Symbol.iterator,
  Symbol.asyncIterator,
  Symbol.hasInstance,
] as const;

export const objects: Makers = {
  "an object": () => ({}),
  "an object without a prototype": () => Object.create(null),
  "a frozen array": () => Object.freeze([]),
  "a proxy whose every trap throws": () => throwingProxy(),
  "a proxy of a function whose every trap throws": () => throwingProxy(() => {}),
  "a proxy of an array whose every trap throws": () => throwingProxy([]),
  "a proxy with one trap that throws": (draw) => {
    const trap = draw.random.pick(traps);
    draw.note(trap);
    return throwingProxy(draw.random.pick([{}, [], () => {}, new Error("inside a proxy")]), [trap]);
  },
  "a revoked proxy": () => revokedProxy(),
  "a revoked proxy of a function": () => revokedProxy(() => {}),
  "a revoked proxy of an array": () => revokedProxy([]),
  "an object whose every getter throws": () => throwingGetters(...LOOKED_FOR),
  "an object with one getter that throws": (draw) => throwingGetters(draw.random.pick(LOOKED_FOR)),
  "a cyclic object": () => {
    const cyclic: Record<string, unknown> = {};
    return Object.assign(cyclic, { self: cyclic, list: [cyclic] });
  },
  "a cyclic array": () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    return cyclic;
  },
  "an array-like of four thousand million": () => ({ length: 4e9 }),
  "an array of four thousand million": () => new Array(4e9),
  "a deep object": () => Array.from({ length: 100 }).reduce<object>((inner) => ({ inner }), {}),
  "a Map": () => new Map([[{}, Symbol("in a map")]]),
  "a Date of no time": () => new Date(Number.NaN),
  "a Date whose toISOString throws": () =>
    Object.assign(new Date(), { toISOString: fail, toJSON: fail, valueOf: fail }),
  "bytes with a poisoned prototype": () =>
    Object.setPrototypeOf(new Uint8Array(4), throwingProxy() as object) as object,
  "a Map with a poisoned prototype": () => Object.setPrototypeOf(new Map(), throwingProxy() as object) as object,
  "an object that can't be converted": () => ({ toString: () => ({}), valueOf: () => ({}), toJSON: fail }),
  "a toString that gives a symbol": () => ({ toString: () => Symbol("no text") }),
  "a boxed number": () => Object(5),
  "another realm's object": ({ around }) => around.realm("({ a: 1 })"),
  "another realm's function": ({ around }) => around.realm("(function () { return 5; })"),
  "another realm's array": ({ around }) => around.realm("[1, 2]"),
  "an async iterator that throws": () => ({ [Symbol.asyncIterator]: fail, [Symbol.iterator]: fail }),
  "document.all": () => (typeof document === "undefined" ? undefined : document.all),
  window: () => globalThis,
};

export const functions: Makers = {
  "a function that throws": (draw) => () => draw.throw(anything(draw)),
  "a function whose name and length throw": () =>
    Object.defineProperties(() => {}, { name: { get: fail }, length: { get: fail } }),
  "a class": () => class {},
  "a function that gives anything": (draw) => () => anything(draw),
  "a function that calls on": (draw) => () => draw.around.act(draw.random),
  "a bound function": () => fail.bind(null),
  "a generator": () =>
    function* () {
      yield fail();
    },
};

export const errors: Makers = {
  "an error": () => new Error("on purpose"),
  "an error whose every field throws": () =>
    Object.defineProperties(new Error(), Object.getOwnPropertyDescriptors(throwingGetters(...LOOKED_FOR))),
  "an error with one field that throws": (draw) =>
    Object.defineProperties(
      new Error(),
      Object.getOwnPropertyDescriptors(throwingGetters(draw.random.pick(LOOKED_FOR))),
    ),
  "an error whose message is no text": (draw) => Object.assign(new Error(), { message: draw.of(primitives) }),
  "an error that is its own cause": () => {
    const error = new Error("on purpose");
    return Object.assign(error, { cause: error, errors: [error] });
  },
  "another realm's error": ({ around }) => around.realm("new TypeError('from afar')"),
  "a name that says not to retry": () => ({ name: "NonRetriableError", code: "E_NON_RETRIABLE", message: 5 }),
  "a name that says that it was aborted": () => new DOMException("on purpose", "AbortError"),
  "an AggregateError of proxies": () => new AggregateError([revokedProxy(), throwingProxy()], "on purpose"),
};

const kinds: readonly Makers[] = [primitives, objects, functions, errors, thenables, signals, handMadeJobs];

/** Any of all. */
export function anything(draw: Draw): Any {
  return draw.of(draw.random.pick(kinds));
}
