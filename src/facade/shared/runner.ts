import { asyncDispose } from "../job/completion.js";
import { checkId } from "../runner/job-id.js";
import { JobTypes } from "../runner/job-types.js";
import { unlessSame } from "../runner/snapshots.js";
import type { JobQueue, TypeDescription, Validation, WatchEvent } from "../runner/types.js";
import { newRules } from "../runner/wasm.js";
import { checkObject, checkString, needFunction } from "../support/check.js";
import type { Serialized } from "../support/serialize.js";
import { wallNow } from "../support/time.js";
import type { JobEvent, ManagerStats, Priority, RunJobResult, Unsubscribe } from "../types.js";
import { checkEngine } from "../wasm/engine.js";
import { checkSignal, priorityNumber } from "../wasm/options.js";
import { Batch } from "./batch.js";
import { stoppedBy } from "./caller-signal.js";
import { Driver, type Kind } from "./driver.js";
import {
  outdatedStore,
  StorageLostError,
  StorageUnavailableError,
  storageError,
  wasClosed,
  writeOrInWords,
  writeThrown,
} from "./errors.js";
import { handleOf, type JobHost, whenEnded } from "./job.js";
import { KeyWatch } from "./key-watch.js";
import { Mirror } from "./mirror.js";
import { newId } from "./new-id.js";
import { newRow } from "./new-row.js";
import { AT, MOST_SLOTS, POLICY } from "./numbers.js";
import { inTime, openStorage } from "./opening.js";
import { type CheckedOptions, checkOptions, checkType, policyNumber } from "./options.js";
import { type Created, type Draft, needEnded, needJob, type Seen, type Stopped, type Target } from "./requests.js";
import type { App, Storage, StoredJob } from "./rows.js";
import { isStorable, storable } from "./run.js";
import { Transactions } from "./transactions.js";
import type { SharedCreateOptions, SharedJob, SharedRecord, SharedRunnerOptions, SharedSnapshot } from "./types.js";
import { newTab, requestRules, type TabRules } from "./wasm.js";
import { watchStream } from "./watch.js";

interface Open {
  readonly driver: Driver;
  readonly transactions: Transactions;
  readonly storage: Storage;
}

/**
 * A queue of typed jobs that belongs to the origin: any tab creates, watches, steers and stops them, one at a time runs
 * each. Reads are synchronous, from this tab's mirror; what changes something resolves once it is recorded. Every method
 * works detached.
 */
export class SharedRunner implements JobQueue {
  /**
   * The mirror is loaded, or it is known that it can't be. A store that another tab blocks, or that hangs, is waited for
   * for ten seconds; the queue goes on once it opens. Never rejects.
   */
  readonly ready: Promise<void>;
  private readonly options: CheckedOptions;
  private readonly rules: TabRules;
  private readonly types: JobTypes;
  private readonly kinds = new Map<string, Kind>();
  private readonly mirror: Mirror;
  /** This tab's name, as `owner.tab` has it. */
  readonly tab: string = newId();
  private readonly opening: Promise<Open | Error>;
  /** What is known of that: for who can't wait for as long as it may take. */
  private knownOpening: Promise<Open | Error>;
  private readonly host: JobHost;
  private readonly batch = new Batch((drafts) => this.createAll(drafts));
  private opened: Open | undefined = undefined;
  private state: "opening" | "disk" | "memory" | "outdated" | "lost" = "opening";
  private closing: Promise<void> | undefined = undefined;
  private snapshot: SharedSnapshot | undefined = undefined;
  private snapshotVersion = -1;

  /** Throws RangeError and TypeError, which name the option. */
  constructor(options: SharedRunnerOptions = {}) {
    const checked = checkOptions(options);
    const { types, builtins, concurrency, takeOverAfter, maxInterruptions, execute } = checked;
    this.options = checked;
    this.types = new JobTypes(newRules(0), builtins, types as never);
    this.rules = newTab(concurrency, takeOverAfter, maxInterruptions, execute);
    for (const { name } of this.types.all()) {
      const index = types.findIndex((type) => type.name === name);
      this.addKind(name, checkType(`types[${index}]`, types[index] ?? ({} as never)));
    }
    this.mirror = new Mirror(this.rules);
    this.host = {
      mirror: this.mirror,
      send: ({ id, incarnation }, action) => this.send({ id, incarnation }, action),
      stop: ({ id, incarnation }, reason) => this.askToStop({ id, incarnation }, reason).then(() => {}),
      thrown: (job) => this.opened?.driver.bodies.thrownOf(job),
    };
    this.opening = this.open().catch((error: unknown) => storageError(error, false));
    this.knownOpening = inTime(this.opening);
    void this.opening.then(() => {
      this.knownOpening = this.opening;
    });
    this.ready = this.knownOpening.then(() => {});
    for (const name of METHODS) {
      // biome-ignore lint/suspicious/noExplicitAny: binds each method to this runner, so that it works detached.
      const methods = this as any;
      Object.defineProperty(this, name, { value: methods[name].bind(this), configurable: true, writable: true });
    }
  }

