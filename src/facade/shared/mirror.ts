// What this tab knows of the queue: rows as they were last seen, records made of them, and who is told of changes.

import { report } from "../errors.js";
import { deserialize } from "../pool/serialize.js";
import { fieldOf, messageOf, textOf } from "../support/look.js";
import type { JobEvent, JobRecord, ManagerStats, Unsubscribe } from "../types.js";
import { now } from "../wasm/clock.js";
import { checkEngine, whenEngineFails } from "../wasm/engine.js";
import { AT, CANCELLED, COMPLETED, FAILED, isOver, PENDING, type Row, RUNNING, STATUS, WAITING } from "./numbers.js";
import type { StoredJob } from "./rows.js";
import type { SharedRecord } from "./types.js";
import type { TabRules } from "./wasm.js";

/** What has become of a job: its row before, if it was known, and now, if it is still. */
export interface Change {
  readonly before: StoredJob | undefined;
  readonly after: StoredJob | undefined;
  /** What `log` has said. */
  readonly event?: JobEvent;
  /** The engine has broken, or the store is gone: nothing follows. */
  readonly failure?: Error;
}

type Listener = (change: Change) => void;

interface Entry {
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
  private readonly rules: TabRules;
  private readonly entries = new Map<string, Entry>();
  private readonly byNumber = new Map<number, Entry>();
  private readonly byKey = new Map<string, Entry>();
  /** Under each key the latest that has ended, and the latest that has completed, while they are kept. */
  private readonly lastByKey = new Map<string, Entry>();
  private readonly completedByKey = new Map<string, Entry>();
  private numbers = 0;
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly keyListeners = new Map<string, Set<Listener>>();
  private readonly subscribers = new Set<() => void>();
  private readonly followers = new Set<(event: JobEvent) => void>();
  durable = true;
  /** The engine has broken, or the store was taken away: nothing is heard any more. */
  failure: Error | undefined = undefined;
  /** Lets go of what the tab holds, without the rules. */
  broken = () => {};

  constructor(rules: TabRules) {
    this.rules = rules;
    mirrors.add(this);
  }

  close(): void {
    mirrors.delete(this);
  }

  /** Whoever waits for a job's end is told that there is none to hear of. */
  fail(failure: Error): void {
    this.version += 1;
    this.failure = failure;
    for (const listeners of [...this.listeners.values(), ...this.keyListeners.values()]) {
      for (const listener of [...listeners]) guarded(() => listener({ before: undefined, after: undefined, failure }));
    }
    this.callSubscribers();
  }

  get(id: string): StoredJob | undefined {
    return this.entries.get(id)?.job;
  }

