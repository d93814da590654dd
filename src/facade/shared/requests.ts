// What is asked of the queue, each in one transaction: by tabs, and by service workers, which run nothing. What is decided
// is the rules'; here are only the rows.

import { DuplicateJobError, QueueFullError } from "../errors.js";
import { textOf } from "../support/look.js";
import { type Serialized, serialize } from "../support/serialize.js";
import { wallNow } from "../support/time.js";
import { SharedRunnerError } from "./errors.js";
import { AT, CREATE, INSERT, isOver, ROW, type Row } from "./numbers.js";
import type { App, Meta, Rows, Storage, StoredJob, StoredSlot } from "./rows.js";
import type { RequestRules } from "./wasm.js";

/** What a transaction has to tell: rows as they are now, and slots. */
export interface Seen {
  /** The store's counter before and after. */
  readonly from: number;
  readonly to: number;
  readonly jobs: readonly StoredJob[];
  /** Let go of. */
  readonly gone: readonly string[];
  readonly slots: readonly StoredSlot[];
}

/** How many of the jobs that were let go of are told one by one. */
const MOST_GONE = 200;

export interface Draft {
  readonly id: string;
  /** Made here, of chance: no other job has it. */
  readonly isOwnId: boolean;
  readonly type: string;
  readonly params: Record<string, unknown>;
  readonly row: Row;
  readonly key: string | undefined;
  /** Of `POLICY`. */
  readonly policy: number;
  readonly asked?: Asked;
}

/** Of a job that is being created: whether it has been asked to stop by now. */
export interface Asked {
  stop: { readonly reason: unknown } | undefined;
}

export interface Created {
  readonly job: StoredJob;
  readonly isNew: boolean;
  /** What has stopped it before it was there. */
  readonly stop?: Asked["stop"];
}

const NO_SLOT: StoredSlot = { generation: 0, beat: 0 };
const NONE = new Float64Array();
export const numbers = (row: Row | undefined) => (row === undefined ? NONE : new Float64Array(row));

/** What newer code has added to a row stays. */
const withRest = (row: Row | Float64Array, before: Row): Row => [...row, ...before.slice(ROW)];

/** The rows of one transaction, and what has been changed of them. */
export class Change {
  readonly rows: Rows;
  private readonly rules: RequestRules;
  private meta: Meta;
  private readonly changed = new Map<string, StoredJob>();
  private readonly gone: string[] = [];
  private readonly retain: number;
  private readonly from: number;
  /** Of those that have not ended; NaN: not counted yet. */
  private countedOpen = Number.NaN;

  constructor(rows: Rows, rules: RequestRules, meta: Meta, retain: number) {
    this.rows = rows;
    this.rules = rules;
    this.meta = meta;
    this.from = meta.counter;
    this.retain = retain;
  }

  next(): number {
    this.meta = { ...this.meta, counter: this.meta.counter + 1 };
    return this.meta.counter;
  }

  insert(job: StoredJob): StoredJob {
    this.countedOpen += 1;
    return this.put(job);
  }

  /** How many are pending now. They are counted once; those that run are named by slots. */
  async pending(): Promise<number> {
    if (Number.isNaN(this.countedOpen)) this.countedOpen = await this.rows.countOpen();
    return this.countedOpen - this.meta.slots.filter(({ job }) => job !== undefined).length;
  }

  slot(index: number): StoredSlot {
    return this.meta.slots[index] ?? NO_SLOT;
  }

  putSlot(index: number, slot: StoredSlot): void {
    const slots = [...this.meta.slots];
    while (slots.length < index) slots.push(NO_SLOT);
    slots[index] = slot;
    this.meta = { ...this.meta, slots };
  }

  async job(id: string | undefined): Promise<StoredJob | undefined> {
    return id === undefined ? undefined : (this.changed.get(id) ?? (await this.rows.job(id)));
  }

  /** Of a key the one that waits first: it is not to come after the one that stands. */
  async find(target: Target): Promise<StoredJob[]> {
    if (target.key !== undefined) {
      const { key } = target;
      const found = [await this.rows.byKey("waiting", key), await this.rows.byKey("active", key)];
      return found.filter((job) => job !== undefined);
    }
    const { id, incarnation } = target;
    const job = await this.job(id);
    return job === undefined || job.incarnation !== (incarnation ?? job.incarnation) ? [] : [job];
  }

  put(job: StoredJob): StoredJob {
    const put = { ...job, changed: this.next() };
    this.changed.set(put.id, put);
    this.rows.putJob(put);
    return put;
  }

