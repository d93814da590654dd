// The jobs of one scope as a gateway knows them: read from the store whenever it hears that something has happened to
// one, so that what it tells is what is there, in the store's order and times, whatever was heard twice or never.

import { Watches } from "../../runner/client-watch.js";
import { RunnerError } from "../../runner/errors.js";
import { isEnd, type Notification } from "../../runner/events.js";
import { Mirror } from "../../runner/mirror.js";
import { carryRecord, carryResult } from "../../runner/plain.js";
import { compareRanks, type Rank } from "../../runner/rank.js";
import type { ServedNews } from "../../runner/served.js";
import type { AnyServerMessage, ClientSnapshot, WatchEvent } from "../../runner/types.js";
import { type Deferred, defer } from "../../support/defer.js";
import { Listeners } from "../../support/delivery-queue.js";
import { clearTimer, setTimer } from "../../support/time.js";
import type { JobEvent, JobRecord, ManagerStats, Unsubscribe } from "../../types.js";
import { partsOf, storedId } from "../names.js";
import type { StoredJob } from "../record.js";
import { type JobStore, PAGE } from "../store.js";
import { unwaited, warn } from "../warn.js";
import { changesBetween, isSame } from "./changes.js";

/** Notifications that are kept for who comes back. */
const LOGGED = 1000;
/** Bytes of results, about, that these may hold. */
const LOGGED_BYTES = 4_000_000;
/** Milliseconds between two looks at the store, where nobody waits for what has changed; and after one that has failed. */
const PACE = 10;
const PAUSE = 500;
/** Milliseconds between two looks at jobs of which nothing is known but that they have made progress. */
const PROGRESS_PACE = 100;
const NO_PLACE: Rank = [];

interface Waiter extends Deferred<void> {
  readonly stored: string;
}

export class Scope implements ServedNews {
  readonly name: string;
  /** Whose numbers these are: another's, or those of this one made anew, are others. */
  readonly instance: string;
  seq = 0;
  /** It has all been read once. */
  isLoaded = false;
  private readonly store: JobStore;
  private readonly mirror = new Mirror();
  private readonly ranks = new Map<string, Rank>();
  /** Of those of which an attempt has failed, how many have. */
  private readonly failures = new Map<string, number>();
  private readonly watches = new Watches();
  private readonly all = new Listeners<Notification>(warn);
  private readonly changes = new Listeners<void>(warn);
  private log: Notification[] = [];
  private logBytes = 0;
  private snapshot: ClientSnapshot | undefined = undefined;
  private isConnected = true;
  /** What is to be read. */
  private readonly dirty = new Set<string>();
  /** Have made progress, and are to be read before long. */
  private readonly progressed = new Set<string>();
  private progressTimer: unknown = undefined;
  private isAllDirty = true;
  /** The statistics are to be read: they are others than those that were told. */
  private areStatsDirty = false;
  private waiters: Waiter[] = [];
  private loading = defer<void>();
  private isReading = false;
  private timer: unknown = undefined;
  private isClosed = false;
  /** Epoch milliseconds since when nobody has asked for it. */
  idleSince = Date.now();
  /** Asked for by server code, which holds on to it. */
  isHeld = false;

  constructor(store: JobStore, name: string, instance: string) {
    this.store = store;
    this.name = name;
    this.instance = instance;
    this.loading.promise.catch(() => {});
    // It hears from the first on what is told here.
    this.mirror.seq = this.seq;
    void this.read();
  }

  /** Rejects with E_DISCONNECTED where the store does not answer. */
  loaded(): Promise<void> {
    return this.isLoaded ? Promise.resolve() : this.loading.promise;
  }

  get isWatched(): boolean {
    return this.all.size > 0 || this.changes.size > 0 || this.watches.size > 0 || this.isHeld;
  }

  // ── what happens ────────────────────────────────────────────────────────────────────────────────

  /** Something has happened to the job. */
  note(stored: string): void {
    if (this.isClosed) return;
    this.progressed.delete(stored);
    this.dirty.add(stored);
    void this.read();
  }

  /** The job has made progress: what more it makes soon is told with it. */
  noteProgress(stored: string): void {
    if (this.isClosed || this.dirty.has(stored)) return;
    this.progressed.add(stored);
    this.progressTimer ??= setTimer(() => {
      this.progressTimer = undefined;
      const stored = [...this.progressed];
      this.progressed.clear();
      for (const one of stored) this.note(one);
    }, PROGRESS_PACE);
  }

