// What this tab knows of the queue: rows as they were last seen, records made of them, and who is told of changes.

import { report } from "../errors.js";
import { Listeners } from "../support/delivery-queue.js";
import type { JobEvent, ManagerStats, Unsubscribe } from "../types.js";
import { now } from "../wasm/clock.js";
import { checkEngine, whenEngineFails } from "../wasm/engine.js";
import { AT, COMPLETED, PENDING, WAITING } from "./numbers.js";
import { type Change, eventsOf, listed, recordOf, statsOf } from "./records.js";
import type { StoredJob } from "./rows.js";
import type { SharedRecord } from "./types.js";
import type { TabRules } from "./wasm.js";

type Listener = (change: Change) => void;

/** A job as it was seen last, also once it is kept no longer: whoever holds it sees its end. */
export interface Latest {
  readonly job: StoredJob;
}

interface Entry extends Latest {
  job: StoredJob;
  /** The rules' for it. */
  readonly number: number;
  record: SharedRecord | undefined;
}

/** Of all runners that are open. */
const mirrors = new Set<Mirror>();
whenEngineFails((error) => {
  for (const mirror of mirrors) {
    mirror.fail(error);
    mirror.broken();
  }
});

export class Mirror {
  /** Grows with every change. */
  version = 0;
  /** The one that subscribers were told of last. */
  private told = 0;
  private readonly rules: TabRules;
  private readonly entries = new Map<string, Entry>();
  private readonly byNumber = new Map<number, Entry>();
  private readonly byKey = new Map<string, Entry>();
  /** Under each key the latest that has ended, and the latest that has completed, while they are kept. */
  private readonly lastByKey = new Map<string, Entry>();
  private readonly completedByKey = new Map<string, Entry>();
  private numbers = 0;
  private readonly listeners = new Map<string, Listeners<Change>>();
  private readonly keyListeners = new Map<string, Listeners<void>>();
  private readonly subscribers = new Listeners<void>();
  private readonly followers = new Listeners<JobEvent>();
  private readonly line: (() => void)[] = [];
  private isTelling = false;
  durable = true;
  /** The engine has broken, the store was taken away, or the runner was closed: nothing is heard any more. */
  failure: Error | undefined = undefined;
  /** Lets go of what the tab holds, without the rules. */
  broken = () => {};

  constructor(rules: TabRules) {
    this.rules = rules;
    mirrors.add(this);
  }

  /** Nothing is heard from then on. */
  close(why: Error): void {
    mirrors.delete(this);
    if (this.failure === undefined) this.fail(why);
  }

  /** Whoever waits for a job's end is told that there is none to hear of. */
  fail(failure: Error): void {
    this.version += 1;
    this.failure = failure;
    const change = { before: undefined, after: undefined, failure };
    for (const listeners of [...this.listeners.values()]) listeners.call(change);
    this.callKeyListeners();
    this.callSubscribers();
  }

  get(id: string): StoredJob | undefined {
    return this.entries.get(id)?.job;
  }

  /** Of no other job that has its id now. */
  latest({ id, incarnation }: StoredJob): Latest | undefined {
    const entry = this.entries.get(id);
    return entry?.job.incarnation === incarnation ? entry : undefined;
  }

  of(number: number): StoredJob | undefined {
    return this.byNumber.get(number)?.job;
  }

  all(): Iterable<string> {
    return this.entries.keys();
  }

  standing(key: string): StoredJob | undefined {
    return this.byKey.get(key)?.job;
  }

  lastEnded(key: string): StoredJob | undefined {
    return this.lastByKey.get(key)?.job;
  }

  lastCompleted(key: string): StoredJob | undefined {
    return this.completedByKey.get(key)?.job;
  }

  /** Rows of two jobs that change places may come in any order. */
  private index(entry: Entry, before: StoredJob | undefined): void {
    const { active } = entry.job;
    const left = before?.active;
    if (left !== undefined && left !== active && this.byKey.get(left) === entry) this.byKey.delete(left);
    if (active !== undefined) this.byKey.set(active, entry);
    const { key, ended, row } = entry.job;
    if (key === undefined || ended === undefined) return;
    const latest = (among: Map<string, Entry>) => {
      if (!(ended < (among.get(key)?.job.ended ?? 0))) among.set(key, entry);
    };
    latest(this.lastByKey);
    if (row[AT.status] === COMPLETED) latest(this.completedByKey);
  }

  /** Of those that have ended, the oldest are let go of first: no other is the latest then. */
  private leaveKey(entry: Entry): void {
    const { key, active } = entry.job;
    if (active !== undefined && this.byKey.get(active) === entry) this.byKey.delete(active);
    for (const among of key === undefined ? [] : [this.lastByKey, this.completedByKey]) {
      if (among.get(key!) === entry) among.delete(key!);
    }
  }

  // ── what is seen ────────────────────────────────────────────────────────────────────────────

