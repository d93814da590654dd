import { abortError, abortReason } from "./abort.js";
import { start } from "./body.js";
import { now } from "./clock.js";
import { drain } from "./drain.js";
import { ready } from "./effects.js";
import { command, engine, failure, header, memoryWords, question, statsAt } from "./engine.js";
import { type AnyJob, type Deferred, defer } from "./extras.js";
import { JobHandle } from "./job.js";
import type { JobManager as PublicManager } from "./job-manager.js";
import { CHANNEL, ListenerTable, SOURCE } from "./listeners.js";
import {
  checkFlag,
  checkNumber,
  checkObject,
  checkString,
  MANAGER_FLAGS,
  needFunction,
  needNumber,
  outOfBounds,
  type ReadOptions,
  readOptions,
  refusalError,
  sendOptions,
} from "./options.js";
import { follow } from "./signals.js";
import { holdStamp, releaseStamp, stamp } from "./stamp.js";
import { type EventQueue, managerStream } from "./streams.js";
import { asyncDispose } from "./support.js";
import { jobs, type KeyNumbers, Keys, managers } from "./tables.js";
import { textOf } from "./text.js";
import { type Tracer, trace } from "./trace.js";
import type {
  JobEvent,
  JobFactory,
  JobManagerOptions,
  JobStatus,
  ManagedJob,
  ManagerStats,
  RunJobResult,
  RunOptions,
  Unsubscribe,
} from "./types.js";
import { subscribeIn } from "./watching.js";

/** For the engine: a command to which time means nothing. Reading the clock costs as much as the command. */
const UNTIMED = -1;
const dropped = new FinalizationRegistry<{ readonly number: number; readonly keys: KeyNumbers }>(({ number, keys }) => {
  if (failure !== undefined) return;
  keys.release();
  engine.dropManager(number, UNTIMED);
  drain();
});

/** What `getSnapshot` gives. */
export interface Snapshot<Job> {
  readonly stats: ManagerStats;
  readonly jobs: readonly Job[];
}

