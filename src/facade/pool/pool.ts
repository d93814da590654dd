import { ManagerClosedError, report as tellPage, WorkerCrashedError } from "../errors.js";
import { asyncDispose } from "../job/completion.js";
import type { JobType } from "../runner/types.js";
import { abortReason, throwIfAborted } from "../support/abort.js";
import { cancellation } from "../support/cancellation.js";
import { type Deferred, defer } from "../support/defer.js";
import { DeliveryQueue } from "../support/delivery-queue.js";
import { fieldOf, textOf } from "../support/look.js";
import type { JobFactory } from "../types.js";
import { Alarm } from "../wasm/alarm.js";
import { now } from "../wasm/clock.js";
import { checkEngine, failure, rethrow, whenEngineFails } from "../wasm/engine.js";
import { checkNumber, checkObject, needFunction } from "../wasm/options.js";
import { type Loss, WorkerConnection } from "./connection.js";
import { attempt } from "./listen.js";
import type { JobAnswer } from "./messages.js";
import { spawnDefault } from "./spawn.js";
import { type PoolContext, Task, type Work } from "./tasks.js";
import type { ExposedJobs, PoolStats, WorkerPoolOptions } from "./types.js";
import { effectsOf, loadTimeout, newRules, type Rules } from "./wasm.js";
import { EFFECT, EFFECT_WORDS, END } from "./wire.js";

// biome-ignore lint/suspicious/noExplicitAny: pools of every type.
type AnyPool = WorkerPool<any>;

/** Those that have jobs or workers; the engine's end is theirs. One that has none may be forgotten without `close`. */
const open = new Set<AnyPool>();
let listening = false;

function listenForTheEnd(breakOff: (pool: AnyPool, error: Error) => void): void {
  if (listening) return;
  listening = true;
  whenEngineFails((error) => {
    for (const pool of open) breakOff(pool, error);
  });
}

/**
 * Workers that compute: jobs off the page's thread, killed if they do not end when they are asked to. Web workers, and
 * in Node its worker threads, where a pool without jobs does not keep the process running.
 *
 * `Jobs`: what the workers' script exposes; with it names, params and results are checked.
 */
export class WorkerPool<Jobs extends ExposedJobs = ExposedJobs> {
  private readonly rules: Rules;
  private readonly spawn: NonNullable<WorkerPoolOptions["spawn"]>;
  private readonly connections = new Map<number, WorkerConnection>();
  private readonly losses = new Map<number, Loss>();
  private readonly tasks = new Map<number, Task>();
  private readonly deliveries: DeliveryQueue<readonly number[]>;
  private serial = 0;
  /** Node waits for the workers that have jobs; nothing else here is worth waiting for. */
  private readonly alarm = new Alarm(false);
  private closing: Deferred<void> | undefined = undefined;
  private readonly tick = () => this.tell((rules) => rules.tick(now()));
  private readonly closedReason = () => new DOMException("The worker pool was closed", "AbortError");

  constructor(options?: WorkerPoolOptions);
  /** @internal @param report is told what belongs to no job: the default ends a process of Node's. */
  constructor(options: WorkerPoolOptions, report: (error: unknown) => void);
  constructor(
    options: WorkerPoolOptions = {},
    private readonly report = tellPage,
  ) {
    checkObject("options", options);
    const { spawn = spawnDefault } = options;
    needFunction("spawn", spawn);
    this.spawn = spawn;
    const size = checkNumber("size", options.size, Math.max((globalThis.navigator?.hardwareConcurrency ?? 2) - 1, 1));
    const idleTimeout = checkNumber("idleTimeout", options.idleTimeout, 30_000);
    const grace = checkNumber("grace", options.grace, 250);
    this.rules = newRules(size, idleTimeout, grace);
    this.deliveries = new DeliveryQueue((effects) => this.applyAll(effects));
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
  job<Name extends keyof Jobs & string>(
    type: Name,
    params?: Parameters<Jobs[Name]>[0],
    options?: { transfer?: Transferable[] },
    // biome-ignore lint/suspicious/noExplicitAny: fits a manager of any type.
  ): JobFactory<any, any, string extends keyof Jobs ? any : Awaited<ReturnType<Jobs[Name]>>>;
  job<Params = unknown, Result = unknown>(
    type: ExposedJobs extends Jobs ? string : never,
    params?: Params,
    options?: { transfer?: Transferable[] },
    // biome-ignore lint/suspicious/noExplicitAny: as above.
  ): JobFactory<any, any, Result>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  job(type: string, params?: unknown, options: { transfer?: Transferable[] } = {}): JobFactory<any, any, any> {
    if (typeof type !== "string") throw new TypeError(`type must be a string, got ${typeof type}`);
    checkObject("options", options);
    const { transfer = [] } = options;
    if (!Array.isArray(transfer)) throw new TypeError("transfer must be an array of transferable objects");
    const work = { type, params, transfer: [...transfer] };
    return (context) => this.run(work, context);
  }

  /** The same as a JobType, so that a JobRunner checks its params and runs it here. */
  // biome-ignore lint/suspicious/noExplicitAny: as JobType has it.
  jobType<Params = any, Result = unknown>(type: Omit<JobType<Params, Result>, "execute">): JobType<Params, Result> {
    const described = { ...type };
    const { name } = described;
    if (typeof name !== "string") throw new TypeError("type must be an object with a name");
    const execute = (params: Params, context: PoolContext) =>
      this.run({ type: name, params, transfer: [] }, context) as Promise<Result>;
    return { ...described, execute };
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

  get [asyncDispose](): () => Promise<void> {
    return this.close;
  }

  private run(work: Work, context: PoolContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      checkEngine();
      if (this.closing !== undefined) throw new ManagerClosedError("The worker pool was closed and takes no new jobs");
      if (context.throwIfAborted === undefined) throwIfAborted(context.signal);
      else context.throwIfAborted();
      const number = ++this.serial;
      const stop = () => this.tell((rules) => rules.stop(now(), number));
      const task = new Task(number, work, context, { resolve, reject }, stop);
      this.tasks.set(number, task);
      open.add(this);
      this.tell((rules) => rules.submit(number));
      // Not before: while this is done a worker that was idle wakes up. It may have ended by now.
      if (this.tasks.has(number)) task.hearAbort();
    });
  }