  /** The rules' number for it; undefined: it is older than what is known. */
  put(job: StoredJob): number | undefined {
    const entry = this.entries.get(job.id);
    if (entry !== undefined && entry.job.changed >= job.changed) return entry.number;
    const before = entry?.job;
    if (entry === undefined) {
      this.numbers += 1;
      const made: Entry = { job, number: this.numbers, record: undefined };
      this.entries.set(job.id, made);
      this.byNumber.set(made.number, made);
      this.index(made, undefined);
    } else {
      entry.job = withSameState(before, job);
      entry.record = undefined;
      this.index(entry, before);
    }
    this.tell(job.id, { before, after: this.get(job.id) });
    return entry?.number ?? this.numbers;
  }

  /** The rules' number for it. */
  remove(id: string): number | undefined {
    const entry = this.entries.get(id);
    if (entry === undefined) return undefined;
    this.entries.delete(id);
    this.byNumber.delete(entry.number);
    this.leaveKey(entry);
    this.tell(id, { before: entry.job, after: undefined });
    return entry.number;
  }

  say(id: string, event: JobEvent): void {
    const job = this.get(id);
    if (job !== undefined) this.tell(id, { before: job, after: job, event });
  }

  // ── who is told ─────────────────────────────────────────────────────────────────────────────

  listen(id: string, listener: Listener): Unsubscribe {
    const leave = listenIn(this.listeners, id, listener);
    const { failure } = this;
    if (failure !== undefined) {
      queueMicrotask(() => guarded(() => listener({ before: undefined, after: undefined, failure })));
    }
    return leave;
  }

  /** Any change of any job that has the key, and of what it waits for. */
  listenKey(key: string, listener: () => void): Unsubscribe {
    return listenIn(this.keyListeners, key, listener);
  }

  subscribe(listener: () => void): Unsubscribe {
    return this.subscribers.add(listener);
  }

  onEvent(listener: (event: JobEvent) => void): Unsubscribe {
    return this.followers.add(listener);
  }

  /** What waits may wait for something else now. */
  touch(): void {
    this.version += 1;
    this.enqueue(() => this.callKeyListeners());
  }

  private tell(id: string, change: Change): void {
    // A line of a log is in no record.
    if (change.event === undefined) this.version += 1;
    this.enqueue(() => {
      this.listeners.get(id)?.call(change);
      const key = (change.after ?? change.before)?.key;
      if (key !== undefined) this.keyListeners.get(key)?.call();
      this.callFollowers(id, change);
    });
  }

  private callFollowers(id: string, change: Change): void {
    if (this.followers.size === 0) return;
    for (const event of eventsOf(change, () => this.record(id) ?? recordOf(change.after!, this.durable, undefined))) {
      this.followers.call(event);
    }
  }

  private callKeyListeners(): void {
    for (const listeners of [...this.keyListeners.values()]) listeners.call();
  }

  private callSubscribers(): void {
    this.told = this.version;
    this.subscribers.call();
  }

  /** What a listener causes is told after what is being told; then, once for all of it, whoever hears of any change. */
  private enqueue(told: () => void): void {
    this.line.push(told);
    if (this.isTelling) return;
    this.isTelling = true;
    queueMicrotask(() => {
      // By index: taking them from the front would cost more the more there are.
      for (let at = 0; at < this.line.length; at++) this.line[at]!();
      this.line.length = 0;
      this.isTelling = false;
      if (this.told !== this.version) this.callSubscribers();
    });
  }

  // ── records ─────────────────────────────────────────────────────────────────────────────────

  record(id: string): SharedRecord | undefined {
    checkEngine();
    const entry = this.entries.get(id);
    if (entry === undefined) return undefined;
    const { job, number } = entry;
    const waiting = job.row[AT.status] === PENDING ? WAITING[this.rules.waitingFor(now(), number)] : undefined;
    if (entry.record === undefined || entry.record.waiting_for !== waiting) {
      entry.record = recordOf(job, this.durable, waiting);
    }
    return entry.record;
  }

  /** Running in the order of their starts, pending in the order in which they will start here, ended, newest first. */
  list(): SharedRecord[] {
    checkEngine();
    const pending = Array.from(this.rules.pending(), (number) => this.of(number)).filter((job) => job !== undefined);
    return listed(this.jobs(), pending).map(({ id }) => this.record(id)!);
  }

  stats(): ManagerStats {
    return statsOf(this.jobs());
  }

  private *jobs(): Iterable<StoredJob> {
    for (const { job } of this.entries.values()) yield job;
  }
}

function listenIn<T>(among: Map<string, Listeners<T>>, name: string, listener: (told: T) => void): Unsubscribe {
  const listeners = among.get(name) ?? new Listeners<T>();
  among.set(name, listeners);
  const leave = listeners.add(listener);
  return () => {
    leave();
    if (listeners.size === 0 && among.get(name) === listeners) among.delete(name);
  };
}

/** What is read is a copy each time; a state that nobody has set since is the one that is known. */
function withSameState(before: StoredJob | undefined, job: StoredJob): StoredJob {
  const isSame = before !== undefined && before.incarnation === job.incarnation && before.stated === job.stated;
  return isSame && "state" in before ? { ...job, state: before.state } : job;
}

function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    report(error);
  }
}
