import { QueueFullError } from "../errors.js";
import { start } from "../job/body.js";
import { asyncDispose, noteStops } from "../job/completion.js";
import { JobHandle } from "../job/handle.js";
import { subscribeIn } from "../job/listen.js";
import type { AnyBody, AnyJob, Told } from "../job/record.js";
import { managerStream } from "../job/streams.js";
import { jobs, managers } from "../job/tables.js";
import { abortError, abortReason } from "../support/abort.js";
import { bind } from "../support/async-context.js";
import type { EventQueue } from "../support/event-queue.js";
import { textOf } from "../support/look.js";
import type {
  Completion,
  JobContext,
  JobEvent,
  JobFactory,
  JobManagerOptions,
  JobStatus,
  ManagedJob,
  ManagerStats,
  RunJobResult,
  RunOptions,
  Unsubscribe,
} from "../types.js";
import { now } from "../wasm/clock.js";
import { afterDrain, drain } from "../wasm/drain.js";
import { checkEngine, command, engine, failure, listAt, newestSerial, question, statsAt } from "../wasm/engine.js";
import { addListener, CHANNEL, ListenerTable, SOURCE } from "../wasm/listeners.js";
import {
  needFunction,
  needNumber,
  outOfBounds,
  type ReadOptions,
  readOptions,
  refusalError,
  sendOptions,
} from "../wasm/options.js";
import { holdStamp, releaseStamp, stamp } from "../wasm/stamp.js";
import { LOW_BITS, LOW_MASK, RAN } from "../wasm/wire.js";
import { bindMethods } from "./bind.js";
import { ready } from "./effects.js";
import { Ends } from "./ends.js";
import { following } from "./following.js";
import { type KeyNumbers, Keys } from "./keys.js";
import { type Host, type MapBody, type Mapping, mapItems, stopMappings } from "./map.js";
import { createManager, type Entry, equip, readManagerOptions, waitingAlone } from "./options.js";
import { Pace, type RateLimit } from "./pace.js";
import { Quiet } from "./quiet.js";
import { Roster, type Snapshot } from "./roster.js";
import { type Tracer, trace } from "./trace.js";

/** For the engine: a command to which time means nothing. Reading the clock costs as much as the command. */
const UNTIMED = -1;
const dropped = new FinalizationRegistry<{ readonly number: number; readonly keys: KeyNumbers }>(({ number, keys }) => {
  if (failure !== undefined) return;
  keys.release();
  engine.dropManager(number, UNTIMED);
  drain();
});

/** job-manager.ts says what each method does, seam.ts what is for entries; what is in neither is for this folder. */
export class JobManager<Key = string, State = unknown, Action = never, Result = unknown> implements Host {
  readonly keys = new Keys<Key>(this);
  listeners: ListenerTable | undefined = undefined;
  /** Set before the first job. */
  entry: Entry<Key, State, Action, Result> = {};
  readonly streams = new Set<EventQueue<JobEvent>>();
  readonly mappings = new Set<Mapping>();
  readonly name: string;
  readonly tracer: Tracer | undefined;
  readonly pace: Pace;
  /** The engine's. */
  readonly number: number;
  readonly defaults: ReadOptions | undefined;
  private timed: boolean;
  private slots: number;
  private closed = false;
  readonly quiet: Quiet;
  readonly roster: Roster<Key>;
  readonly ends: Ends;
  private version = -1;
  private snapshot: Snapshot<ManagedJob<Key, State, Action, Result>> | undefined = undefined;

  constructor(options: JobManagerOptions = {}) {
    ready();
    const read = readManagerOptions(options);
    this.name = read.name;
    this.ends = new Ends(read.onError);
    this.number = createManager(read, UNTIMED);
    this.quiet = new Quiet(this.number);
    this.defaults = read.defaults;
    this.pace = new Pace(read.rateLimit, (read.rateLimit ?? read.groupRateLimit) !== undefined);
    this.timed = this.pace.isCounted || (read.defaults?.timed ?? false);
    this.slots = read.concurrency;
    this.tracer = read.trace ? trace(this.name) : undefined;
    this.roster = new Roster(this.number, read.retain > 0);
    managers[this.number] = new WeakRef(this);
    dropped.register(this, { number: this.number, keys: this.keys.taken });
    bindMethods(this);
    if (this.tracer !== undefined) this.onEvent(this.tracer.hear);
  }

  runJob<R extends Result = Result>(
    key: Key,
    factory: JobFactory<State, Action, R>,
    options?: RunOptions<State>,
  ): RunJobResult<ManagedJob<Key, State, Action, R>> {
    needFunction("factory", factory);
    return this.launch(key, factory, options === undefined ? undefined : readOptions(options), true);
  }