  /**
   * "outdated": another tab's newer version has the store; this one runs nothing. "lost": the browser took it away. While
   * neither is there, and where nothing could be opened, "opening".
   */
  get storage(): "opening" | "disk" | "memory" | "outdated" | "lost" {
    return this.state;
  }

  private addKind(name: string, type: Omit<Kind, "number">): void {
    const { version, strict, failInterrupted, online, visible } = type;
    this.kinds.set(name, { ...type, number: this.rules.addType(version, strict, failInterrupted, online, visible) });
  }

  private async open(): Promise<Open> {
    const events = { outdated: () => this.become("outdated"), lost: () => this.become("lost") };
    const { storage, isShared } = await openStorage(this.options, events);
    if (this.closing !== undefined) {
      storage.close();
      throw wasClosed();
    }
    this.mirror.durable = storage.durable;
    const transactions = new Transactions(storage, this.rules, this.tab, this.options.retain);
    const { options, rules, mirror, kinds, types } = this;
    const driver = new Driver({ options, rules, mirror, kinds, types }, transactions, isShared);
    this.opened = { driver, transactions, storage };
    if (this.state === "opening") this.state = storage.durable ? "disk" : "memory";
    // However long that took: whoever asks from now on waits for the rest.
    this.knownOpening = this.opening;
    if (options.execute) await transactions.introduce(this.describe()).catch(() => {});
    if (this.state === "outdated") driver.retire();
    await driver.start();
    return this.opened;
  }

  private describe(): App {
    const { concurrency, maxPending, retain } = this.options;
    const types = this.types.all().map((type) => ({ ...type, version: this.kinds.get(type.name)!.version }));
    return { types: types.filter(isStorable), concurrency: Math.min(concurrency, MOST_SLOTS), maxPending, retain };
  }

  private become(state: "outdated" | "lost"): void {
    this.state = state;
    this.opened?.driver.retire();
    if (state === "lost") this.mirror.fail(new StorageLostError("The browser took the store away"));
    this.mirror.touch();
  }

  /** Waits for the store; rejects where there is none. */
  private async store(): Promise<Open> {
    const opened = this.closing === undefined ? await this.knownOpening : wasClosed();
    checkEngine();
    if (this.closing !== undefined) throw wasClosed();
    if ("driver" in opened) return opened;
    throw opened;
  }

  private async ask<T>(body: (open: Open) => Promise<T>): Promise<T> {
    const open = await this.store();
    try {
      return await body(open);
    } catch (error) {
      checkEngine();
      throw storageError(error, this.state === "lost");
    }
  }

  /** Runs a transaction; its rows are told before the promise resolves. */
  private change<T extends { readonly seen: Seen }>(
    body: (transactions: Transactions, driver: Driver) => Promise<T>,
  ): Promise<T> {
    return this.ask(async ({ transactions, driver }) => {
      const answer = await body(transactions, driver);
      driver.see(answer.seen);
      return answer;
    });
  }

  // ── creating ────────────────────────────────────────────────────────────────────────────────

  /**
   * Resolves after the transaction has completed. Rejects with InvalidParamsError, UnknownJobTypeError,
   * DuplicateJobError, QueueFullError, QuotaError or StorageUnavailableError: nothing was queued. With StorageLostError it
   * is not known: repeat with the same `id`, which is harmless: one that is known is the answer.
   */
  async createJob(
    type: string,
    params: Record<string, unknown> = {},
    options: SharedCreateOptions = {},
  ): Promise<SharedRecord> {
    const { job } = await this.create(type, params, options);
    return this.recordOf(job);
  }

  /** JobManager's runJob for typed jobs. A race between tabs has one winner; the others are given its job. */
  async runJob<State = unknown, Action = never, Result = unknown>(
    key: string,
    type: string,
    params: Record<string, unknown> = {},
    options: Omit<SharedCreateOptions, "key"> = {},
  ): Promise<RunJobResult<SharedJob<State, Action, Result>>> {
    checkObject("options", options);
    if (typeof key !== "string") throw new TypeError(`key must be a string, got ${typeof key}`);
    const { job, isNew } = await this.create(type, params, { ...options, key });
    const handle = handleOf<State, Action, Result>(this.host, job);
    // From now on: it may have ended, and be kept no longer, when that is asked for.
    void handle.settled;
    return { type: isNew ? "JOB_CREATED" : "JOB_ALREADY_RUNNING", job: handle };
  }