  /**
   * Tells the rules what has happened, and does what they want done: all of it, and then what that has caused. `look`
   * is shown it before. What breaks the rules has settled everything already.
   */
  private tell(what: (rules: Rules) => number, look?: (effects: readonly number[]) => void): void {
    try {
      const effects = effectsOf(this.rules, what(this.rules));
      look?.(effects);
      if (effects.length > 0) this.deliveries.push(effects);
    } catch (error) {
      rethrow(error);
    }
  }

  private applyAll(effects: readonly number[]): void {
    for (let at = 0; at < effects.length && failure === undefined; at += EFFECT_WORDS) {
      try {
        this.apply(effects[at]!, effects[at + 1]!, effects[at + 2]!, effects[at + 3]!);
      } catch (error) {
        // What `spawn` has returned may throw at whatever is done with it. Nothing else is to suffer by that.
        this.report(error);
      }
    }
    if (this.connections.size === 0 && this.tasks.size === 0) open.delete(this);
  }

  private apply(what: number, worker: number, number: number, how: number): void {
    const task = this.tasks.get(number);
    switch (what) {
      case EFFECT.spawn:
        this.connect(worker);
        return;
      case EFFECT.post:
        if (!task!.sendTo(this.connections.get(worker)!)) this.tell((rules) => rules.settled(now(), worker, number));
        return;
      case EFFECT.abort:
        this.connections
          .get(worker)!
          .abort(number, task!.signal.aborted ? abortReason(task!.signal) : this.closedReason());
        return;
      case EFFECT.terminate: {
        const connection = this.connections.get(worker);
        this.connections.delete(worker);
        this.losses.delete(worker);
        connection?.end();
        return;
      }
      case EFFECT.end:
        this.tasks.delete(number);
        this.end(task!, how, worker);
        return;
      case EFFECT.closed:
        this.alarm.clear();
        this.closing!.resolve();
        return;
      case EFFECT.wake:
        this.alarm.set(this.rules.wakeAt(), this.tick);
    }
  }

  private connect(worker: number): void {
    try {
      const connection = new WorkerConnection(this.spawn() as Worker, loadTimeout(), {
        ready: () => {
          connection.rest();
          this.tell((rules) => rules.loaded(now(), worker));
        },
        answered: (answer) => this.hear(worker, connection, answer),
        lost: (loss) => this.lose(worker, loss),
      });
      this.connections.set(worker, connection);
    } catch (error) {
      const why = textOf(fieldOf(error, "message") ?? error);
      this.lose(worker, { words: `could not be started: ${why}`, cause: error, quiet: true });
    }
  }

  /** What a worker says of a task that it does not have counts for nothing: it would end the job of another. */
  private hear(worker: number, connection: WorkerConnection, answer: JobAnswer): void {
    const number = answer.task;
    const task = this.tasks.get(number);
    if (task === undefined || failure !== undefined) return;
    if (answer.jobgate === "news") {
      if (this.rules.hasTask(worker, number)) task.tell(answer.news);
      return;
    }
    this.tell(
      (rules) => rules.settled(now(), worker, number),
      ([what, _, ended]) => {
        if (what !== EFFECT.end || ended !== number) return;
        task.take(answer);
        connection.rest();
      },
    );
  }

  private lose(worker: number, loss: Loss): void {
    this.losses.set(worker, loss);
    let isTold = loss.quiet;
    this.tell(
      (rules) => rules.lost(now(), worker),
      (effects) => {
        // It is gone already, and no effect will ask why.
        if (effects.length === 0) this.losses.delete(worker);
        isTold ||= effects.some((word, at) => at % EFFECT_WORDS === 0 && word === EFFECT.end);
      },
    );
    if (!isTold) this.report(crashed("A worker of the pool", loss));
  }

  private end(task: Task, how: number, worker: number): void {
    this.settle(task, how, worker);
    task.letGo();
  }

  private settle(task: Task, how: number, worker: number): void {
    switch (how) {
      case END.settled:
        task.settle();
        return;
      case END.lost:
        task.reject(crashed("The job's worker", this.losses.get(worker)!));
        return;
      case END.notLoaded:
        task.reject(crashed("No worker could be loaded: it", this.losses.get(worker)!));
        return;
      case END.closed:
        task.reject(cancellation(this.closedReason()));
        return;
      default:
        task.reject(abortReason(task.signal));
    }
  }

  /** Static, so that who keeps it keeps no pool. */
  private static readonly breakOff = (pool: AnyPool, error: Error): void => pool.breakOff(error);

  private breakOff(error: Error): void {
    this.alarm.clear();
    open.delete(this);
    for (const task of this.tasks.values()) {
      task.reject(error);
      attempt(() => task.letGo());
    }
    this.tasks.clear();
    this.closing?.promise.catch(() => {});
    this.closing?.reject(error);
    for (const connection of this.connections.values()) connection.end();
    this.connections.clear();
  }
}

function crashed(who: string, loss: Loss): WorkerCrashedError {
  return new WorkerCrashedError(`${who} ${loss.words}`, "cause" in loss ? { cause: loss.cause } : {});
}