  add<R extends Result = Result>(
    factory: JobFactory<State, Action, R>,
    options?: RunOptions<State>,
  ): ManagedJob<undefined, State, Action, R> {
    needFunction("factory", factory);
    const own = options === undefined ? undefined : readOptions(options);
    const { job } = this.launch(undefined as Key, factory, own, false);
    return job as ManagedJob<undefined, State, Action, R>;
  }

  map<T, R extends Result = Result>(
    items: Iterable<T> | AsyncIterable<T>,
    body: (item: T, context: JobContext<State, Action>, index: number) => Promise<R> | R,
    options?: RunOptions<State> & { settle?: boolean },
    // biome-ignore lint/suspicious/noExplicitAny: results or completions, as the public interface has it.
  ): Promise<any[]> {
    return mapItems(this, items, body as MapBody, options);
  }

  /** `isKeyed`: others can find the job under the key. */
  private launch<R extends Result>(
    key: Key,
    factory: JobFactory<State, Action, R> | AnyBody,
    own: ReadOptions<State> | undefined,
    isKeyed: boolean,
    created?: (job: AnyJob) => void,
    isFollowed = false,
  ): RunJobResult<ManagedJob<Key, State, Action, R>> {
    // Apart, since most jobs have no signal, and the functions that follow one would cost them, too.
    if (own?.signal !== undefined && !own.aborted && !isFollowed)
      return this.launchFollowing(key, factory, own, isKeyed, created);
    const { keys } = this;
    const engine = command();
    if (own?.timed) this.timed = true;
    const known = isKeyed ? keys.find(key) : undefined;
    const keyNumber = known ?? keys.take();
    const moment = this.moment();
    let answer: number;
    if (own === undefined || own.plain)
      answer = engine.run(this.number, keyNumber, own?.priority ?? Number.NaN, moment);
    else {
      sendOptions(own);
      answer = engine.runWith(this.number, keyNumber, moment);
    }
    const ran = answer & LOW_MASK;
    const slot = answer >>> LOW_BITS;
    if (answer >= 0 && ran === RAN.alreadyRunning)
      // Whoever joins a job takes its result for what the key's jobs give.
      return { type: "JOB_ALREADY_RUNNING", job: this.joined(slot, own) as AnyJob };
    if (answer < 0) {
      if (known === undefined) keys.giveBack(keyNumber);
      throw refusalError(answer, own ?? {}, isKeyed ? `${this.name}, key ${textOf(key)}` : this.name);
    }
    if (known === undefined && isKeyed) keys.keep(key, keyNumber);
    keys.enter(keyNumber, known !== undefined);
    const serial = newestSerial();
    const mayRetry = (own?.retry ?? this.defaults?.retry) !== undefined;
    const job = new (this.entry.Handle ?? JobHandle)(
      this,
      key,
      keyNumber,
      // A body that is called later, or again, finds what its caller has.
      typeof factory === "object" || (ran === RAN.started && !mayRetry) ? factory : bind(factory),
      slot,
      serial,
      stamp(),
      own?.priority ?? this.defaults?.priority ?? 0,
      own?.initialState as State,
    ) as JobHandle<Key, State, Action, R>;
    jobs[slot] = job;
    this.roster.add(job);
    created?.(job);
    if (own !== undefined || this.defaults !== undefined) equip(job, own, this.defaults);
    if (own?.aborted) job.noteStop(abortReason(own.signal!));
    this.tracer?.created(job);
    if (ran === RAN.started) {
      job.started = job.created;
      start(job, 1);
    }
    drain();
    return { type: "JOB_CREATED", job };
  }

  private launchFollowing<R extends Result>(
    key: Key,
    factory: JobFactory<State, Action, R> | AnyBody,
    own: ReadOptions<State>,
    isKeyed: boolean,
    created?: (job: AnyJob) => void,
  ): RunJobResult<ManagedJob<Key, State, Action, R>> {
    return following(own, created, (read, follows) => this.launch(key, factory, read, isKeyed, follows, true));
  }

  getRunningJob(key: Key): ManagedJob<Key, State, Action, Result> | undefined {
    const number = this.keys.find(key);
    return number === undefined ? undefined : this.at(question().standing(number));
  }

  getLastJob(key: Key): ManagedJob<Key, State, Action, Result> | undefined {
    return this.getRunningJob(key) ?? this.roster.lastEndedUnder(key);
  }

  forget(id: string): boolean {
    const job = this.getJob(id) as AnyJob | undefined;
    if (!job?.hasEnded) return false;
    const isForgotten = command().forget(job.slot, this.moment()) === 0;
    drain();
    return isForgotten;
  }

  getJob(id: string): ManagedJob<Key, State, Action, Result> | undefined {
    return this.roster.withId(id);
  }

  jobs(status?: JobStatus): ManagedJob<Key, State, Action, Result>[] {
    return this.roster.all().filter((job) => status === undefined || job.status === status);
  }