  private async create(type: string, params: Record<string, unknown>, options: SharedCreateOptions): Promise<Created> {
    checkObject("options", options);
    const { id: wanted, key: givenKey, onDuplicate, priority, timeout, delay, retry, signal } = options;
    const given = checkId(wanted, requestRules.isId);
    const key = checkString("key", givenKey);
    const policy = policyNumber(onDuplicate);
    const valid = this.types.needValid(type, params);
    const { version } = this.kinds.get(type)!;
    const row = newRow(requestRules, version, { priority, timeout, delay, retry });
    const isOwnId = given === undefined;
    const draft: Draft = { id: given ?? newId(), isOwnId, type, params: valid, row, key, policy };
    const caller = checkSignal(signal);
    if (caller === undefined) return this.createSoon(draft);
    return stoppedBy(caller, this.host, (asked) => this.createSoon({ ...draft, asked }));
  }

  private async createSoon(draft: Draft): Promise<Created> {
    await this.store();
    if (this.state === "outdated") throw outdatedStore();
    if (this.state === "lost") throw new StorageUnavailableError("The browser took the store away");
    return this.batch.add(draft);
  }

  private async createAll(drafts: readonly Draft[]): Promise<readonly (Created | Error)[]> {
    const { maxPending } = this.options;
    const { value } = await this.change(async (transactions, { bodies }) => {
      const created = await writeOrInWords((inWords) => transactions.create(drafts, maxPending, inWords));
      for (const one of created.value) {
        if ("job" in one && one.stop !== undefined) bodies.giveReason(one.job, one.stop.reason);
      }
      return created;
    });
    return value;
  }