  /** The row as the rules have it; whoever waits behind one that has ended has its key. */
  async putRow(job: StoredJob, row: Row | Float64Array, more: Partial<StoredJob> = {}): Promise<StoredJob> {
    const next = withRest(row, job.row);
    if (!isOver(next)) return this.put({ ...job, ...more, row: next });
    const { active, waiting: _, owner: __, ...rest } = { ...job, ...more };
    if (!isOver(job.row)) this.countedOpen -= 1;
    const ended = this.put({ ...rest, row: next, ended: this.meta.counter + 1 });
    this.rows.deleteParts(job.incarnation);
    if (active !== undefined) await this.promote(active);
    return ended;
  }

  private async promote(key: string): Promise<void> {
    const behind = await this.rows.byKey("waiting", key);
    const row = behind && this.rules.promote(numbers(behind.row));
    if (behind === undefined || row?.length !== ROW) return;
    const { waiting: _, ...rest } = behind;
    this.put({ ...rest, row: withRest(row, behind.row), active: key });
  }

  async end(): Promise<Seen> {
    await this.forget();
    this.rows.putMeta(this.meta);
    const { counter: to, slots } = this.meta;
    return { from: this.from, to, jobs: [...this.changed.values()], gone: this.gone, slots };
  }

  /** Finished jobs beyond those that are kept. */
  private async forget(): Promise<void> {
    if (![...this.changed.values()].some(({ ended }) => ended !== undefined)) return;
    const count = this.rules.excess(await this.rows.countEnded(), this.retain);
    if (count > 0) this.remove(await this.rows.ended(count));
  }

  remove(jobs: readonly StoredJob[]): void {
    const at = this.next();
    for (const { id } of jobs) {
      this.rows.deleteJob(id);
      this.gone.push(id);
    }
    const gone = [...this.meta.gone, ...jobs.map(({ id }) => ({ id, at }))];
    const untold = gone.splice(0, Math.max(gone.length - MOST_GONE, 0));
    this.meta = { ...this.meta, gone, forgotten: untold.at(-1)?.at ?? this.meta.forgotten };
  }
}

export interface Answered {
  readonly written: boolean;
  readonly seen: Seen;
}

/** One job, whatever its key, or all under a key. `incarnation`: no other that has its id now. */
export type Target =
  | { readonly id: string; readonly incarnation?: number; readonly key?: undefined }
  | { readonly key: string };

export interface Stopped {
  /** All that were there, as they were. */
  readonly found: readonly StoredJob[];
  /** Of those, the ones that nobody had asked to end before. */
  readonly first: readonly StoredJob[];
  /** One of them has ended of this, or is to. */
  readonly isAsked: boolean;
  readonly seen: Seen;
}

export function needJob(id: string, job: StoredJob | undefined): StoredJob {
  if (job === undefined) throw new SharedRunnerError(`There is no job "${textOf(id)}"`, "E_UNKNOWN_JOB");
  return job;
}

/** Of a job that is to be run again. */
export function needEnded(id: string, found: StoredJob | undefined): StoredJob {
  const job = needJob(id, found);
  if (!isOver(job.row)) throw new SharedRunnerError(`Job "${textOf(id)}" has not finished`, "E_NOT_FINISHED");
  return job;
}

/** What was not changed is told, too: whoever asked may be wrong about it. */
export function withUnchanged(seen: Seen, found: readonly StoredJob[]): Seen {
  const unchanged = found.filter(({ id }) => !seen.jobs.some((job) => job.id === id));
  return { ...seen, jobs: [...unchanged, ...seen.jobs] };
}

/** What whoever has the store may ask. */
export class Requests {
  readonly storage: Storage;
  protected readonly requests: RequestRules;
  /** Finished jobs that are kept. */
  protected retain: number;

  constructor(storage: Storage, requests: RequestRules, retain: number) {
    this.storage = storage;
    this.requests = requests;
    this.retain = retain;
  }

  protected change<T>(body: (change: Change) => Promise<T>): Promise<{ value: T; seen: Seen }> {
    return this.storage.transact(true, async (rows) => {
      const change = new Change(rows, this.requests, await rows.meta(), this.retain);
      const value = await body(change);
      return { value, seen: await change.end() };
    });
  }

  /** All or none are created; each as if the ones before were there. `inWords`: what reasons of stops are. */
  async create(
    drafts: readonly Draft[],
    maxPending: number,
    inWords = false,
  ): Promise<{ value: (Created | Error)[]; seen: Seen }> {
    const { value, seen } = await this.change(async (change) => {
      const created: (Created | Error)[] = [];
      for (const draft of drafts) created.push(await this.createOne(change, draft, maxPending, inWords));
      return created;
    });
    return {
      value,
      seen: withUnchanged(
        seen,
        value.flatMap((one) => ("job" in one ? one.job : [])),
      ),
    };
  }

