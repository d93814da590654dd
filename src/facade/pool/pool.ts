import { throwIfAborted } from "../abort.js";
import { cancellation } from "../cancellation.js";
import { now } from "../clock.js";
import { checkEngine, failure, rethrow, whenEngineFails } from "../engine.js";
import { ManagerClosedError, report, WorkerCrashedError } from "../errors.js";
import { type Deferred, defer } from "../extras.js";
import { checkNumber, checkObject, needFunction } from "../options.js";
import { Line } from "../runner/line.js";
import type { JobType } from "../runner/types.js";
import { asyncDispose } from "../support.js";
import type { JobFactory } from "../types.js";
import type { JobAnswer } from "./messages.js";
import { type Loss, Seat } from "./seat.js";
import { spawnDefault } from "./spawn.js";
import { type PoolContext, Task } from "./tasks.js";
import type { PoolStats, WorkerPoolOptions } from "./types.js";
import { newRules, type Rules } from "./wasm.js";
import { EFFECT, END } from "./wire.js";

const LONGEST_TIMEOUT = 2 ** 31 - 1;
const WORDS_PER_EFFECT = 4;

/** Those that have jobs or workers; the engine's end is theirs. One that has none may be forgotten without `close`. */
const open = new Set<WorkerPool>();
let listening = false;

function listenForTheEnd(breakOff: (pool: WorkerPool, error: Error) => void): void {
  if (listening) return;
  listening = true;
  whenEngineFails((error) => {
    for (const pool of open) breakOff(pool, error);
  });
}

/** Web workers that compute: jobs off the page's thread, killed if they do not end when they are asked to. */
export class WorkerPool {
  private readonly rules: Rules;
  private readonly spawn: () => Worker;
  private readonly seats = new Map<number, Seat>();
  private readonly losses = new Map<number, Loss>();
  private readonly tasks = new Map<number, Task>();
  private readonly line: Line<Uint32Array>;
  private serial = 0;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;
  private timerAt = Infinity;
  private closing: Deferred<void> | undefined = undefined;
  private readonly closedReason = () => new DOMException("The worker pool was closed", "AbortError");

  constructor(options: WorkerPoolOptions = {}) {
    checkObject("options", options);
    const { spawn = spawnDefault } = options;
    needFunction("spawn", spawn);
    this.spawn = spawn;
    const size = checkNumber("size", options.size, Math.max((globalThis.navigator?.hardwareConcurrency ?? 2) - 1, 1));
    const idleTimeout = checkNumber("idleTimeout", options.idleTimeout, 30_000);
    const grace = checkNumber("grace", options.grace, 250);
    this.rules = newRules(size, idleTimeout, grace);
    this.line = new Line((effects) => this.applyAll(effects));
    this.job = this.job.bind(this);
    this.jobType = this.jobType.bind(this);
    this.close = this.close.bind(this);
    listenForTheEnd(WorkerPool.breakOff);
  }

  /**
   * A factory for `runJob`: runs `type` in a worker. The params are cloned when a worker takes the job; `transfer`
   * lists what is handed over instead, which a retry could not do again. What the worker says of progress, state and
   * log is the job's.
   *
   * Stopped, timed out or aborted by the caller's signal, the body's own `signal` aborts with a clone of the reason;
   * one that can't be cloned arrives as an Error with its text. A body that has not settled `grace` later is killed
   * with its worker, and the job ends.
   *
   * The job fails with UnknownJobTypeError; with a DataCloneError that says what could not be sent; with
   * WorkerCrashedError if the worker could not be loaded, threw outside a job, closed itself or is gone; with
   * ManagerClosedError on a pool that was closed.
   */
  job<Params = unknown, Result = unknown>(
    type: string,
    params?: Params,
    options: { transfer?: Transferable[] } = {},
    // biome-ignore lint/suspicious/noExplicitAny: fits a manager of any type.
  ): JobFactory<any, any, Result> {
    if (typeof type !== "string") throw new TypeError(`type must be a string, got ${typeof type}`);
    checkObject("options", options);
    const { transfer = [] } = options;
    if (!Array.isArray(transfer)) throw new TypeError("transfer must be an array of transferable objects");
    return (context) => this.run(type, params, transfer, context) as Promise<Result>;
  }

  /** The same as a JobType, so that a JobRunner checks its params and runs it here. */
  // biome-ignore lint/suspicious/noExplicitAny: as JobType has it.
  jobType<Params = any, Result = unknown>(type: Omit<JobType<Params, Result>, "execute">): JobType<Params, Result> {
    if (typeof type?.name !== "string") throw new TypeError("type must be an object with a name");
    const execute = (params: Params, context: PoolContext) =>
      this.run(type.name, params, [], context) as Promise<Result>;
    return { ...type, execute };
  }

  get stats(): PoolStats {
    checkEngine();
    const [size = 0, busy = 0, idle = 0, spawned = 0, killed = 0] = this.rules.stats();
    return Object.freeze({ size, busy, idle, spawned, killed });
  }

