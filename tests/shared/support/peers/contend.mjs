// The same work for each contender, measured in the page.
import { longestTurn } from "../turns.mjs";

const text = "a line of what a user has written, sent once the network is back";

/** What carrying out a piece of work is. */
export async function send(piece) {
  const response = await fetch("sent", { method: "POST", body: JSON.stringify(piece) });
  if (!response.ok) throw new Error(`The server said ${response.status}`);
}

/**
 * A contender says how it
 * - opens its store (`open(works, options)`), where `works: false` carries nothing out,
 * - keeps a piece of work (`keep(piece)`: a promise for when it is recorded),
 * - counts what it keeps (`kept()`),
 * - and that so many pieces are done and recorded as such (`done(count)`: a promise).
 */
export function contend({ open, keep, kept, done }) {
  const piece = (_, number) => ({ number, text });
  globalThis.measured = {
    /** How many milliseconds it took. */
    async open() {
      const began = performance.now();
      await open(false);
      return performance.now() - began;
    },
    /** Milliseconds a piece. */
    async keepEach(count) {
      const began = performance.now();
      for (let number = 0; number < count; number++) await keep(piece(undefined, number));
      return (performance.now() - began) / count;
    },
    async keepAll(count) {
      const { longest, took } = await longestTurn(() =>
        Promise.all(Array.from({ length: count }, piece).map((each) => keep(each))),
      );
      return { longest, each: took / count };
    },
    kept,
    /** From the opening of the store, which has as many as `count`. */
    async finish(count, options) {
      const began = performance.now();
      await open(true, options);
      await done(count);
      return (performance.now() - began) / count;
    },
  };
}
