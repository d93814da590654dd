import { start } from "./body.js";
import { now } from "./clock.js";
import { drain } from "./drain.js";
import { ready } from "./effects.js";
import { engine, header, memoryWords } from "./engine.js";
import { type AnyJob, type Deferred, defer } from "./extras.js";
import { JobHandle } from "./job.js";
import type { JobManager as PublicManager } from "./job-manager.js";
import { CHANNEL, ListenerTable, SOURCE } from "./listeners.js";
import {
  type CheckedOptions,
  checkFlag,
  checkNumber,
  checkObject,
  checkString,
  givenPriority,
  hasPriorityAlone,
  MANAGER_FLAGS,
  needFunction,
  needNumber,
  outOfBounds,
  priorityNumber,
  refusalError,
  sendOptions,
} from "./options.js";
import { follow } from "./signals.js";
import { type EventQueue, managerStream } from "./streams.js";
import { abortError, asyncDispose, holdStamp, releaseStamp, stamp, textOf } from "./support.js";
import { jobs, Keys, managers } from "./tables.js";
import { trace } from "./trace.js";
import type {
  JobEvent,
  JobFactory,
  JobManagerOptions,
  JobStatus,
  ManagedJob,
  ManagerStats,
  Priority,
  RunJobResult,
  RunOptions,
  Unsubscribe,
} from "./types.js";
import { subscribeIn } from "./watching.js";

/** For the engine: a command to which time means nothing. Reading the clock costs as much as the command. */
const UNTIMED = -1;
/** What the engine answers for a job that is pending or running. */
const LIVING = [0, 1];
const dropped = new FinalizationRegistry<{ readonly number: number; readonly keys: Keys<unknown> }>(
  ({ number, keys }) => {
    keys.sweep();
    engine.dropManager(number, UNTIMED);
    drain();
  },
);

/** What `getSnapshot` gives. */
export interface Snapshot<Job> {
  readonly stats: ManagerStats;
  readonly jobs: readonly Job[];
}