  /**
   * Finished job again, as a new one with the same type, params, priority, timeout, retry and no key. Rejects with
   * JobgateError, code E_UNKNOWN_JOB or E_NOT_FINISHED.
   */
  async retryJob(id: string): Promise<SharedRecord> {
    const stored = await this.ask(async ({ transactions }) => (isText(id) ? transactions.job(id) : undefined));
    const { type, params, row } = needEnded(id, stored);
    const from = row[AT.version]!;
    const { version = from } = this.kinds.get(type) ?? {};
    // Those of another version are brought to its own by the tab that runs it.
    const valid = version === from ? this.types.needValid(type, params) : params;
    const again: number[] = Array.from(requestRules.again(Float64Array.from(row), from, wallNow()));
    const draft = { id: newId(), isOwnId: true, type, params: valid, row: again, key: undefined, policy: POLICY.join };
    return this.recordOf((await this.createSoon(draft)).job);
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────

  getRunningJob<State = unknown, Action = never, Result = unknown>(
    key: string,
  ): SharedJob<State, Action, Result> | undefined {
    const job = this.mirror.standing(key);
    return job && handleOf(this.host, job);
  }

  /** The one that stands, else the latest that is kept of those that had the key. */
  getLastJob<State = unknown, Action = never, Result = unknown>(
    key: string,
  ): SharedJob<State, Action, Result> | undefined {
    const job = this.mirror.standing(key) ?? this.mirror.lastEnded(key);
    return job && handleOf(this.host, job);
  }

  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: asked for by `useSharedJob`.
  private watchKey(key: string): KeyWatch {
    return new KeyWatch(this.host, key);
  }

  getJob(id: string): SharedRecord | undefined {
    return this.mirror.record(id);
  }

  /** Asks the store: it knows also what another tab has just done. Rejects with JobgateError where there is none. */
  async findJob(id: string): Promise<SharedRecord | undefined> {
    if (!isText(id)) return undefined;
    await this.ask(async ({ transactions, driver }) => driver.learn(await transactions.look(id)));
    return this.getJob(id);
  }

  /** Running in the order of their starts, then pending in the order in which they will start, then finished, newest first. */
  getAllJobs(): readonly SharedRecord[] {
    return this.mirror.list();
  }

  /** Of the jobs that are known. */
  getQueueStats(): ManagerStats {
    return this.mirror.stats();
  }

  /** What runs now in all tabs, and how many may, as this tab has it. */
  getWorkerStats(): { readonly active: number; readonly capacity: number } {
    return { active: this.mirror.stats().running, capacity: Math.min(this.options.concurrency, MOST_SLOTS) };
  }

  /** The types that this tab knows, whoever runs them. */
  getJobTypes(): readonly TypeDescription[] {
    return this.types.all();
  }

  getJobType(name: string): TypeDescription | undefined {
    return this.types.describe(name);
  }

  /** What `createJob` would run with, or all that is wrong. Throws UnknownJobTypeError. */
  validateJobParams(type: string, params: unknown): Validation {
    return this.types.validate(type, params);
  }

  /**
   * One job: its present state first (`status`, and `progress` if it has made any), then what follows, then the end. A
   * take-over is another `status`. Throws JobgateError with code E_UNKNOWN_JOB.
   */
  watch(id: string): ReadableStream<WatchEvent> {
    return watchStream(this.mirror, needJob(id, this.mirror.get(id)));
  }

  /** Any change of any job that this tab hears of. */
  subscribe(listener: () => void): Unsubscribe {
    needFunction("listener", listener);
    return this.mirror.subscribe(listener);
  }

  /** What happens to any job, as this tab hears of it: one that it sees for the first time is `job_created`. */
  onEvent(listener: (event: JobEvent) => void): Unsubscribe {
    needFunction("listener", listener);
    return this.mirror.onEvent(listener);
  }

  /** Same identity until something changed. `connected`: the store is there, and the runner not closed. */
  getSnapshot(): SharedSnapshot {
    const { version } = this.mirror;
    const isThere = this.state === "disk" || this.state === "memory";
    const connected = isThere && this.mirror.failure === undefined;
    if (this.snapshot === undefined || this.snapshotVersion !== version || this.snapshot.connected !== connected) {
      const now = { jobs: this.getAllJobs(), stats: this.getQueueStats(), connected };
      this.snapshot = unlessSame(this.snapshot, now);
      this.snapshotVersion = version;
    }
    return this.snapshot;
  }

  // ── steering ────────────────────────────────────────────────────────────────────────────────

  /**
   * The wish is recorded first; resolves when what stands under the key has ended, and what waits behind it, at once if
   * there is none.
   */
  async stopJob(key: string, reason?: unknown): Promise<void> {
    if (!isText(key)) return;
    const { found } = await this.askToStop({ key }, reason);
    await Promise.all(found.map((job) => whenEnded(this.host, job)));
  }

  /** True: the wish is recorded, and a pending job has ended. False: unknown or ended. */
  async cancelJob(id: string, reason?: unknown): Promise<boolean> {
    return isText(id) && (await this.askToStop({ id }, reason)).isAsked;
  }

  /** Whom to stop is the store's to say: of a job that another tab has just made this one may not have heard. */
  private askToStop(target: Target, reason: unknown): Promise<Stopped> {
    return this.change(async (transactions, { bodies }) => {
      const stop = (serialized?: Serialized) => transactions.stop(target, serialized);
      const stopped = await (reason === undefined ? stop() : writeThrown(reason, stop));
      // Before its body hears of it.
      for (const job of stopped.first) bodies.giveReason(job, reason);
      return stopped;
    });
  }

  /** False: unknown or ended. A pending one goes to the back of its new level, if that is new. */
  async setPriority(id: string, priority: Priority): Promise<boolean> {
    const level = priorityNumber(priority);
    if (!Number.isFinite(level)) throw new RangeError(`priority must be a finite number, got ${level}`);
    if (!isText(id)) return false;
    const { written } = await this.change((transactions) => transactions.prioritize(id, level));
    return written;
  }

  /** How many finished jobs were let go of. */
  async clearCompleted(): Promise<number> {
    const { count } = await this.change((transactions) => transactions.clear());
    return count;
  }

  private async send(target: Target, action: unknown): Promise<void> {
    const given = storable(action, "The action");
    await this.change((transactions) => transactions.send(target, given));
  }

  /** `navigator.storage.persist()`; never asked unbidden. False where there is no such thing. */
  async persist(): Promise<boolean> {
    return (await globalThis.navigator?.storage?.persist?.()) ?? false;
  }

  /**
   * Frees what this tab holds at once; its bodies abort with HandoverError and go on elsewhere, or at the next visit.
   * What still waits for a job's end fails then with JobgateError, code E_CLOSED.
   */
  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    await this.knownOpening;
    await this.opened?.driver.close();
    this.opened?.storage.close();
    this.mirror.close(wasClosed());
  }

  get [asyncDispose](): () => Promise<void> {
    return this.close;
  }

  private recordOf(job: StoredJob): SharedRecord {
    return this.mirror.record(job.id) ?? handleOf(this.host, job).record;
  }
}

const isText = (value: unknown): value is string => typeof value === "string";

const METHODS = Object.getOwnPropertyNames(SharedRunner.prototype).filter((name) => {
  const { value } = Object.getOwnPropertyDescriptor(SharedRunner.prototype, name)!;
  return name !== "constructor" && typeof value === "function";
});