  /** Anything may have happened. */
  noteAll(): void {
    this.isAllDirty = true;
    void this.read();
  }

  /** Resolves once what has happened to the job has been told. Rejects where it can't be read, and with E_CLOSED. */
  refresh(id: string): Promise<void> {
    if (this.isClosed) return Promise.reject(closedError());
    const waiter = { ...defer<void>(), stored: storedId(this.name, id) };
    this.waiters.push(waiter);
    this.hurry();
    this.note(waiter.stored);
    return waiter.promise;
  }

  setConnected(isConnected: boolean): void {
    if (this.isConnected === isConnected) return;
    this.isConnected = isConnected;
    if (isConnected) this.noteAll();
    this.changed();
  }

  logged(id: string, message: string, at: number): void {
    if (this.isLoaded) this.tell({ event: { type: "job_log", job_id: id, message, at } });
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimer(this.timer);
    clearTimer(this.progressTimer);
    const error = closedError();
    this.loading.reject(error);
    for (const { reject } of this.waiters.splice(0)) reject(error);
    this.watches.fail(error);
    this.changed();
  }

  private async read(): Promise<void> {
    if (this.isReading || this.isClosed || this.timer !== undefined) return;
    this.isReading = true;
    let pause: number | undefined;
    try {
      while (!this.isClosed && pause === undefined && (this.isAllDirty || this.dirty.size > 0)) {
        if (this.isAllDirty) await this.readAll();
        else await this.readDirty();
        // One thing follows another: so they are read together.
        if (this.waiters.length === 0) pause = PACE;
      }
    } catch (error) {
      pause = PAUSE;
      for (const { reject } of this.waiters.splice(0)) reject(error);
      if (!this.isLoaded) {
        this.loading.reject(error);
        this.loading = defer<void>();
        this.loading.promise.catch(() => {});
      }
    }
    this.isReading = false;
    if (pause === undefined || this.isClosed) return;
    this.timer = setTimer(() => {
      this.timer = undefined;
      void this.read();
    }, pause);
  }

  /** Whoever waits does not wait for the pause to be over. */
  private hurry(): void {
    clearTimer(this.timer);
    this.timer = undefined;
  }

  private async readAll(): Promise<void> {
    this.isAllDirty = false;
    try {
      const seen = new Set<string>();
      for await (const page of this.store.list(this.name)) {
        for (const job of page) {
          seen.add(job.record.id);
          this.stands(job.record.id, job);
        }
        if (page.length > 0) this.changed();
      }
      // Those that have gone, and those that came meanwhile.
      for (const id of this.ranks.keys()) {
        if (!seen.has(id)) this.dirty.add(storedId(this.name, id));
      }
      await this.readStats();
    } catch (error) {
      this.isAllDirty = true;
      throw error;
    }
    this.isLoaded = true;
    this.loading.resolve();
    this.changed();
  }

  private async readDirty(): Promise<void> {
    const taken = new Set([...this.dirty].slice(0, PAGE));
    for (const stored of taken) this.dirty.delete(stored);
    // Who asks from here on asks for what may have happened after this look.
    const asked = new Set(this.waiters.filter(({ stored }) => taken.has(stored)));
    try {
      const jobs = await this.store.readWithGone(this.name, [...taken]);
      const byId = new Map(jobs.map((job) => [job.record.id, job]));
      for (const stored of taken) {
        const parts = partsOf(stored);
        if (parts !== undefined && this.stands(parts.id, byId.get(parts.id))) this.areStatsDirty = true;
      }
      if (this.areStatsDirty) await this.readStats();
    } catch (error) {
      for (const stored of taken) this.dirty.add(stored);
      throw error;
    }
    this.waiters = this.waiters.filter((waiter) => !asked.has(waiter));
    for (const { resolve } of asked) resolve();
    this.changed();
  }

  private async readStats(): Promise<void> {
    const stats = await this.store.stats(this.name);
    this.areStatsDirty = false;
    const before = this.mirror.stats;
    if (Object.entries(stats).some(([name, count]) => before[name as keyof ManagerStats] !== count)) {
      this.tell({ event: { type: "stats_update", stats } });
    }
  }