/** The public interface says what each method does. What is not in it is for the rest of the facade. */
export class JobManager<Key = string, State = unknown, Action = never, Result = unknown>
  implements PublicManager<Key, State, Action, Result>
{
  readonly keys = new Keys<Key>();
  listeners: ListenerTable | undefined = undefined;
  /** Told when the engine has broken; held here, so that it goes with the manager. */
  onFailure: ((error: Error) => void) | undefined = undefined;
  readonly streams = new Set<EventQueue>();
  /** The manager's name, for errors and traces. */
  readonly name: string;
  private readonly number: number;
  private readonly defaults: CheckedOptions | undefined;
  private readonly defaultPriority: Priority;
  private timed: boolean;
  private slots: number;
  private closed = false;
  private idle: Deferred<void> | undefined = undefined;
  private empty: Deferred<void> | undefined = undefined;
  private byId: Map<string, AnyJob> | undefined = undefined;
  private retained: Map<number, AnyJob> | undefined = undefined;
  /** Oldest first, once someone has asked; among them those that were forgotten since. */
  private list: JobHandle<Key, State, Action, Result>[] | undefined = undefined;
  private gone = 0;
  private readonly retains: boolean;
  private version = -1;
  private snapshot: Snapshot<ManagedJob<Key, State, Action, Result>> | undefined = undefined;

  constructor(options: JobManagerOptions = {}) {
    ready();
    checkObject("options", options);
    const { rateLimit, defaults = {} } = options;
    checkObject("rateLimit", rateLimit);
    checkObject("defaults", defaults);
    const tracing = checkFlag("trace", options.trace);
    const checked = sendOptions(defaults);
    this.name = checkString("name", options.name) ?? "JobManager";
    this.defaults = options.defaults && checked;
    this.defaultPriority = defaults.priority ?? 0;
    this.timed = rateLimit !== undefined || checked.timed;
    this.slots = checkNumber("concurrency", options.concurrency, Infinity);
    const retain = checkNumber("retain", options.retain, 0);
    this.retains = retain > 0;
    this.number = engine.createManager(
      (checkFlag("paused", options.paused) ? MANAGER_FLAGS.paused : 0) | (rateLimit ? MANAGER_FLAGS.rateLimited : 0),
      this.slots,
      checkNumber("groupConcurrency", options.groupConcurrency, Infinity),
      rateLimit ? needNumber("rateLimit.limit", rateLimit.limit) : 0,
      rateLimit ? needNumber("rateLimit.interval", rateLimit.interval) : 0,
      checkNumber("maxPending", options.maxPending, Infinity),
      retain,
      UNTIMED,
    );
    if (this.number < 0) throw outOfBounds({ ...defaults, ...options });
    managers[this.number] = new WeakRef(this);
    dropped.register(this, { number: this.number, keys: this.keys });
    // Named one by one: in a loop, V8 would make the manager a slow dictionary.
    this.runJob = this.runJob.bind(this);
    this.getRunningJob = this.getRunningJob.bind(this);
    this.getJob = this.getJob.bind(this);
    this.jobs = this.jobs.bind(this);
    this.stopJob = this.stopJob.bind(this);
    this.stopAll = this.stopAll.bind(this);
    this.pause = this.pause.bind(this);
    this.resume = this.resume.bind(this);
    this.onEmpty = this.onEmpty.bind(this);
    this.onIdle = this.onIdle.bind(this);
    this.subscribe = this.subscribe.bind(this);
    this.getSnapshot = this.getSnapshot.bind(this);
    this.onKeyChange = this.onKeyChange.bind(this);
    this.events = this.events.bind(this);
    this.close = this.close.bind(this);
    if (tracing) trace(this, defaults);
  }

  runJob(
    key: Key,
    factory: JobFactory<State, Action, Result>,
    options?: RunOptions<State>,
  ): RunJobResult<ManagedJob<Key, State, Action, Result>> {
    needFunction("factory", factory);
    const { keys } = this;
    const checked = options === undefined || hasPriorityAlone(options) ? undefined : sendOptions(options);
    if (checked?.timed) this.timed = true;
    const known = keys.find(key);
    const keyNumber = known ?? keys.take();
    const moment = this.timed ? now() : UNTIMED;
    const answer =
      checked === undefined
        ? engine.run(this.number, keyNumber, givenPriority(options), moment)
        : engine.runWith(this.number, keyNumber, moment);
    if (answer < 0) {
      if (known === undefined) keys.giveBack(keyNumber);
      throw refusalError(answer, options ?? {}, `${this.name}, key ${textOf(key)}`);
    }
    const slot = answer >>> 2;
    if ((answer & 3) === 2) return { type: "JOB_ALREADY_RUNNING", job: this.joined(slot, options) };

    if (known === undefined) keys.keep(key, keyNumber);
    keys.enter(keyNumber, known !== undefined);
    const serial = memoryWords()[header + 2]!;
    const priority = options?.priority ?? this.defaultPriority;
    const job = new JobHandle<Key, State, Action, Result>(
      this,
      key,
      keyNumber,
      factory,
      slot,
      serial,
      stamp(),
      typeof priority === "number" ? priority : priorityNumber(priority),
      options?.initialState as State,
    );
    jobs[slot] = job;
    this.byId?.set(job.id, job);
    this.list?.push(job);
    if (checked !== undefined || this.defaults !== undefined) equip(job, checked, this.defaults);
    if ((answer & 1) === 1) {
      job.started = job.created;
      start(job, 1);
    }
    drain();
    return { type: "JOB_CREATED", job };
  }

  getRunningJob(key: Key): ManagedJob<Key, State, Action, Result> | undefined {
    const number = this.keys.find(key);
    return number === undefined ? undefined : this.at(engine.standing(number));
  }

  getJob(id: string): ManagedJob<Key, State, Action, Result> | undefined {
    this.byId ??= new Map(this.all().map((job) => [job.id, job]));
    return this.byId.get(id);
  }

  jobs(status?: JobStatus): ManagedJob<Key, State, Action, Result>[] {
    const all = this.all();
    return status === undefined ? all : all.filter((job) => job.status === status);
  }

  async stopJob(key: Key, reason?: unknown): Promise<void> {
    const number = this.keys.find(key);
    if (number === undefined) return;
    // The waiting one first, or it would start.
    const found = [engine.waiting(number), engine.standing(number)].map((slot) => this.at(slot));
    await Promise.all(found.map((job) => job?.stop(reason)));
  }

  async stopAll(reason?: unknown): Promise<void> {
    this.stopLiving("stopAll", reason);
    await Promise.all(this.living().map((job) => job.barrier));
  }

  pause(): void {
    engine.setPaused(this.number, true, this.moment());
    drain();
  }

  resume(): void {
    engine.setPaused(this.number, false, this.moment());
    drain();
  }

  get isPaused(): boolean {
    return engine.isPaused(this.number);
  }

  get concurrency(): number {
    return this.slots;
  }

  set concurrency(concurrency: number) {
    needNumber("concurrency", concurrency);
    if (engine.setConcurrency(this.number, concurrency, this.moment()) < 0) throw outOfBounds({ concurrency });
    this.slots = concurrency;
    drain();
  }

  onEmpty(): Promise<void> {
    if (engine.awaitEmpty(this.number)) return Promise.resolve();
    this.empty ??= defer();
    return this.empty.promise;
  }

  onIdle(): Promise<void> {
    if (engine.awaitIdle(this.number)) return Promise.resolve();
    this.idle ??= defer();
    return this.idle.promise;
  }

  get stats(): ManagerStats {
    return engine.stats(this.number);
  }

  subscribe(listener: () => void): Unsubscribe {
    needFunction("listener", listener);
    return this.listen(CHANNEL.change, () => listener());
  }

  getSnapshot(): Snapshot<ManagedJob<Key, State, Action, Result>> {
    const version = engine.version(this.number);
    if (this.snapshot === undefined || version !== this.version) {
      this.version = version;
      this.snapshot = Object.freeze({ stats: Object.freeze(this.stats), jobs: Object.freeze(this.jobs()) });
    }
    return this.snapshot;
  }

  onKeyChange(key: Key, listener: (job: ManagedJob<Key, State, Action, Result> | undefined) => void): Unsubscribe {
    return this.keys.watch(key, listener);
  }

  events(): ReadableStream<JobEvent> {
    return managerStream(this);
  }

  close(reason?: unknown): Promise<void> {
    this.closed = true;
    this.stopLiving("close", reason);
    if (this.isOver) this.endStreams();
    return this.onIdle();
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  // ── for the rest of the facade ────────────────────────────────────────────────────────────────

  /** The engine's clock, read only for managers to whose jobs time ever meant something. */
  moment(): number {
    return this.timed ? now() : UNTIMED;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the channel says what the value is.
  listen(channel: number, listener: (value: any) => void): Unsubscribe {
    const number = engine.listen(SOURCE.manager, this.number, channel);
    this.listeners ??= new ListenerTable();
    return subscribeIn(this.listeners, number, listener);
  }

  /** Closed, and nothing left to happen. */
  get isOver(): boolean {
    return this.closed && engine.awaitIdle(this.number);
  }

  statsEvent(): JobEvent {
    return { type: "stats_update", stats: this.stats };
  }

  /** It has ended and stays to be looked at. Held here, so that it goes with the manager. */
  retain(job: AnyJob): void {
    this.retained ??= new Map();
    this.retained.set(job.slot, job);
  }

  /** The engine knows it no more; whoever holds the job can still read it. */
  forget(slot: number, job = this.at(slot) as AnyJob): void {
    this.retained?.delete(slot);
    this.byId?.delete(job.id);
    job.slot = -1;
    this.version = -1;
    if (this.list !== undefined && ++this.gone * 2 > this.list.length) this.compact(this.list);
  }

  at(slot: number): JobHandle<Key, State, Action, Result> | undefined {
    return (jobs[slot] ?? this.retained?.get(slot)) as JobHandle<Key, State, Action, Result> | undefined;
  }

  // A listener told before may have started more: then the wait goes on.
  becameEmpty(): void {
    if (!engine.awaitEmpty(this.number)) return;
    this.empty?.resolve();
    this.empty = undefined;
  }

  becameIdle(): void {
    if (!engine.awaitIdle(this.number)) return;
    this.idle?.resolve();
    this.idle = undefined;
    if (this.closed) this.endStreams();
  }

  /** The engine has broken. */
  breakOff(error: Error): void {
    this.empty?.reject(error);
    this.idle?.reject(error);
    for (const stream of this.streams) stream.fail(error);
    this.onFailure?.(error);
  }

  endStreams(): void {
    for (const stream of this.streams) stream.close();
    this.streams.clear();
  }

  /** Asked of the engine once: for each snapshot of many jobs, that would cost more than what they do. */
  private all(): JobHandle<Key, State, Action, Result>[] {
    if (this.list === undefined) this.list = Array.from(engine.jobs(this.number), (slot) => this.at(slot)!);
    else if (this.gone > 0) this.compact(this.list);
    // One that is not kept is gone once it has ended, also before that is told.
    return this.retains ? this.list.slice() : this.list.filter(({ slot }) => LIVING.includes(engine.status(slot)));
  }

  private compact(list: JobHandle<Key, State, Action, Result>[]): void {
    this.list = list.filter(({ slot }) => slot >= 0);
    this.gone = 0;
  }

  private joined(slot: number, options: RunOptions<State> | undefined): JobHandle<Key, State, Action, Result> {
    const job = this.at(slot)!;
    if (options !== undefined) {
      // It may have been raised.
      job.priority = engine.priority(slot);
      drain();
    }
    return job;
  }

  /** Those that have not ended. */
  private living(): JobHandle<Key, State, Action, Result>[] {
    return Array.from(engine.livingJobs(this.number), (slot) => this.at(slot)!);
  }

  /** One reason for all; an AbortError where none is given. */
  private stopLiving(command: "stopAll" | "close", reason: unknown = abortError()): void {
    for (const job of this.living()) job.noteStop(reason);
    // Whatever is pending ends now, all in the same moment.
    holdStamp();
    engine[command](this.number, this.moment());
    drain();
    releaseStamp();
  }
}

/** What a job with options needs beside the engine's record of it. */
function equip(job: AnyJob, own: CheckedOptions | undefined, defaults: CheckedOptions | undefined): void {
  const retry = own?.retry ?? defaults?.retry;
  const timeout = own?.timeout ?? defaults?.timeout;
  const name = own?.name ?? defaults?.name;
  const signal = own?.signal;
  if (retry === undefined && timeout === undefined && name === undefined && signal === undefined) return;
  const extras = job.extras();
  extras.retry = retry;
  extras.timeout = timeout;
  extras.name = name;
  if (signal === undefined) return;
  if (signal.aborted) {
    job.noteStop(signal.reason);
    return;
  }
  extras.unhook = follow(signal, job);
}