  async stopJob(key: Key, reason?: unknown): Promise<void> {
    const number = this.keys.find(key);
    if (number === undefined) return;
    const found = [question().waiting(number), question().standing(number)].flatMap((slot) => this.at(slot) ?? []);
    command().stopKey(number, this.moment());
    noteStops(found, reason);
    drain();
    await Promise.all(found.map((job) => job.barrier));
  }

  async stopAll(reason?: unknown): Promise<void> {
    await Promise.all(this.stopLiving("stopAll", reason).flatMap((job) => (job.hasEnded ? [] : job.barrier)));
  }

  stopPending(reason: unknown = abortError()): number {
    const engine = command();
    const living = this.living();
    holdStamp();
    const count = engine.stopPending(this.number, this.moment());
    noteStops(living, reason);
    drain();
    releaseStamp();
    return count;
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
    return question().isPaused(this.number) === 1;
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

  get rateLimit(): RateLimit | undefined {
    return this.pace.limit;
  }

  set rateLimit(rateLimit: RateLimit | undefined) {
    this.pace.change(this.number, rateLimit);
    if (this.pace.isCounted) this.timed = true;
    drain();
  }

  get rateLimitedUntil(): number | undefined {
    return this.pace.limitedUntil(this.number);
  }

  onEmpty(): Promise<void> {
    return this.quiet.pendingBelow(1);
  }

  onPendingBelow(size: number): Promise<void> {
    return this.quiet.pendingBelow(size);
  }

  onIdle(): Promise<void> {
    return this.quiet.whenIdle();
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

  onJobEnded(
    listener: (job: ManagedJob<Key, State, Action, Result>, completion: Completion<Result>) => void,
  ): Unsubscribe {
    needFunction("listener", listener);
    checkEngine();
    return this.ends.add(listener);
  }

  events(): ReadableStream<JobEvent> {
    return managerStream(this);
  }

  close(reason?: unknown): Promise<void> {
    this.stopLiving("close", reason);
    this.closed = true;
    this.endStreams();
    return this.onIdle();
  }

  get [asyncDispose](): () => Promise<void> {
    return this.close;
  }

  // ── for the rest of the facade ────────────────────────────────────────────────────────────────

  /** The engine's clock, read only for managers to whose jobs time ever meant something. */
  moment(): number {
    return this.timed ? now() : UNTIMED;
  }

  /** Of `map`. False: too many are pending, and their starts or ends will be told of; so one may wait where none does. */
  addItem(body: AnyBody, options: ReadOptions | undefined, created: () => void): boolean {
    try {
      this.launch(undefined as Key, body, options as ReadOptions<State>, false, created);
      return true;
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
      return !options?.mayWaitAlone && this.addItem(body, waitingAlone(options), created);
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: the channel says what the value is.
  private listen(channel: number, listener: (value: any) => void): Unsubscribe {
    const number = addListener(SOURCE.manager, this.number, channel);
    this.listeners ??= new ListenerTable(this);
    return subscribeIn(this.listeners, number, listener);
  }

  onEvent(listener: (told: Told) => void): Unsubscribe {
    return this.listen(CHANNEL.event, listener);
  }

  /** Told whose place in the order has changed, of which no event tells: its priority is another, or its wait is over. */
  onMove(listener: (job: AnyJob) => void): Unsubscribe {
    return this.listen(CHANNEL.order, listener);
  }

  /** The engine knows it no more; whoever holds the job can still read it. */
  letGo(slot: number, job = this.roster.at(slot) as AnyJob): void {
    this.roster.letGo(slot, job);
    this.version = -1;
  }

  at(slot: number): JobHandle<Key, State, Action, Result> | undefined {
    return this.roster.at(slot) as JobHandle<Key, State, Action, Result> | undefined;
  }

  becameIdle(): void {
    if (this.quiet.becameIdle()) this.endStreams();
  }

  /** The engine has broken. */
  breakOff(error: Error): void {
    this.quiet.breakOff(error);
    for (const mapping of this.mappings) mapping.breakOff(error);
    for (const stream of this.streams) stream.fail(error);
    this.entry.onFailure?.(error);
  }

  endStreams(): void {
    if (!this.closed) return;
    afterDrain(() => {
      if (failure !== undefined || engine.awaitIdle(this.number) === 0) return;
      for (const stream of this.streams) stream.close();
    });
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

  /** Those that have not ended, oldest first. */
  living(): JobHandle<Key, State, Action, Result>[] {
    return Array.from(listAt(question().livingJobs(this.number)), (slot) => this.at(slot)!);
  }

  /** Returns those that it has asked to end: not what their ends may start. */
  private stopLiving(how: "stopAll" | "close", reason: unknown = abortError()): readonly AnyJob[] {
    const engine = command();
    const finishMappings = stopMappings(this.mappings, reason);
    const living = this.living();
    // Whatever is pending ends now, all in the same moment.
    holdStamp();
    engine[how](this.number, this.moment());
    noteStops(living, reason);
    drain();
    releaseStamp();
    finishMappings();
    return living;
  }
}
