import { Hostile, throwingGetters } from "../support/unreadable.js";
import type { Draw, Makers } from "./draw.js";

type Listener = (event?: unknown) => void;

/** Made by hand, as a ponyfill makes it. Aborts when the program is over, at the latest. */
function ponyfilled(draw: Draw, wrong: object = {}): object {
  const listeners = new Set<Listener>();
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    addEventListener: (_: string, listener: Listener) => void listeners.add(listener),
    removeEventListener: (_: string, listener: Listener) => void listeners.delete(listener),
  };
  draw.around.release(() => {
    // Where it can be written.
    Reflect.set(signal, "aborted", true);
    for (const listener of [...listeners]) {
      try {
        listener(draw.random.pick([undefined, {}, { type: "abort" }, throwingGetters("target", "currentTarget")]));
      } catch (error) {
        draw.around.noteThrown(error);
      }
    }
  });
  Object.defineProperties(signal, Object.getOwnPropertyDescriptors(wrong));
  return signal;
}

const fail = (): never => {
  throw new Hostile("a signal's method that was called");
};

/** Of an AbortController's that aborts at some time, or is left alone. */
function platforms(draw: Draw): AbortSignal {
  const controller = new AbortController();
  const reason = draw.random.pick([
    "a reason",
    undefined,
    new Hostile("a reason"),
    throwingGetters("message", "toString"),
  ]);
  const when = draw.random.pick(["never", "soon", "when all is over", "already"]);
  draw.note(`aborted ${when}${typeof reason === "object" ? " with an object" : ""}`);
  if (when === "already") controller.abort(reason);
  if (when === "soon") queueMicrotask(() => controller.abort(reason));
  if (when === "when all is over") draw.around.release(() => controller.abort(reason));
  return controller.signal;
}

export const goodSignals: Makers = {
  "a signal": platforms,
  "a signal on which others listen": (draw) => {
    const signal = platforms(draw);
    signal.addEventListener("abort", () => {});
    signal.onabort = () => draw.around.act(draw.random);
    return signal;
  },
  "a signal of another realm": ({ around }) => around.realm("new AbortController().signal"),
  "a ponyfilled signal": (draw) => ponyfilled(draw),
};

export const signals: Makers = {
  ...goodSignals,
  "a signal on which an abort event is dispatched": (draw) => {
    const { signal } = new AbortController();
    queueMicrotask(() => signal.dispatchEvent(new Event("abort")));
    draw.around.release(() => signal.dispatchEvent(new Event("abort")));
    return signal;
  },
  "a signal whose addEventListener throws": (draw) => ponyfilled(draw, { addEventListener: fail }),
  "a signal whose removeEventListener throws": (draw) => ponyfilled(draw, { removeEventListener: fail }),
  "a signal without removeEventListener": (draw) => ponyfilled(draw, { removeEventListener: undefined }),
  "a signal whose aborted throws": (draw) => ponyfilled(draw, throwingGetters("aborted")),
  "a signal whose aborted flips": (draw) => {
    let reads = 0;
    return ponyfilled(
      draw,
      flipping(() => reads++ % 2 === 1),
    );
  },
  "a signal whose reason throws": (draw) => ponyfilled(draw, throwingGetters("reason")),
  "an aborted signal whose reason throws": (draw) =>
    ponyfilled(draw, Object.defineProperty(throwingGetters("reason"), "aborted", { value: true, writable: true })),
  "a signal that calls its listener at once": (draw) =>
    ponyfilled(draw, { addEventListener: (_: string, listener: Listener) => listener() }),
  "a signal with a throwIfAborted that throws": (draw) => ponyfilled(draw, { throwIfAborted: fail }),
};

function flipping(aborted: () => boolean): object {
  return Object.defineProperty({}, "aborted", { get: aborted, set() {} });
}