  /**
   * Ends every worker; jobs on them end cancelled, those that run after their grace at the latest. Resolves when no
   * worker is left. Again: the same promise.
   */
  close(): Promise<void> {
    if (this.closing === undefined) {
      this.closing = defer();
      if (failure !== undefined) this.breakOff(failure);
      else this.tell((rules) => rules.close(now()));
    }
    return this.closing.promise;
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  private run(
    type: string,
    params: unknown,
    transfer: readonly Transferable[],
    context: PoolContext,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      checkEngine();
      if (this.closing !== undefined) throw new ManagerClosedError("The worker pool was closed and takes no new jobs");
      throwIfAborted(context.signal);
      const number = ++this.serial;
      const stop = () => this.tell((rules) => rules.stop(now(), number));
      this.tasks.set(number, new Task(number, { type, params, transfer }, context, { resolve, reject }, stop));
      open.add(this);
      this.tell((rules) => rules.submit(now(), number));
    });
  }

  /**
   * Tells the rules what has happened, and does what they want done: all of it, and then what that has caused. What
   * breaks the rules has settled everything already.
   */
  private tell(what: (rules: Rules) => Uint32Array): void {
    try {
      this.line.push(what(this.rules));
      if (failure === undefined) this.arm();
    } catch (error) {
      rethrow(error);
    }
  }

  private applyAll(words: Uint32Array): void {
    for (let at = 0; at < words.length && failure === undefined; at += WORDS_PER_EFFECT) {
      try {
        this.apply(words.subarray(at, at + WORDS_PER_EFFECT));
      } catch (error) {
        // What `spawn` has returned may throw at whatever is done with it. Nothing else is to suffer by that.
        report(error);
      }
    }
    if (this.seats.size === 0 && this.tasks.size === 0) open.delete(this);
  }

  private apply(words: Uint32Array): void {
    const [worker, number, how] = [words[1]!, words[2]!, words[3]!];
    const task = this.tasks.get(number);
    switch (words[0]) {
      case EFFECT.spawn:
        this.seat(worker);
        return;
      case EFFECT.post:
        if (!task!.sendTo(this.seats.get(worker)!)) this.tell((rules) => rules.settled(now(), number));
        return;
      case EFFECT.abort:
        this.seats.get(worker)!.abort(number, task!.signal.aborted ? task!.signal.reason : this.closedReason());
        return;
      case EFFECT.terminate: {
        const seat = this.seats.get(worker);
        this.seats.delete(worker);
        this.losses.delete(worker);
        seat?.end();
        return;
      }
      case EFFECT.end:
        this.tasks.delete(number);
        this.end(task!, how, worker);
        return;
      case EFFECT.closed:
        clearTimeout(this.timer);
        this.closing!.resolve();
    }
  }

  private seat(worker: number): void {
    try {
      this.seats.set(
        worker,
        new Seat(needWorker(this.spawn()), {
          ready: () => this.tell((rules) => rules.loaded(now(), worker)),
          answered: (answer) => this.hear(answer),
          lost: (loss) => this.lose(worker, loss),
        }),
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.lose(worker, { words: `could not be started: ${why}`, cause: error, quiet: true });
    }
  }

  private hear(answer: JobAnswer): void {
    const task = this.tasks.get(answer.task);
    if (task === undefined) return;
    if (answer.jobgate === "news") task.tell(answer.news);
    else {
      task.take(answer);
      this.tell((rules) => rules.settled(now(), answer.task));
    }
  }

  private lose(worker: number, loss: Loss): void {
    this.losses.set(worker, loss);
    let isTold = loss.quiet;
    this.tell((rules) => {
      const words = rules.lost(now(), worker);
      isTold ||= words.some((word, at) => at % WORDS_PER_EFFECT === 0 && word === EFFECT.end);
      return words;
    });
    if (!isTold) report(crashed("A worker of the pool", loss));
  }

  private end(task: Task, how: number, worker: number): void {
    task.letGo();
    switch (how) {
      case END.settled:
        task.settle();
        return;
      case END.lost:
        task.reject(crashed("The job's worker", this.losses.get(worker)));
        return;
      case END.notLoaded:
        task.reject(crashed("No worker could be loaded: it", this.losses.get(worker)));
        return;
      case END.closed:
        task.reject(cancellation(this.closedReason()));
        return;
      default:
        task.reject(task.signal.reason);
    }
  }

  /** One timer for the earliest deadline; one that is set for an earlier moment looks again then. */
  private arm(): void {
    const at = this.rules.wakeAt();
    if (at >= this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(
      () => {
        this.timerAt = Infinity;
        this.tell((rules) => rules.tick(now()));
      },
      Math.min(Math.max(Math.ceil(at - now()), 0), LONGEST_TIMEOUT),
    );
  }

  /** Static, so that who keeps it keeps no pool. */
  private static readonly breakOff = (pool: WorkerPool, error: Error): void => pool.breakOff(error);

  private breakOff(error: Error): void {
    clearTimeout(this.timer);
    open.delete(this);
    for (const task of this.tasks.values()) {
      task.letGo();
      task.reject(error);
    }
    this.tasks.clear();
    this.closing?.promise.catch(() => {});
    this.closing?.reject(error);
    for (const seat of this.seats.values()) {
      try {
        seat.end();
      } catch (error) {
        report(error);
      }
    }
    this.seats.clear();
  }
}

function crashed(who: string, loss: Loss = SILENT): WorkerCrashedError {
  return new WorkerCrashedError(`${who} ${loss.words}`, "cause" in loss ? { cause: loss.cause } : {});
}

const SILENT: Loss = {
  words: "did not say within 30 s that it is ready: does its script call exposeJobs?",
  quiet: true,
};

function needWorker(worker: Worker): Worker {
  for (const method of ["postMessage", "terminate", "addEventListener", "removeEventListener"] as const) {
    if (typeof worker?.[method] !== "function") throw new TypeError("spawn must return a Worker");
  }
  return worker;
}
