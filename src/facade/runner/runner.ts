import { asyncDispose } from "../job/completion.js";
import { JobManager } from "../manager/job-manager.js";
import { type AnyEntryJob, checkRun, type Seam } from "../manager/seam.js";
import { checkObject, checkString, needFunction } from "../support/check.js";
import { textOf } from "../support/look.js";
import type { JobContext, JobEvent, JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import { now } from "../wasm/clock.js";
import { checkEngine } from "../wasm/engine.js";
import { RunnerError } from "./errors.js";
import { isEnd } from "./events.js";
import { checkId } from "./job-id.js";
import { JobTypes } from "./job-types.js";
import { needNoKey } from "./keyless.js";
import { localQueue } from "./local-queue.js";

import { News } from "./news.js";
import { checkRunnerOptions } from "./options.js";
import { needPort } from "./port.js";
import { Quota } from "./quota.js";
import { PortSession } from "./session.js";
import { unlessSame } from "./snapshots.js";
import type { Task } from "./task.js";
import { Tasks } from "./tasks.js";
import type {
  CreateOptions,
  Histogram,
  JobQueue,
  QueuePort,
  QueueSnapshot,
  RunnerOptions,
  TaskContext,
  TypeDescription,
  Validation,
  WatchEvent,
} from "./types.js";
import { disableRules, newRules, type Rules, WasmRunner } from "./wasm.js";
import { eventStream, type Watched, watchStream } from "./watch.js";
import { HISTOGRAM, METRICS } from "./wire.js";

const CLOSED = "The runner was closed";

/** A queue of typed jobs. Every method works detached. */
export class JobRunner {
  /**
   * What it runs its jobs on, under their ids: for pausing, stopping all, waiting until idle. Priorities are set by the
   * runner's own `setPriority`. Jobs made here are counted in the statistics, and are none of the runner's.
   */
  readonly manager: JobManager<string>;
  private readonly rules: Rules;
  private readonly types: JobTypes;
  private readonly tasks: Tasks;
  private readonly news: News;
  private readonly sessions = new Set<PortSession>();
  private readonly maxPendingPerPort: number;
  private closed = false;
  private queue: JobQueue | undefined = undefined;
  private snapshot: QueueSnapshot | undefined = undefined;
  private snapshotVersion = -1;

  constructor(options: RunnerOptions = {}) {
    const { builtins, types, retain, maxPendingPerPort, manager: managed } = checkRunnerOptions(options);
    this.maxPendingPerPort = maxPendingPerPort;
    this.rules = newRules(retain);
    this.types = new JobTypes(this.rules, builtins, types);
    this.manager = new JobManager<string>(managed);
    const seam = this.manager as Seam<string, unknown, never, unknown>;
    this.tasks = new Tasks(this.rules, seam);
    this.news = new News(this.tasks);
    seam.entry = {
      describe: (job) => this.tasks.describe(job),
      onFailure: (error) => {
        disableRules(error);
        this.news.fail(error);
      },
    };
    seam.onEvent(({ event, job }) => this.hear(event, job));
    seam.onMove((job) => {
      const task = this.tasks.of(job);
      if (task !== undefined) this.news.push({ task, rank: this.tasks.rank(task) });
    });
    for (const name of METHODS) {
      // biome-ignore lint/suspicious/noExplicitAny: binds each method to this runner, so that it works detached.
      const methods = this as any;
      Object.defineProperty(this, name, { value: methods[name].bind(this), configurable: true, writable: true });
    }
  }

  /** The manager forgets at once; the runner says when it does. And the manager may have jobs that are not the runner's. */
  private hear(event: JobEvent, job: AnyEntryJob | undefined): void {
    if (job === undefined) this.news.push({ event });
    const task = job === undefined || event.type === "job_removed" ? undefined : this.tasks.known(job);
    if (task === undefined) return;
    if (isEnd(event)) this.tasks.ended(task);
    this.news.push({ event, task, rank: this.tasks.rank(task) });
  }

  /**
   * Throws UnknownJobTypeError or InvalidParamsError (every fault listed, not only the first); then nothing is queued.
   * `id` given twice while the first is unfinished: the record of the first.
   */
  createJob(type: string, params: Record<string, unknown> = {}, options: CreateOptions = {}): JobRecord {
    checkObject("options", options);
    // Read whole, once.
    const { id: wanted, ...run } = options;
    needNoKey(run);
    const checked = this.types.needValid(type, params);
    const given = checkId(wanted, WasmRunner.isId);
    const standing = given === undefined ? undefined : this.tasks.get(given);
    if (standing !== undefined && !standing.job.hasEnded) {
      checkRun(this.manager as Seam<string, unknown, never, unknown>, run);
      return this.tasks.record(standing);
    }
    const id = given ?? this.tasks.newId();
    const { signal: _, delay: __, ...again } = run;
    // The caller's own may change.
    if (typeof again.retry === "object") again.retry = { ...again.retry };
    const task = this.tasks.create({ id, type, params: checked, options: again }, (task) => {
      const body = (context: JobContext) => this.execute(task, context);
      return this.manager.runJob(id, body, { ...run, onDuplicate: "reject", name: type }).job as AnyEntryJob;
    });
    this.news.version++;
    return this.tasks.record(task);
  }

  private async execute(task: Task, context: JobContext): Promise<unknown> {
    this.tasks.start(task);
    this.news.version++;
    const { id } = task;
    const { attempt, signal, progress, log, checkpoint } = context;
    const given: TaskContext = { id, attempt, signal, progress, log, checkpoint };
    return this.types.get(task.type)(structuredClone(task.params), given);
  }

  getJob(id: string): JobRecord | undefined {
    const task = this.tasks.get(id);
    return task && this.tasks.record(task);
  }

  /**
   * Running in the order of their starts, then pending in the order they will start (those whose delay or wait for a
   * retry is not over come last, by the ends of their waits), then finished, newest first.
   */
  getAllJobs(): readonly JobRecord[] {
    return this.tasks.list();
  }

  getPendingJobs(): readonly string[] {
    return this.tasks.those("pending").map(({ id }) => id);
  }

  getRunningJobs(): readonly string[] {
    return this.tasks.those("running").map(({ id }) => id);
  }

  /** False for an unknown or finished job. A pending job ends at once, a running one when its body has settled. */
  cancelJob(id: string, reason?: unknown): boolean {
    return this.change(id, ({ job }) => job.askToStop(reason));
  }

  /** False for an unknown or finished job. A pending one goes to the back of its new level, if that is new. */
  setPriority(id: string, priority: Priority): boolean {
    return this.change(id, ({ job }) => job.setPriority(priority));
  }

  /**
   * Finished job again, as a new one with the same type, params, priority, timeout and retry. Throws JobgateError with
   * code E_UNKNOWN_JOB or E_NOT_FINISHED.
   */
  retryJob(id: string): JobRecord {
    const task = this.known(id);
    if (!task.job.hasEnded) throw new RunnerError(`Job "${id}" has not finished`, "E_NOT_FINISHED");
    return this.createJob(task.type, task.params, { ...task.options, priority: task.job.priority });
  }

  /** How many finished jobs were let go of. One whose end is still to be told, while a listener is called, stays. */
  clearCompleted(): number {
    const gone = this.tasks.drop("clear");
    this.news.version++;
    this.news.removed(gone);
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

  /** Finished jobs are counted since the runner was made, also those it no longer keeps. */
  getQueueStats(): ManagerStats {
    return this.manager.stats;
  }

  /** `processed`: jobs that ran and have ended. */
  getWorkerStats(): { readonly active: number; readonly capacity: number; readonly processed: number } {
    const active = this.manager.stats.running;
    return { active, capacity: this.concurrency, processed: this.tasks.processed };
  }

  /** Waiting and running time of what finished, in ms; how many finished in the last minute. */
  getMetrics(): { readonly wait: Histogram; readonly run: Histogram; readonly throughputPerMinute: number } {
    const [wait, run, throughputPerMinute] = readMetrics(this.rules.metrics(now()));
    return { wait, run, throughputPerMinute };
  }

  /**
   * This queue as any other is: a page that is written for a JobQueue takes it in place of a QueueClient. Its `createJob`
   * answers with the record that stands where the `id` is known, finished or not. The same object each time.
   */
  asQueue(): JobQueue {
    this.queue ??= localQueue(this, () => this.closed);
    return this.queue;
  }

  start(): void {
    this.manager.resume();
  }

  /** Accepts no new work from the queue; resolves when what runs now has ended, or waits for a retry. */
  stop(): Promise<void> {
    this.manager.pause();
    const left = this.tasks.those("running");
    return this.news.until(() => {
      while (left.length > 0 && left.at(-1)!.job.status !== "running") left.pop();
      return left.length === 0;
    });
  }

  get concurrency(): number {
    return this.manager.concurrency;
  }

  setConcurrency(n: number): void {
    this.manager.concurrency = n;
  }

  /** Any change of any job, its progress too. A line of a log changes none. */
  subscribe(listener: () => void): Unsubscribe {
    needFunction("listener", listener);
    checkEngine();
    return this.news.onChange(() => listener());
  }

  /** Same identity until something changed. */
  getSnapshot(): QueueSnapshot {
    const { version } = this.news;
    if (this.snapshot === undefined || this.snapshotVersion !== version) {
      this.snapshot = unlessSame(this.snapshot, { jobs: this.getAllJobs(), stats: this.manager.stats });
      this.snapshotVersion = version;
    }
    return this.snapshot;
  }

  onEvent(listener: (event: JobEvent) => void): Unsubscribe {
    needFunction("listener", listener);
    checkEngine();
    return this.news.follow(({ event }) => event && listener(event));
  }

  /**
   * One job: its present state first (`status`, and `progress` if it has made any), then what follows, then the end.
   * For a slow reader, unread progress gives way to the newest. Throws JobgateError with code E_UNKNOWN_JOB.
   */
  watch(id: string): ReadableStream<WatchEvent> {
    return watchStream(this.watched(id));
  }

  /** The same as bytes of text/event-stream, for a Response. `lastEventId`: only what has happened since. */
  eventStream(id: string, options: { lastEventId?: string } = {}): ReadableStream<Uint8Array> {
    checkObject("options", options);
    return eventStream(this.watched(id), checkString("lastEventId", options.lastEventId));
  }

  /**
   * Speaks the queue protocol to whatever is at the port's other end, which is told when that ends. What comes from
   * there may have `maxPendingPerPort` jobs pending and 16 MB of params among them: who asks for more is refused with
   * QueueFullError, and nobody else waits for it.
   *
   * A reader that sleeps finds what is new when it wakes, not what it has missed: to a port that holds much unsent (a
   * WebSocket's `bufferedAmount`), or whose QueueClient has not acknowledged the last 128 messages, what has been
   * overtaken is not sent any more. Of results and params no more than 262,144 characters of JSON are sent, of texts
   * 10,000, of a state 4,000,000 (`truncated` says how many of its jobs are left out); in place of what is larger
   * stands null, and for a result a `job_log` says so.
   *
   * Ends by itself when the port says that its other end has gone, by a `close` event or a WebSocket's `readyState`. A
   * MessagePort does not say so in every browser: it is served until the page or worker of the QueueClient at its other
   * end is gone (known by a Web Lock, so within one origin and in secure contexts), or the function returned is called.
   * A runner that is closed sends its state and that it is closed.
   */
  serve(port: QueuePort): Unsubscribe {
    needPort(port);
    checkEngine();
    this.news.isLogged = true;
    const quota = new Quota(this.maxPendingPerPort);
    const session = new PortSession(this, port, this.news, quota, { end: () => this.sessions.delete(session) });
    this.sessions.add(session);
    session.begin();
    if (this.closed) session.leave(CLOSED);
    return () => session.leave("The runner no longer serves this port");
  }

  /** Takes no more jobs, cancels all, resolves when all have ended; then no port is served any more. */
  async close(): Promise<void> {
    await this.manager.close();
    this.closed = true;
    this.news.changed();
    for (const session of this.sessions) session.leave(CLOSED);
  }

  get [asyncDispose](): () => Promise<void> {
    return this.close;
  }

  private watched(id: string): Watched {
    checkEngine();
    const task = this.known(id);
    return { task, rules: this.rules, news: this.news, record: () => this.tasks.record(task) };
  }

  private known(id: string): Task {
    const task = this.tasks.get(id);
    if (task === undefined) throw new RunnerError(`There is no job "${textOf(id)}"`, "E_UNKNOWN_JOB");
    return task;
  }

  /** While a listener is called, it is so at once and told later: whoever asks meanwhile is to see it. */
  private change(id: string, make: (task: Task) => void): boolean {
    checkEngine();
    const task = this.tasks.get(id);
    if (task === undefined || task.job.hasEnded) return false;
    make(task);
    task.isStale = true;
    this.news.version++;
    return true;
  }
}

function readMetrics(numbers: Float64Array): readonly [Histogram, Histogram, number] {
  const histogram = (at: number): Histogram => ({
    count: numbers[at + HISTOGRAM.count]!,
    p50: numbers[at + HISTOGRAM.p50]!,
    p95: numbers[at + HISTOGRAM.p95]!,
    p99: numbers[at + HISTOGRAM.p99]!,
    max: numbers[at + HISTOGRAM.max]!,
  });
  return [histogram(METRICS.wait), histogram(METRICS.run), numbers[METRICS.perMinute]!];
}

const METHODS = Object.getOwnPropertyNames(JobRunner.prototype).filter((name) => {
  const { value } = Object.getOwnPropertyDescriptor(JobRunner.prototype, name)!;
  return name !== "constructor" && typeof value === "function";
});