/** The public interface says what each method does. What is not in it is for the rest of the facade. */
export class JobManager<Key = string, State = unknown, Action = never, Result = unknown>
  implements PublicManager<Key, State, Action, Result>
{
  readonly keys = new Keys<Key>(this);
  listeners: ListenerTable | undefined = undefined;
  /** Told when the engine has broken; held here, so that it goes with the manager. */
  onFailure: ((error: Error) => void) | undefined = undefined;
  readonly streams = new Set<EventQueue>();
  /** The manager's name, for errors and traces. */
  readonly name: string;
  /** Calls the bodies, where they are traced. */
  readonly tracer: Tracer | undefined;
  /** The engine is told when bodies were called. */
  readonly isRateLimited: boolean;
  private readonly number: number;
  private readonly defaults: ReadOptions | undefined;
  private timed: boolean;
  private slots: number;
  private closed = false;
  private idle: Deferred<void> | undefined = undefined;
  private empty: Deferred<void> | undefined = undefined;
  private byId: Map<string, AnyJob> | undefined = undefined;
  private retained: Map<number, AnyJob> | undefined = undefined;
  private version = -1;
  private snapshot: Snapshot<ManagedJob<Key, State, Action, Result>> | undefined = undefined;

  constructor(options: JobManagerOptions = {}) {
    ready();
    checkObject("options", options);
    const { name, concurrency, groupConcurrency, rateLimit, maxPending, retain, paused, defaults } = options;
    const isTraced = checkFlag("trace", options.trace);
    const isPaused = checkFlag("paused", paused);
    checkObject("rateLimit", rateLimit);
    const rate = rateLimit && readRateLimit(rateLimit);
    const read = defaults && readOptions(defaults);
    this.name = checkString("name", name) ?? "JobManager";
    const numbers = {
      concurrency: checkNumber("concurrency", concurrency, Infinity),
      groupConcurrency: checkNumber("groupConcurrency", groupConcurrency, Infinity),
      maxPending: checkNumber("maxPending", maxPending, Infinity),
      retain: checkNumber("retain", retain, 0),
    };
    const engine = command();
    sendOptions(read ?? NO_OPTIONS);
    this.number = engine.createManager(
      (isPaused ? MANAGER_FLAGS.paused : 0) | (rate ? MANAGER_FLAGS.rateLimited : 0),
      numbers.concurrency,
      numbers.groupConcurrency,
      rate?.limit ?? 0,
      rate?.interval ?? 0,
      numbers.maxPending,
      numbers.retain,
      UNTIMED,
    );
    if (this.number < 0) throw outOfBounds({ ...read, ...numbers, rateLimit: rate });
    this.defaults = read;
    this.isRateLimited = rate !== undefined;
    this.timed = rate !== undefined || (read?.timed ?? false);
    this.slots = numbers.concurrency;
    this.tracer = isTraced ? trace(this.name) : undefined;
    managers[this.number] = new WeakRef(this);
    dropped.register(this, { number: this.number, keys: this.keys.taken });
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
    if (this.tracer !== undefined) this.listen(CHANNEL.event, this.tracer.hear);
  }

  runJob(
    key: Key,
    factory: JobFactory<State, Action, Result>,
    options?: RunOptions<State>,
  ): RunJobResult<ManagedJob<Key, State, Action, Result>> {
    needFunction("factory", factory);
    const own = options === undefined ? undefined : readOptions(options);
    const { keys } = this;
    // The signal is followed before there is a job: what its owner's code does then happens to nobody.
    let job: JobHandle<Key, State, Action, Result> | undefined;
    let asked: { readonly reason: unknown } | undefined;
    const signal = own?.aborted ? undefined : own?.signal;
    const unhook =
      signal &&
      follow(signal, {
        askToStop: (reason) => {
          if (job === undefined) asked = { reason };
          else job.askToStop(reason);
        },
      });
    const engine = command();
    if (own?.timed) this.timed = true;
    const known = keys.find(key);
    const keyNumber = known ?? keys.take();
    const moment = this.timed ? now() : UNTIMED;
    let answer: number;
    if (own === undefined || own.plain)
      answer = engine.run(this.number, keyNumber, own?.priority ?? Number.NaN, moment);
    else {
      sendOptions(own);
      answer = engine.runWith(this.number, keyNumber, moment);
    }
    if (answer < 0 || (answer & 3) === 2) {
      unhook?.();
      if (answer >= 0) return { type: "JOB_ALREADY_RUNNING", job: this.joined(answer >>> 2, own) };
      if (known === undefined) keys.giveBack(keyNumber);
      throw refusalError(answer, own ?? {}, `${this.name}, key ${textOf(key)}`);
    }
    const slot = answer >>> 2;
    if (known === undefined) keys.keep(key, keyNumber);
    keys.enter(keyNumber, known !== undefined);
    const serial = memoryWords()[header + 2]!;
    job = new JobHandle<Key, State, Action, Result>(
      this,
      key,
      keyNumber,
      factory,
      slot,
      serial,
      stamp(),
      own?.priority ?? this.defaults?.priority ?? 0,
      own?.initialState as State,
    );
    jobs[slot] = job;
    this.byId?.set(job.id, job);
    if (own !== undefined || this.defaults !== undefined) equip(job, own, this.defaults);
    if (unhook !== undefined) job.extras().unhook = unhook;
    if (own?.aborted) job.noteStop(abortReason(own.signal!));
    this.tracer?.created(job);
    if ((answer & 1) === 1) {
      job.started = job.created;
      start(job, 1);
    }
    drain();
    if (asked !== undefined) job.askToStop(asked.reason);
    return { type: "JOB_CREATED", job };
  }

  getRunningJob(key: Key): ManagedJob<Key, State, Action, Result> | undefined {
    const number = this.keys.find(key);
    return number === undefined ? undefined : this.at(question().standing(number));
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
    const found = [question().waiting(number), question().standing(number)].map((slot) => this.at(slot));
    await Promise.all(found.map((job) => job?.stop(reason)));
  }

  async stopAll(reason?: unknown): Promise<void> {
    this.stopLiving("stopAll", reason);
    await Promise.all(this.living().map((job) => job.barrier));
  }

  pause(): void {
    command().setPaused(this.number, true, this.moment());
    drain();
  }

  resume(): void {
    command().setPaused(this.number, false, this.moment());
    drain();
  }

  get isPaused(): boolean {
    return question().isPaused(this.number);
  }

  get concurrency(): number {
    return this.slots;
  }

  set concurrency(concurrency: number) {
    needNumber("concurrency", concurrency);
    if (command().setConcurrency(this.number, concurrency, this.moment()) < 0) throw outOfBounds({ concurrency });
    this.slots = concurrency;
    drain();
  }

  onEmpty(): Promise<void> {
    if (command().awaitEmpty(this.number)) return Promise.resolve();
    this.empty ??= defer();
    return this.empty.promise;
  }

  onIdle(): Promise<void> {
    if (command().awaitIdle(this.number)) return Promise.resolve();
    this.idle ??= defer();
    return this.idle.promise;
  }

  get stats(): ManagerStats {
    return statsAt(question().stats(this.number));
  }

  subscribe(listener: () => void): Unsubscribe {
    needFunction("listener", listener);
    return this.listen(CHANNEL.change, () => listener());
  }

  getSnapshot(): Snapshot<ManagedJob<Key, State, Action, Result>> {
    const version = question().version(this.number);
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
    this.stopLiving("close", reason);
    this.closed = true;
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
    const number = command().listen(SOURCE.manager, this.number, channel);
    this.listeners ??= new ListenerTable(this);
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

  private all(): JobHandle<Key, State, Action, Result>[] {
    return Array.from(question().jobs(this.number), (slot) => this.at(slot)!);
  }

  private joined(slot: number, own: ReadOptions | undefined): JobHandle<Key, State, Action, Result> {
    const job = this.at(slot)!;
    if (own !== undefined) {
      // It may have been raised.
      job.priority = question().priority(slot);
      drain();
    }
    return job;
  }

  /** Those that have not ended. */
  private living(): JobHandle<Key, State, Action, Result>[] {
    return Array.from(question().livingJobs(this.number), (slot) => this.at(slot)!);
  }

  /** One reason for all; an AbortError where none is given. */
  private stopLiving(how: "stopAll" | "close", reason: unknown = abortError()): void {
    const engine = command();
    for (const job of this.living()) job.noteStop(reason);
    // Whatever is pending ends now, all in the same moment.
    holdStamp();
    engine[how](this.number, this.moment());
    drain();
    releaseStamp();
  }
}

/** What a job with options needs beside the engine's record of it. */
function equip(job: AnyJob, own: ReadOptions | undefined, defaults: ReadOptions | undefined): void {
  const retry = own?.retry ?? defaults?.retry;
  const timeout = own?.timeout ?? defaults?.timeout;
  const name = own?.name ?? defaults?.name;
  if (retry === undefined && timeout === undefined && name === undefined) return;
  const extras = job.extras();
  extras.retries = retry !== undefined;
  extras.retryIf = retry?.retryIf;
  extras.timeout = timeout;
  extras.name = name;
}

const NO_OPTIONS = readOptions({});

function readRateLimit(rateLimit: NonNullable<JobManagerOptions["rateLimit"]>): { limit: number; interval: number } {
  const { limit, interval } = rateLimit;
  return { limit: needNumber("rateLimit.limit", limit), interval: needNumber("rateLimit.interval", interval) };
}
