import { whenEngineFails } from "../engine.js";
import { type AnyJob, type Deferred, defer } from "../extras.js";
import type { JobManager } from "../job-manager.js";
import { CHANNEL } from "../listeners.js";
import { JobManager as Manager } from "../manager.js";
import { checkFlag, checkNumber, checkObject, checkString, needFunction, priorityNumber } from "../options.js";
import { describers } from "../records.js";
import { asyncDispose } from "../support.js";
import type { JobContext, JobEvent, JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import { RunnerError } from "./errors.js";
import { type Happening, note } from "./events.js";
import { JobTypes } from "./job-types.js";
import { Line, Listeners } from "./line.js";
import { Session } from "./session.js";
import { type Task, Tasks } from "./tasks.js";
import type {
  CreateOptions,
  Histogram,
  QueuePort,
  RunnerOptions,
  TaskContext,
  TypeDescription,
  Validation,
  WatchEvent,
} from "./types.js";
import { type Rules, startRunnerWasm, WasmRunner } from "./wasm.js";
import { eventStream, type Watched, watchStream } from "./watch.js";

export interface QueueSnapshot {
  readonly jobs: readonly JobRecord[];
  readonly stats: ManagerStats;
}

/** A queue of typed jobs. Every method works detached. */
export class JobRunner {
  readonly manager: JobManager<string>;
  private readonly rules: Rules;
  private readonly types: JobTypes;
  private readonly tasks: Tasks;
  private readonly line: Line<Happening | JobEvent>;
  private readonly happenings = new Listeners<Happening>();
  private readonly changes = new Listeners<void>();
  private readonly sessions = new Set<Session>();
  private quiet: Deferred<void> | undefined = undefined;
  private version = 0;
  private snapshot: (QueueSnapshot & { readonly version: number }) | undefined = undefined;

  constructor(options: RunnerOptions = {}) {
    checkObject("options", options);
    const { types = [], maxPending } = options;
    const builtins = options.builtins === undefined || checkFlag("builtins", options.builtins);
    const autoStart = options.autoStart === undefined || checkFlag("autoStart", options.autoStart);
    const retain = checkNumber("retain", options.retain, 1000);
    if (!(retain >= 0) || (retain % 1 !== 0 && retain !== Infinity)) {
      throw new RangeError(`retain must be an integer of at least 0, or Infinity, got ${retain}`);
    }
    if (!Array.isArray(types)) throw new TypeError("types must be an array");
    startRunnerWasm();
    this.rules = new WasmRunner(retain);
    this.types = new JobTypes(this.rules, builtins, types);
    const manager = new Manager<string>({
      name: "JobRunner",
      concurrency: checkNumber("concurrency", options.concurrency, 3),
      paused: !autoStart,
      ...(maxPending !== undefined && { maxPending }),
    });
    this.manager = manager;
    this.tasks = new Tasks(this.rules, (id) => this.manager.getRunningJob(id) as AnyJob | undefined);
    describers.set(manager, (job) => this.tasks.describe(job));
    this.line = new Line((item) => this.tell(item));
    manager.listen(CHANNEL.event, (event: JobEvent) => {
      // The manager forgets at once; the runner says when it does.
      if (event.type !== "job_removed") this.line.push(event);
    });
    whenEngineFails((error) => this.quiet?.reject(error));
    for (const name of METHODS) {
      // biome-ignore lint/suspicious/noExplicitAny: binds each method to this runner, so that it works detached.
      const methods = this as any;
      Object.defineProperty(this, name, { value: methods[name].bind(this), configurable: true, writable: true });
    }
  }

  /**
   * Throws UnknownJobTypeError or InvalidParamsError (every fault listed, not only the first); then nothing is queued.
   * `id` given twice while the first is unfinished: the record of the first.
   */
  createJob(type: string, params: Record<string, unknown> = {}, options: CreateOptions = {}): JobRecord {
    checkObject("options", options);
    const { id: wanted, ...run } = options;
    const checked = this.types.needValid(type, params);
    const given = checkString("id", wanted);
    if (given === "") throw new RangeError("id must be a string with something in it");
    const standing = given === undefined ? undefined : this.tasks.get(given);
    if (standing !== undefined && standing.job.end === 0) return this.tasks.record(standing);
    const id = given ?? this.tasks.newId();
    const priority = priorityNumber(options.priority ?? 0);
    const readyAt = Date.now() + (typeof options.delay === "number" && options.delay > 0 ? options.delay : 0);
    const { signal: _, delay: __, ...again } = run;
    const task = this.tasks.create({ id, type, params: checked, options: again }, priority, readyAt, (task) => {
      const body = (context: JobContext) => this.execute(task, context);
      return this.manager.runJob(id, body, { ...run, onDuplicate: "reject", name: type }).job as AnyJob;
    });
    this.version++;
    return this.tasks.record(task);
  }

  private async execute(task: Task, context: JobContext): Promise<unknown> {
    this.rules.start(task.number);
    this.version++;
    const { id } = task;
    const { attempt, signal, progress, log, checkpoint } = context;
    const given: TaskContext = { id, attempt, signal, progress, log, checkpoint };
    return this.types.get(task.type).execute(structuredClone(task.params), given);
  }

  getJob(id: string): JobRecord | undefined {
    const task = this.tasks.get(id);
    return task && this.tasks.record(task);
  }

  /** Running, then pending in the order they will start, then finished, newest first. */
  getAllJobs(): readonly JobRecord[] {
    return this.tasks.list().map((task) => this.tasks.record(task));
  }

  getPendingJobs(): readonly string[] {
    return this.tasks.list("pending").map(({ id }) => id);
  }

  getRunningJobs(): readonly string[] {
    return this.tasks.list("running").map(({ id }) => id);
  }

  /** False for an unknown or finished job. A pending job ends at once, a running one when its body has settled. */
  cancelJob(id: string, reason?: unknown): boolean {
    const task = this.tasks.get(id);
    if (task === undefined || task.job.end !== 0) return false;
    task.job.askToStop(reason);
    return true;
  }

  /** False for an unknown or finished job. A pending one goes to the back of its new level. */
  setPriority(id: string, priority: Priority): boolean {
    const task = this.tasks.get(id);
    if (task === undefined || task.job.end !== 0) return false;
    task.job.setPriority(priority);
    this.rules.setPriority(task.number, task.job.priority, Date.now());
    this.line.push({ reordered: true });
    return true;
  }

  /** Finished job again, as a new one with the same type, params, priority, timeout and retry. */
  retryJob(id: string): JobRecord {
    const task = this.known(id);
    if (task.job.end === 0) throw new RunnerError(`Job "${id}" has not finished`, "E_NOT_FINISHED");
    return this.createJob(task.type, task.params, { ...task.options, priority: task.job.priority });
  }

  /** How many finished jobs were let go of. */
  clearCompleted(): number {
    const gone = this.tasks.drop("clear");
    for (const job_id of gone) this.line.push({ type: "job_removed", job_id });
    return gone.length;
  }

  getJobTypes(): readonly TypeDescription[] {
    return this.types.all();
  }

  getJobType(name: string): TypeDescription | undefined {
    return this.types.describe(name);
  }

  /** Throws UnknownJobTypeError. */
  validateJobParams(type: string, params: unknown): Validation {
    return this.types.validate(type, params);
  }

  getQueueStats(): ManagerStats {
    return this.manager.stats;
  }

  /** `processed`: jobs that ran and have ended. */
  getWorkerStats(): { readonly active: number; readonly capacity: number; readonly processed: number } {
    this.tasks.list("running");
    const { processed } = this.tasks;
    return { active: this.manager.stats.running, capacity: this.concurrency, processed };
  }

  /** Waiting and running time of what finished, in ms; how many finished in the last minute. */
  getMetrics(): { readonly wait: Histogram; readonly run: Histogram; readonly throughputPerMinute: number } {
    this.tasks.list("running");
    return this.rules.metrics(Date.now());
  }

  start(): void {
    this.manager.resume();
  }

  /** Accepts no new work from the queue; resolves when what runs has ended. */
  stop(): Promise<void> {
    this.manager.pause();
    if (this.manager.stats.running === 0) return Promise.resolve();
    this.quiet ??= defer();
    return this.quiet.promise;
  }

  get concurrency(): number {
    return this.manager.concurrency;
  }

  setConcurrency(n: number): void {
    this.manager.concurrency = n;
  }

  /** Any change of any job, its progress too. */
  subscribe(listener: () => void): Unsubscribe {
    needFunction("listener", listener);
    return this.changes.add(() => listener());
  }

  /** Same identity until something changed. */
  getSnapshot(): QueueSnapshot {
    if (this.snapshot?.version !== this.version) {
      const { version } = this;
      this.snapshot = Object.freeze({
        jobs: Object.freeze(this.getAllJobs()),
        stats: Object.freeze(this.manager.stats),
        version,
      });
    }
    return this.snapshot!;
  }

  onEvent(listener: (event: JobEvent) => void): Unsubscribe {
    needFunction("listener", listener);
    return this.happenings.add(({ event }) => event && listener(event));
  }

  /**
   * One job: its present state first (`status`, and `progress` if it has made any), then what follows, then the end.
   * For a slow reader, unread progress gives way to the newest.
   */
  watch(id: string): ReadableStream<WatchEvent> {
    return watchStream(this.watched(id));
  }

  /** The same as bytes of text/event-stream, for a Response. `lastEventId`: only what has happened since. */
  eventStream(id: string, options: { lastEventId?: string } = {}): ReadableStream<Uint8Array> {
    checkObject("options", options);
    return eventStream(this.watched(id), checkString("lastEventId", options.lastEventId));
  }

  private watched(id: string): Watched {
    const task = this.known(id);
    const listen = (listener: (happening: Happening) => void) => this.happenings.add(listener);
    return { task, rules: this.rules, listen, record: () => this.tasks.record(task) };
  }

  /** Speaks the queue protocol to whatever is at the port's other end. */
  serve(port: QueuePort): Unsubscribe {
    const session = new Session(this, port, (listener) => this.happenings.add(listener));
    this.sessions.add(session);
    return () => {
      session.end();
      this.sessions.delete(session);
    };
  }

  /** Takes no more jobs, cancels all, resolves when all have ended; then no port is served any more. */
  async close(): Promise<void> {
    await this.manager.close();
    for (const session of this.sessions) session.end();
    this.sessions.clear();
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  private known(id: string): Task {
    const task = this.tasks.get(id);
    if (task === undefined) throw new RunnerError(`There is no job "${id}"`, "E_UNKNOWN_JOB");
    return task;
  }

  private tell(item: Happening | JobEvent): void {
    const happening: Happening = "type" in item ? note(this.rules, this.tasks, item) : item;
    this.version++;
    this.happenings.call(happening);
    this.changes.call();
    for (const job_id of this.tasks.drop("retire")) this.line.push({ type: "job_removed", job_id });
    if (this.quiet !== undefined && this.manager.stats.running === 0) {
      this.quiet.resolve();
      this.quiet = undefined;
    }
  }
}

const METHODS = Object.getOwnPropertyNames(JobRunner.prototype).filter((name) => {
  const { value } = Object.getOwnPropertyDescriptor(JobRunner.prototype, name)!;
  return name !== "constructor" && typeof value === "function";
});