  /** A job stands so in the store. True: the statistics are others. */
  private stands(id: string, job: StoredJob | undefined): boolean {
    if (!this.isLoaded && job !== undefined) {
      // Nobody has been told anything yet.
      this.mirror.apply({ type: "job_created", job: job.record, seq: this.seq, rank: job.rank });
      this.ranks.set(id, job.rank);
      if (job.failures > 0) this.failures.set(id, job.failures);
      return true;
    }
    const before = this.mirror.get(id);
    if (job === undefined || job.isGone) {
      if (before === undefined) return false;
      // Who watches it is told how it ended.
      if (job !== undefined && before.created_at === job.record.created_at) this.tellChanges(id, before, job);
      this.tell({ event: { type: "job_removed", job_id: id } });
      return true;
    }
    this.tellChanges(id, before, job);
    return before?.status !== job.record.status;
  }

  private tellChanges(id: string, before: JobRecord | undefined, job: StoredJob): void {
    const { record, rank, reason } = job;
    const hasMoved = compareRanks(this.ranks.get(id) ?? NO_PLACE, rank) !== 0;
    const failure = job.failures > (this.failures.get(id) ?? 0) ? job.failure : undefined;
    if (job.failures > 0) this.failures.set(id, job.failures);
    const changes = changesBetween(before, record, { hasMoved, reason, failure });
    for (const event of changes) this.tellOf(event, record, rank);
    if (!isSame(this.mirror.get(id), record)) this.tellOf({ type: "job_created", job: record }, record, rank);
  }

  private tellOf(event: JobEvent | undefined, record: JobRecord, rank: Rank): void {
    const { id, priority, ready_at: readyAt, completed_at: finishedAt } = record;
    const task = { id, job: { priority, readyAt, finishedAt } };
    this.tell({ ...(event !== undefined && { event }), task, rank });
  }

  private tell(what: Notification): void {
    const told: Notification = { ...what, seq: ++this.seq };
    const { event, task, rank } = told;
    const message = messageOf(told);
    const id = this.mirror.apply(message);
    if (event?.type === "job_removed") {
      this.ranks.delete(event.job_id);
      this.failures.delete(event.job_id);
    } else if (task !== undefined && rank !== undefined) this.ranks.set(task.id, rank);
    // Who comes before the rest is read, too, is told what goes with this number.
    this.snapshot = undefined;
    this.keep(told);
    this.all.call(told);
    if (id !== undefined && id !== "") this.watches.tell(id, this.mirror.get(id), message);
  }

  private keep(told: Notification): void {
    const { event } = told;
    if (event?.type === "job_created") this.logBytes += carryRecord(event.job).size;
    else if (event?.type === "job_completed") this.logBytes += carryResult(event).size;
    if (this.logBytes > LOGGED_BYTES) {
      this.log = [];
      this.logBytes = 0;
    }
    this.log.push(told);
    if (this.log.length > 2 * LOGGED) {
      this.log = this.log.slice(-LOGGED);
      this.logBytes /= 2;
    }
  }

  private changed(): void {
    this.snapshot = undefined;
    this.changes.call();
  }

  // ── what is known ───────────────────────────────────────────────────────────────────────────────

  follow(listener: (notification: Notification) => void): Unsubscribe {
    return this.all.add(listener);
  }

  since(seq: number): readonly Notification[] | undefined {
    const first = this.seq - this.log.length;
    return seq < first || seq > this.seq ? undefined : this.log.slice(seq - first);
  }

  rankOf(id: string): Rank {
    return this.ranks.get(id) ?? NO_PLACE;
  }

  get(id: string): JobRecord | undefined {
    return this.mirror.get(id);
  }

  get stats(): ManagerStats {
    return this.mirror.stats;
  }

  watch(record: JobRecord): ReadableStream<WatchEvent> {
    return this.watches.watch(record);
  }

  subscribe(listener: () => void): Unsubscribe {
    return this.changes.add(() => unwaited(listener()));
  }

  getSnapshot(): ClientSnapshot {
    const { stats } = this.mirror;
    const connected = this.isLoaded && this.isConnected && !this.isClosed;
    this.snapshot ??= Object.freeze({ jobs: Object.freeze(this.mirror.list()), stats, connected });
    return this.snapshot;
  }
}

function closedError(): RunnerError {
  return new RunnerError("The gateway was closed", "E_CLOSED");
}

/** As a client is told it. */
function messageOf({ event, task, rank, seq = 0 }: Notification): AnyServerMessage {
  const more = { seq, ...(rank !== undefined && { rank }) };
  if (event === undefined) {
    const { priority, readyAt } = task!.job;
    const wait = readyAt !== undefined && { ready_at: readyAt };
    return { type: "job_moved", job_id: task!.id, priority, ...wait, ...more };
  }
  const completed_at = isEnd(event) ? task?.job.finishedAt : undefined;
  return { ...event, ...more, ...(completed_at !== undefined && { completed_at }) };
}
