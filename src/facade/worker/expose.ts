import { UnknownJobTypeError } from "../errors.js";
import { holdLock } from "../lifetime.js";
import { carry, uncarry } from "../pool/carried.js";
import { type Answer, notCloned, type Order, readOrder, taskOf } from "../pool/messages.js";
import { Running, type WorkerTypes } from "./context.js";
import { Reports } from "./reports.js";
import { transfersOf } from "./transfer.js";

/** What a worker of its own kind has of this; the library of types for pages does not know it. */
interface WorkerScope {
  postMessage(message: Answer, transfer?: Transferable[]): void;
  addEventListener(type: "message" | "messageerror", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;
let exposed = false;

/**
 * Tells the pool on the page that this worker is ready for jobs, and runs them, one at a time. Call it once, in a
 * module worker, when everything that the bodies need is there. A worker that imports "jobgate/worker/default" has the
 * built-in types and can't have others.
 *
 * What is thrown outside a job, an unhandled rejection, or `close()` makes the pool give this worker up: a job that
 * runs on it fails with WorkerCrashedError. So does the job of a worker that has vanished, which the page learns from
 * its Web Lock; where the context is not secure there are none, and nobody learns of it.
 */
export function exposeJobs(types: WorkerTypes): void {
  if (typeof types !== "object" || types === null) throw new TypeError("types must be an object of functions");
  for (const [name, body] of Object.entries(types)) {
    if (typeof body !== "function") throw new TypeError(`types.${name} must be a function, got ${typeof body}`);
  }
  expose(types);
}

/** `start` is called with the binary of the built-in types, before any job. */
export function expose(types: WorkerTypes, start?: (module: WebAssembly.Module) => void): void {
  if (typeof document !== "undefined" || typeof scope.postMessage !== "function") {
    throw new Error("exposeJobs is for a worker's own script: call it in the file that `spawn` starts");
  }
  if (exposed) throw new Error("exposeJobs was called already: name all job types in one call");
  exposed = true;
  const bodies = new Map(Object.entries(types));
  let flag: Int32Array | undefined;
  let running: Running | undefined;
  /** Of the task that came last; they are numbered upwards. */
  let latest = 0;

  async function run({ task, type, params, id, attempt }: Order & { jobgate: "run" }): Promise<void> {
    latest = task;
    const reports = new Reports(task, post);
    running = new Running(task, reports, flag);
    try {
      const body = bodies.get(type);
      if (body === undefined) {
        throw new UnknownJobTypeError(`The worker has no job type "${type}"; it has: ${[...bodies.keys()].join(", ")}`);
      }
      const result = await body(params, running.context(id, attempt));
      reports.end();
      answer(task, type, result);
    } catch (error) {
      reports.end();
      post({ jobgate: "failed", task, error: carry(error) });
    }
  }

  const refuse = (task: number, error: Error) => post({ jobgate: "failed", task, error: carry(error) });

  scope.addEventListener("message", ({ data }) => {
    const order = readOrder(data);
    switch (order?.jobgate) {
      case "run":
        void run(order);
        return;
      case "flag":
        flag = order.flag;
        return;
      case "module":
        start?.(order.module);
        return;
      case "abort":
        if (running?.task === order.task) running.abort(uncarry(order.reason));
        return;
      case "given":
        if (order.task > latest) refuse(order.task, new DOMException(UNREADABLE, "DataCloneError"));
        return;
      default: {
        const task = taskOf(data);
        if (task !== undefined) refuse(task, new Error(OTHER_VERSION));
      }
    }
  });
  // It may have been anybody's: the page is asked whether a task of its own is missing here.
  scope.addEventListener("messageerror", () => post({ jobgate: "garbled" }));
  const broken = (event: Event, error: unknown) => {
    event.preventDefault();
    post({ jobgate: "broken", error: carry(error) });
  };
  scope.addEventListener("error", (event) => broken(event, event.error ?? event.message));
  scope.addEventListener("unhandledrejection", (event) => broken(event, event.reason));
  const close = scope.close.bind(scope);
  scope.close = () => {
    post({ jobgate: "closing" });
    close();
  };
  holdLock((lock) => post({ jobgate: "ready", needsModule: start !== undefined, lock }));
}

const UNREADABLE = "The params hold something that can't be read in a worker";
const OTHER_VERSION = "The page's order can't be read: is the worker's script of another version of jobgate?";

function post(message: Answer, transfer: Transferable[] = []): void {
  if (transfer.length === 0) scope.postMessage(message);
  else scope.postMessage(message, transfer);
}

function answer(task: number, type: string, result: unknown): void {
  try {
    post({ jobgate: "done", task, result }, transfersOf(result));
  } catch (error) {
    throw notCloned(`The result of "${type}"`, error);
  }
}
