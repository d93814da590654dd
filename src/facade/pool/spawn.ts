/**
 * Starts the package's own worker. Bundlers that know `new Worker(new URL(…))` take its file along; the address is that
 * in the published package, where this line is in a file at the top of `dist`.
 */
export function spawnDefault(): Worker {
  if (typeof Worker === "undefined") {
    throw new TypeError("there is no Worker here; in a SharedWorker, hand in `spawn` with one that a page hosts");
  }
  return new Worker(new URL("./worker/default.js", import.meta.url), { type: "module", name: "jobgate" });
}
