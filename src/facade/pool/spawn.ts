import type { NodeWorker } from "./types.js";

interface Threads {
  readonly Worker: new (address: URL) => NodeWorker;
}

/** Of Node, from 20.16 on: no bundler for browsers stumbles over an import of it. */
interface NodeProcess {
  getBuiltinModule?(name: "node:worker_threads"): Threads;
}

/** In a variable, so that bundlers for browsers do not take the file along once more. */
const FILE = "./worker/default.js";

/**
 * Starts the package's own worker. Bundlers that know `new Worker(new URL(…))` take its file along; the address is that
 * in the published package, where this line is in a file at the top of `dist`.
 */
export function spawnDefault(): Worker | NodeWorker {
  if (typeof Worker === "undefined") return spawnInNode();
  try {
    return new Worker(new URL("./worker/default.js", import.meta.url), { type: "module", name: "jobgate" });
  } catch (error) {
    if (!("trustedTypes" in globalThis)) throw error;
    throw new TypeError(`${error}. Where Trusted Types are required, ${TRUSTED}`, { cause: error });
  }
}

const TRUSTED = "hand in `spawn` with a worker whose address a policy of yours has made";

function spawnInNode(): NodeWorker {
  const { process } = globalThis as { process?: NodeProcess };
  const threads = process?.getBuiltinModule?.("node:worker_threads");
  if (threads === undefined) {
    throw new TypeError(
      "there is no Worker here; in a SharedWorker, hand in `spawn` with one that a page hosts; in Node before 20.16, with one of node:worker_threads",
    );
  }
  return new threads.Worker(new URL(FILE, import.meta.url));
}