  numberOf(id: string): number | undefined {
    return this.entries.get(id)?.number;
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

  /** Any change of any job that has the key. */
  listenKey(key: string, listener: Listener): Unsubscribe {
    return listenIn(this.keyListeners, key, listener);
  }

  subscribe(listener: () => void): Unsubscribe {
    const own = () => listener();
    this.subscribers.add(own);
    return () => this.subscribers.delete(own);
  }

  onEvent(listener: (event: JobEvent) => void): Unsubscribe {
    const own = (event: JobEvent) => listener(event);
    this.followers.add(own);
    return () => this.followers.delete(own);
  }

  /** What waits may wait for something else now. */
  touch(): void {
    this.version += 1;
    this.enqueue(() => this.callSubscribers());
  }

  private tell(id: string, change: Change): void {
    this.version += 1;
    this.enqueue(() => {
      const key = (change.after ?? change.before)?.key;
      const ofKey = key === undefined ? undefined : this.keyListeners.get(key);
      for (const listener of [...(this.listeners.get(id) ?? []), ...(ofKey ?? [])]) guarded(() => listener(change));
      this.callFollowers(id, change);
      this.callSubscribers();
    });
  }

  private callFollowers(id: string, change: Change): void {
    if (this.followers.size === 0) return;
    for (const event of eventsOf(change, () => this.record(id) ?? recordOf(change.after!, this.durable, undefined))) {
      for (const follower of [...this.followers]) guarded(() => follower(event));
    }
  }

  private callSubscribers(): void {
    for (const subscriber of [...this.subscribers]) guarded(subscriber);
  }

  /** What a listener causes is told after what is being told. */
  private enqueue(told: () => void): void {
    queueMicrotask(told);
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
    const running: StoredJob[] = [];
    const ended: StoredJob[] = [];
    for (const { job } of this.entries.values()) {
      if (job.row[AT.status] === RUNNING) running.push(job);
      else if (isOver(job.row)) ended.push(job);
    }
    running.sort((one, other) => one.row[AT.started_at]! - other.row[AT.started_at]!);
    ended.sort((one, other) => other.ended! - one.ended!);
    const pending = Array.from(this.rules.pending(), (number) => this.of(number)).filter((job) => job !== undefined);
    return [...running, ...pending, ...ended].map(({ id }) => this.record(id)!);
  }

  stats(): ManagerStats {
    const counts = [0, 0, 0, 0, 0];
    for (const { job } of this.entries.values()) counts[job.row[AT.status]!]! += 1;
    const [pending, running, completed, failed, cancelled] = counts as [number, number, number, number, number];
    return { pending, running, completed, failed, cancelled, total: this.entries.size };
  }
}

function listenIn(among: Map<string, Set<Listener>>, name: string, listener: Listener): Unsubscribe {
  const listeners = among.get(name) ?? new Set<Listener>();
  among.set(name, listeners);
  const own: Listener = (change) => listener(change);
  listeners.add(own);
  return () => {
    listeners.delete(own);
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

const optional = (row: Row, at: number) => (row[at] === 0 ? undefined : row[at]);

export function recordOf(job: StoredJob, durable: boolean, waiting: SharedRecord["waiting_for"]): SharedRecord {
  const { id, type, params, row, key, owner, progress, error } = job;
  const status = STATUS[row[AT.status]!]!;
  const fields = {
    id,
    type,
    params,
    status,
    progress,
    ...(status === "completed" && { result: job.result }),
    ...(status === "failed" && { error: errorRecord(error) }),
    ...(status === "cancelled" && { reason: reasonText(job) }),
    priority: row[AT.priority]!,
    attempt: row[AT.attempt]!,
    created_at: row[AT.created_at]!,
    started_at: optional(row, AT.started_at),
    completed_at: optional(row, AT.ended_at),
    ready_at: optional(row, AT.ready_at),
    ...(status === "running" && row[AT.stop] === 1 && { stopping: true as const }),
    key,
    version: row[AT.version]!,
    durable,
    interruptions: row[AT.interruptions]!,
    ...(status === "running" && owner !== undefined && { owner: { tab: owner, epoch: row[AT.epoch]! } }),
    waiting_for: waiting,
  };
  const given = Object.entries(fields).filter(([name, value]) => value !== undefined || name === "result");
  return Object.freeze(Object.fromEntries(given)) as unknown as SharedRecord;
}

export function errorRecord(error: StoredJob["error"]): NonNullable<JobRecord["error"]> {
  const thrown = deserialize(error);
  const code = fieldOf(thrown, "code");
  return {
    name: textOf(fieldOf(thrown, "name") ?? "Error"),
    message: messageOf(thrown),
    ...(typeof code === "string" && { code }),
  };
}

/** In words. */
export function reasonText(job: StoredJob): string | undefined {
  return job.reason === undefined ? undefined : messageOf(deserialize(job.reason));
}

/** What a change comes to, for those who hear events. */
export function eventsOf({ before, after, event }: Change, record: () => JobRecord): JobEvent[] {
  if (event !== undefined) return [event];
  if (after === undefined) return before === undefined ? [] : [{ type: "job_removed", job_id: before.id }];
  const { id: job_id, row } = after;
  const events: JobEvent[] = [];
  const status = row[AT.status]!;
  if (before === undefined) events.push({ type: "job_created", job: record() });
  if (status === RUNNING && before?.row[AT.epoch] !== row[AT.epoch]) {
    events.push({ type: "job_started", job_id, started_at: row[AT.started_at]!, attempt: row[AT.attempt]! });
  }
  if (before !== undefined && before.progress !== after.progress && status !== COMPLETED) {
    const { percent, message } = after.progress;
    const { progress } = before;
    const isNew = progress.percent !== percent || progress.message !== message;
    if (isNew) events.push({ type: "job_progress", job_id, percent, message });
  }
  if (status === PENDING && before !== undefined && before.row[AT.failures] !== row[AT.failures]) {
    const error = errorRecord(after.error);
    events.push({ type: "job_retrying", job_id, attempt: row[AT.attempt]!, error, retry_at: row[AT.ready_at]! });
  }
  if (status === RUNNING && row[AT.stop] === 1 && before?.row[AT.stop] === 0) {
    const reason = reasonText(after);
    events.push({ type: "job_stopping", job_id, ...(reason !== undefined && { reason }) });
  }
  if (!isOver(row) || (before !== undefined && isOver(before.row))) return events;
  if (status === COMPLETED) events.push({ type: "job_completed", job_id, result: after.result });
  if (status === FAILED) events.push({ type: "job_failed", job_id, error: errorRecord(after.error) });
  const reason = reasonText(after);
  if (status === CANCELLED) events.push({ type: "job_cancelled", job_id, ...(reason !== undefined && { reason }) });
  return events;
}
