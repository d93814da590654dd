// Where bodies run: on the worker's own thread, or in worker threads, which can be killed.

import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { WorkerPool } from "../pool/pool.js";
import type { PoolContext } from "../pool/tasks.js";
import type { NodeWorker } from "../pool/types.js";
import { fieldOf, messageOf } from "../support/look.js";
import type { ServerTypes } from "./options.js";
import { warn } from "./warn.js";

type Execute = (params: Record<string, unknown>, context: PoolContext) => unknown;

export class Threads {
  private readonly pools = new Map<string, WorkerPool>();
  private readonly bodies = new Map<string, Execute>();

  /** Throws where a type does not say what is needed to run it. */
  constructor(types: ServerTypes, size: number) {
    for (const name of types.names()) this.bodies.set(name, this.bodyOf(types, name, size));
  }

  private bodyOf(types: ServerTypes, name: string, size: number): Execute {
    const { isolate, module, grace } = types.get(name)!;
    if (isolate === "none") return types.runner.get(name);
    if (module === undefined) {
      throw new TypeError(
        `The type "${name}" needs a module that calls exposeJobs, or isolate: "none" to run on the worker's own thread`,
      );
    }
    const address = addressOf(module);
    const poolName = `${grace} ${address.href}`;
    let pool = this.pools.get(poolName);
    if (pool === undefined) {
      pool = new WorkerPool({ spawn: () => new Worker(address) as NodeWorker, size, grace }, warnOfThread);
      this.pools.set(poolName, pool);
    }
    return pool.jobType({ name, description: "", params: [] }).execute as Execute;
  }

  get(name: string): Execute {
    return this.bodies.get(name)!;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.pools.values(), (pool) => pool.close()));
  }
}

/** A thread that has broken while it had no job. */
function warnOfThread(error: unknown): void {
  const cause = fieldOf(error, "cause");
  warn(cause === undefined ? error : new Error(`${messageOf(error)}: ${messageOf(cause)}`, { cause }));
}

/** A path is one from the working folder on. */
function addressOf(module: string | URL): URL {
  if (typeof module !== "string") return new URL(module.href);
  if (module.startsWith("file:") || module.startsWith("data:")) return new URL(module);
  return pathToFileURL(isAbsolute(module) ? module : resolve(module));
}
