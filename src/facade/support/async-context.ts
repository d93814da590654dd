// In Node, what an AsyncLocalStorage holds where a job was asked for is to be there when its body is called, however
// late. Where there is nothing of the kind, nothing is done.

type Work<A extends unknown[], T> = (...args: A) => T;

interface Resource {
  runInAsyncScope<A extends unknown[], T>(work: Work<A, T>, self: undefined, ...args: A): T;
}
type ResourceConstructor = new (type: string, options: { requireManualDestroy: boolean }) => Resource;

/** A function of one argument, and how it is to be called. */
export interface Bound<A, T> {
  run(argument: A): T;
}

declare const process: { getBuiltinModule?(name: string): unknown } | undefined;

/** Without an import, which bundlers would look for: Node 20.16 and 22.3 have it. */
function find(): ResourceConstructor | undefined {
  try {
    if (typeof process === "undefined") return undefined;
    const hooks = process.getBuiltinModule?.("node:async_hooks");
    return (hooks as { AsyncResource?: ResourceConstructor } | undefined)?.AsyncResource;
  } catch {
    // A stand-in for Node's `process` that has no such module.
    return undefined;
  }
}

/** Nobody is told of its end, so that nothing watches for it. */
const OPTIONS = { requireManualDestroy: true };

/** Many may wait: one small object each, for `AsyncLocalStorage.snapshot()` takes 100 µs. */
function boundWith(Resource: ResourceConstructor) {
  return class<A, T> extends Resource implements Bound<A, T> {
    readonly work: Work<[A], T>;
    constructor(work: Work<[A], T>) {
      super("jobgate", OPTIONS);
      this.work = work;
    }
    run(argument: A): T {
      return this.runInAsyncScope(this.work, undefined, argument);
    }
  };
}

const Found = find();
const BoundWork = Found && boundWith(Found);

/** The function, to be called by `call` as it would run if it were called now. */
export function bind<A, T>(work: Work<[A], T>): Work<[A], T> | Bound<A, T> {
  return BoundWork === undefined ? work : new BoundWork(work);
}

export function call<A, T>(bound: Work<[A], T> | Bound<A, T>, argument: A): T {
  return typeof bound === "function" ? bound(argument) : bound.run(argument);
}

/** The function as it would run if it were called now. */
export function inPresentContext<A extends unknown[], T>(work: Work<A, T>): Work<A, T> {
  if (Found === undefined) return work;
  const resource = new Found("jobgate", OPTIONS);
  return (...args) => resource.runInAsyncScope(work, undefined, ...args);
}