  private async createOne(
    change: Change,
    draft: Draft,
    maxPending: number,
    inWords: boolean,
  ): Promise<Created | Error> {
    const { id, key, type, params, row } = draft;
    const { rows } = change;
    const same = draft.isOwnId ? undefined : await change.job(id);
    const standing = key === undefined ? undefined : await rows.byKey("active", key);
    const waiting = key === undefined ? undefined : await rows.byKey("waiting", key);
    const pending = maxPending === Infinity ? 0 : await change.pending();
    const [one, other] = [numbers(standing?.row), numbers(waiting?.row)];
    const decision = this.requests.create(same !== undefined, one, other, pending, draft.policy, maxPending);
    if (decision === CREATE.same) return { job: same!, isNew: false };
    if (decision === CREATE.standing) return { job: await this.join(change, standing!, row), isNew: false };
    if (decision === CREATE.waiting) return { job: await this.join(change, waiting!, row), isNew: false };
    if (decision === CREATE.duplicate) return new DuplicateJobError(`There is a job under the key "${key}"`);
    if (decision === CREATE.full) return new QueueFullError(`${pending} jobs are pending`);
    const isBehind = (decision & INSERT.behind) !== 0;
    // The one that waits first: it is not to come after the one that stands.
    if (decision & INSERT.waiting) await this.stopOne(change, waiting!, undefined);
    if (decision & INSERT.standing) await this.stopOne(change, standing!, undefined);
    const incarnation = change.next();
    const numbersOf = [...row];
    numbersOf[AT.place] = incarnation;
    numbersOf[AT.behind] = isBehind ? 1 : 0;
    const job = change.insert({
      id,
      type,
      params,
      row: numbersOf,
      incarnation,
      changed: 0,
      progress: { percent: 0, message: "" },
      ...(key !== undefined && { key, [isBehind ? "waiting" : "active"]: key }),
    });
    const stop = draft.asked?.stop;
    if (stop === undefined) return { job, isNew: true };
    const stopped = await this.stopOne(change, job, serialize(stop.reason, inWords));
    return { job: stopped ?? job, isNew: true, stop };
  }

  /** A higher priority raises the one that stands. */
  private async join(change: Change, job: StoredJob, row: Row): Promise<StoredJob> {
    const priority = row[AT.priority]!;
    if (!(priority > job.row[AT.priority]!)) return job;
    const raised = this.requests.prioritize(numbers(job.row), priority, change.next());
    return raised.length === ROW ? change.putRow(job, raised) : job;
  }

  async stop(target: Target, reason: Serialized | undefined): Promise<Stopped> {
    const first: StoredJob[] = [];
    const { value: found, seen } = await this.change(async (change) => {
      const jobs = await change.find(target);
      for (const job of jobs) if (await this.stopOne(change, job, reason)) first.push(job);
      return jobs;
    });
    const isAsked = first.length > 0 || found.some(({ row }) => !isOver(row));
    return { found, first, isAsked, seen: withUnchanged(seen, found) };
  }

  job(id: string): Promise<StoredJob | undefined> {
    return this.storage.transact(false, (rows) => rows.job(id));
  }

  /** How it stands. */
  look(id: string): Promise<Seen> {
    return this.storage.transact(false, async (rows) => {
      const job = await rows.job(id);
      const { counter, slots } = await rows.meta();
      const gone = job === undefined ? [id] : [];
      return { from: counter, to: counter, jobs: job === undefined ? [] : [job], gone, slots };
    });
  }

  private async stopOne(
    change: Change,
    job: StoredJob,
    reason: Serialized | undefined,
  ): Promise<StoredJob | undefined> {
    const row = this.requests.stop(numbers(job.row), wallNow());
    if (row.length === 0) return undefined;
    return change.putRow(job, row, reason === undefined ? {} : { reason });
  }

  prioritize(id: string, priority: number): Promise<Answered> {
    return this.write({ id }, async (change, job) => {
      const row = this.requests.prioritize(numbers(job.row), priority, change.next());
      return row.length === 0 ? undefined : change.putRow(job, row);
    });
  }

  async clear(): Promise<{ count: number; seen: Seen }> {
    const { value: count, seen } = await this.change(async (change) => {
      const ended = await change.rows.ended(2 ** 32 - 1);
      change.remove(ended);
      return ended.length;
    });
    return { count, seen };
  }

  protected async write(
    target: Target,
    body: (change: Change, job: StoredJob) => Promise<StoredJob | undefined>,
  ): Promise<Answered> {
    const { value, seen } = await this.change(async (change) => {
      const [found] = await change.find(target);
      return { found, written: found !== undefined && (await body(change, found)) !== undefined };
    });
    const { found, written } = value;
    return { written, seen: withUnchanged(seen, found === undefined ? [] : [found]) };
  }

  app(): Promise<App | undefined> {
    return this.storage.transact(false, (rows) => rows.app());
  }
}
