import { UnknownJobTypeError } from "../errors.js";
import { type Answer, notCloned, readCommand, taskOf, type WorkerCommand } from "../pool/messages.js";
import { holdLock } from "../support/lifetime.js";
import { textOf } from "../support/look.js";
import { deserialize, inWords, serialize } from "../support/serialize.js";
import { Context, Running, type WorkerTypes } from "./context.js";
import { Reports } from "./reports.js";
import { ownScope } from "./scope.js";
import { transfersOf } from "./transfer.js";

let exposed = false;

/**
 * Tells the pool on the page that this worker is ready for jobs, and runs them, one at a time. Call it once, in a
 * module worker or in a worker thread of Node 20.16 or later, when everything that the bodies need is there. A worker
 * that imports "jobgate/worker/default" has the built-in types and can't have others.
 *
 * What is thrown outside a job, an unhandled rejection, or `close()` makes the pool give this worker up: a job that
 * runs on it fails with WorkerCrashedError. So does the job of a worker that has vanished, which the page learns from
 * its Web Lock; where the context is not secure there are none, and nobody learns of it.
 */
export function exposeJobs(types: WorkerTypes): void {
  if (typeof types !== "object" || types === null) throw new TypeError("types must be an object of functions");
  const bodies = new Map(Object.entries(types));
  for (const [name, body] of bodies) {
    if (typeof body !== "function") throw new TypeError(`types.${name} must be a function, got ${typeof body}`);
  }
  expose(bodies);
}

/** `start` is called with the binary of the built-in types, before any job. */
export function expose(
  bodies: ReadonlyMap<string, WorkerTypes[string]>,
  start?: (module: WebAssembly.Module) => void,
): void {
  const scope = ownScope();
  if (scope === undefined) {
    throw new Error("exposeJobs is for a worker's own script: call it in the file that `spawn` starts");
  }
  if (exposed) throw new Error("exposeJobs was called already: name all job types in one call");
  exposed = true;
  let flag: Int32Array | undefined;
  let running: Running | undefined;
  /** Of the task that came last; they are numbered upwards. */
  let latest = 0;

  const post = (message: Answer) => scope.post(message, []);

  function fail(task: number, error: unknown): void {
    try {
      post({ jobgate: "failed", task, error: serialize(error) });
    } catch {
      // It changed while it was looked at.
      post({ jobgate: "failed", task, error: inWords(textOf(error)) });
    }
  }

  function complete(task: number, type: string, result: unknown): void {
    try {
      scope?.post({ jobgate: "done", task, result }, transfersOf(result));
    } catch (error) {
      throw notCloned(`The result of "${type}"`, error);
    }
  }

  async function run({ task, type, params, id, attempt }: WorkerCommand & { jobgate: "run" }): Promise<void> {
    latest = task;
    const reports = new Reports(task, post);
    running = new Running(task, reports, flag);
    try {
      const body = bodies.get(type);
      if (body === undefined) {
        throw new UnknownJobTypeError(`The worker has no job type "${type}"; it has: ${[...bodies.keys()].join(", ")}`);
      }
      const result = await body(params, new Context(running, id, attempt));
      reports.end();
      complete(task, type, result);
    } catch (error) {
      reports.end();
      fail(task, error);
    }
  }

  function obey(data: unknown): void {
    const command = readCommand(data);
    switch (command?.jobgate) {
      case "run":
        void run(command);
        return;
      case "flag":
        flag = command.flag;
        return;
      case "module":
        start?.(command.module);
        return;
      case "abort":
        if (running?.task === command.task) running.abort(deserialize(command.reason));
        return;
      case "given":
        if (command.task > latest) fail(command.task, new DOMException(UNREADABLE, "DataCloneError"));
        return;
      default: {
        const task = taskOf(data);
        if (task !== undefined) fail(task, new Error(OTHER_VERSION));
      }
    }
  }

  scope.listen({
    message: obey,
    // It may have been anybody's: the page is asked whether a task of its own is missing here.
    unreadable: () => post({ jobgate: "garbled" }),
    thrown: (error) => post({ jobgate: "broken", error: serialize(error) }),
    closing: () => post({ jobgate: "closing" }),
  });
  holdLock((lock) => post({ jobgate: "ready", needsModule: start !== undefined, lock }));
}

const UNREADABLE = "The params hold something that can't be read in a worker";
const OTHER_VERSION = "The page's command can't be read: is the worker's script of another version of jobgate?";
