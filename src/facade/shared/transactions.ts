// What each decision reads and writes, in one transaction. What is decided is the rules'; here are only the rows.

import { DuplicateJobError, QueueFullError } from "../errors.js";
import type { Serialized } from "../pool/serialize.js";
import { serialize } from "../pool/serialize.js";
import { chance, wallNow } from "../support/time.js";
import type { Progress } from "../types.js";
import { InterruptedError } from "./errors.js";
import { AT, FAILED, isOver, RECOVERY, ROW, type Row } from "./numbers.js";
import type { Meta, Rows, Storage, StoredJob, StoredSlot, StoredStep } from "./rows.js";
import { Rules, type TabRules } from "./wasm.js";

export interface Lock {
  readonly slot: number;
  readonly generation: number;
}

/** What a transaction has to tell: rows as they are now, and slots. */
export interface Seen {
  readonly jobs: readonly StoredJob[];
  /** Let go of. */
  readonly gone: readonly string[];
  readonly slots: readonly StoredSlot[];
}

/** How many of the jobs that were let go of are told one by one. */
const MOST_GONE = 200;

export interface Draft {
  readonly id: string;
  readonly type: string;
  readonly params: Record<string, unknown>;
  readonly row: Row;
  readonly key: string | undefined;
  /** 0 join, 1 replace, 2 queue, 3 reject. */
  readonly policy: number;
}

export interface Created {
  readonly job: StoredJob;
  readonly isNew: boolean;
}

export interface Claim {
  readonly id: string;
  /** Epoch, version, strict, failed by an interruption. */
  readonly claim: readonly number[];
  readonly params: Record<string, unknown>;
}

export interface Ending {
  readonly result?: unknown;
  readonly error?: Serialized | undefined;
}

const NO_SLOT: StoredSlot = { generation: 0, beat: 0 };
const NONE = new Float64Array();
const slotNumbers = ({ generation, beat }: StoredSlot) => Uint32Array.of(generation, beat);
const numbers = (row: Row | undefined) => (row === undefined ? NONE : Float64Array.from(row));

/** The rows of one transaction, and what has been changed of them. */
class Change {
  readonly rows: Rows;
  private meta: Meta;
  private readonly changed = new Map<string, StoredJob>();
  private readonly gone: string[] = [];
  private readonly retain: number;

  constructor(rows: Rows, meta: Meta, retain: number) {
    this.rows = rows;
    this.meta = meta;
    this.retain = retain;
  }

  next(): number {
    this.meta = { ...this.meta, counter: this.meta.counter + 1 };
    return this.meta.counter;
  }

  get running(): number {
    return this.meta.slots.filter(({ job }) => job !== undefined).length;
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

  put(job: StoredJob): StoredJob {
    const put = { ...job, changed: this.next() };
    this.changed.set(put.id, put);
    this.rows.putJob(put);
    return put;
  }

  /** The row as the rules have it; whoever waits behind one that has ended has its key. */
  async putRow(job: StoredJob, row: Row | Float64Array, more: Partial<StoredJob> = {}): Promise<StoredJob> {
    const next: Row = Array.from(row);
    if (!isOver(next)) return this.put({ ...job, ...more, row: next });
    const { active, waiting: _, open: __, owner: ___, ...rest } = { ...job, ...more };
    const ended = this.put({ ...rest, row: next, ended: this.meta.counter + 1 });
    this.rows.deleteParts(job.incarnation);
    if (active !== undefined) await this.promote(active);
    return ended;
  }

  private async promote(key: string): Promise<void> {
    const behind = await this.rows.byKey("waiting", key);
    const row = behind && Rules.promote(numbers(behind.row));
    if (behind === undefined || row?.length !== ROW) return;
    const { waiting: _, ...rest } = behind;
    this.put({ ...rest, row: Array.from(row), active: key });
  }

  async end(): Promise<Seen> {
    await this.forget();
    this.rows.putMeta(this.meta);
    return { jobs: [...this.changed.values()], gone: this.gone, slots: this.meta.slots };
  }

  /** Finished jobs beyond those that are kept. */
  private async forget(): Promise<void> {
    if (![...this.changed.values()].some(({ ended }) => ended !== undefined)) return;
    const count = Rules.excess(await this.rows.countEnded(), this.retain);
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

export class Transactions {
  private readonly storage: Storage;
  private readonly rules: TabRules;
  private readonly tab: string;
  private readonly retain: number;

  constructor(storage: Storage, rules: TabRules, tab: string, retain: number) {
    this.storage = storage;
    this.rules = rules;
    this.tab = tab;
    this.retain = retain;
  }

  private change<T>(body: (change: Change) => Promise<T>): Promise<{ value: T; seen: Seen }> {
    return this.storage.transact(true, async (rows) => {
      const change = new Change(rows, await rows.meta(), this.retain);
      const value = await body(change);
      return { value, seen: await change.end() };
    });
  }

  /** What has changed since; all, and only that, where some was let go of meanwhile. With signs of life of `held`. */
  async read(since: number, held: readonly Lock[]): Promise<{ meta: Meta; jobs: StoredJob[]; isWhole: boolean }> {
    return this.storage.transact(held.length > 0, async (rows) => {
      let meta = await rows.meta();
      if (held.length > 0) {
        const slots = [...meta.slots];
        for (const { slot, generation } of held) {
          const stored = slots[slot];
          if (stored?.generation === generation) slots[slot] = { ...stored, beat: stored.beat + 1 };
        }
        meta = { ...meta, slots };
        rows.putMeta(meta);
      }
      const isWhole = since === 0 || since < meta.forgotten;
      return { meta, jobs: await rows.changedSince(isWhole ? 0 : since), isWhole };
    });
  }

  /** All or none are created; each as if the ones before were there. */
  create(drafts: readonly Draft[], maxPending: number): Promise<{ value: (Created | Error)[]; seen: Seen }> {
    return this.change(async (change) => {
      const created: (Created | Error)[] = [];
      for (const draft of drafts) created.push(await this.createOne(change, draft, maxPending));
      return created;
    });
  }

  private async createOne(change: Change, draft: Draft, maxPending: number): Promise<Created | Error> {
    const { id, key, type, params, row } = draft;
    const { rows } = change;
    const same = await change.job(id);
    const standing = key === undefined ? undefined : await rows.byKey("active", key);
    const waiting = key === undefined ? undefined : await rows.byKey("waiting", key);
    // Those that run are named by slots.
    const pending = maxPending === Infinity ? 0 : (await rows.countOpen()) - change.running;
    const [one, other] = [numbers(standing?.row), numbers(waiting?.row)];
    const decision = Rules.create(same !== undefined, one, other, pending, draft.policy, maxPending);
    if (decision === 0) return { job: same!, isNew: false };
    if (decision === 1 || decision === 2) {
      return { job: await this.join(change, decision === 1 ? standing! : waiting!, row), isNew: false };
    }
    if (decision === 3) return new DuplicateJobError(`There is a job under the key "${key}"`);
    if (decision === 4) return new QueueFullError(`${pending} jobs are pending`);
    const isBehind = (decision & 1) === 1;
    // The one that waits first: it is not to come after the one that stands.
    if (decision & 4) await this.stopOne(change, waiting!, undefined);
    if (decision & 2) await this.stopOne(change, standing!, undefined);
    const incarnation = change.next();
    const numbersOf = [...row];
    numbersOf[AT.place] = incarnation;
    numbersOf[AT.behind] = isBehind ? 1 : 0;
    const job = change.put({
      id,
      type,
      params,
      row: numbersOf,
      incarnation,
      changed: 0,
      open: 1,
      progress: { percent: 0, message: "" },
      ...(key !== undefined && { key, [isBehind ? "waiting" : "active"]: key }),
    });
    return { job, isNew: true };
  }

  /** A higher priority raises the one that stands. */
  private async join(change: Change, job: StoredJob, row: Row): Promise<StoredJob> {
    const priority = row[AT.priority]!;
    if (!(priority > job.row[AT.priority]!)) return job;
    const raised = Rules.prioritize(numbers(job.row), priority, change.next());
    return raised.length === ROW ? change.putRow(job, raised) : job;
  }

  enter(
    lock: Lock,
    claim: Claim | undefined,
    signal: AbortSignal,
  ): Promise<Answered & { steps: Map<string, StoredStep> }> {
    const { slot, generation } = lock;
    const body = async (rows: Rows) => {
      const change = new Change(rows, await rows.meta(), this.retain);
      const stored = change.slot(slot);
      const within = await change.job(stored.job);
      const target = await change.job(claim?.id);
      const wall = wallNow();
      const answer = this.rules.enter(
        wall,
        slot,
        generation,
        slotNumbers(stored),
        numbers(within?.row),
        numbers(target?.row),
        Float64Array.from(claim?.claim ?? []),
      );
      const found = [within, target].filter((job) => job !== undefined);
      let steps = new Map<string, StoredStep>();
      let written = false;
      if (answer.length > 0) {
        const [beat, what] = answer as unknown as [number, number];
        const rowAt = what === RECOVERY.none ? 2 : 2 + ROW;
        if (what !== RECOVERY.none) await this.recover(change, within!, what, answer.subarray(2, rowAt));
        const row = answer.subarray(rowAt);
        written = claim === undefined || row.length === ROW;
        if (row.length === ROW) {
          steps = await rows.steps(target!.incarnation);
          await change.putRow(target!, row, { owner: this.tab, params: claim!.params });
          change.putSlot(slot, { generation, beat, job: target!.id });
        } else change.putSlot(slot, { generation, beat });
      }
      const seen = await change.end();
      // What was not changed is told, too: the tab was wrong about it.
      const unchanged = found.filter(({ id }) => !seen.jobs.some((job) => job.id === id));
      return { written, seen: { ...seen, jobs: [...unchanged, ...seen.jobs] }, steps };
    };
    return this.storage.transact(true, body, signal);
  }

  async retire({ slot, generation }: Lock, beat: number): Promise<Answered> {
    const { value: written, seen } = await this.change(async (change) => {
      const stored = change.slot(slot);
      const within = await change.job(stored.job);
      const answer = this.rules.retire(wallNow(), slot, generation, beat, slotNumbers(stored), numbers(within?.row));
      if (answer.length === 0) return false;
      if (answer[0] !== RECOVERY.none) await this.recover(change, within!, answer[0]!, answer.subarray(1));
      change.putSlot(slot, { generation: generation + 1, beat: stored.beat });
      return true;
    });
    return { written, seen };
  }

  private async recover(change: Change, job: StoredJob, what: number, row: Float64Array): Promise<void> {
    const { owner: _, ...rest } = job;
    const times = row[AT.interruptions]!;
    const error =
      what === RECOVERY.crashLoop
        ? new InterruptedError(`The job's tab has died ${times} times`, "E_CRASH_LOOP")
        : new InterruptedError("The job's tab has died", "E_INTERRUPTED");
    await change.putRow(rest, row, row[AT.status] === FAILED ? { error: serialize(error) } : {});
  }

  async settle(
    id: string,
    epoch: number,
    lock: Lock,
    outcome: readonly [number, number],
    ending: Ending,
  ): Promise<Answered> {
    return this.write(id, async (change, job) => {
      const row = Rules.settle(numbers(job.row), epoch, outcome[0], outcome[1], wallNow(), chance());
      if (row.length === 0) return undefined;
      const stored = change.slot(lock.slot);
      const { job: _, ...empty } = stored;
      if (stored.generation === lock.generation) change.putSlot(lock.slot, empty);
      const { owner: __, ...rest } = job;
      const { error, result } = ending;
      const isCompleted = row[AT.status] === 2;
      return change.putRow(rest, row, {
        ...(error !== undefined && { error }),
        ...(isCompleted && { result }),
      });
    });
  }

  /** What a run says: it counts only while the job is its own. */
  say(id: string, epoch: number, said: { state?: unknown; progress?: Progress }): Promise<Answered> {
    return this.write(id, async (change, job) => {
      if (!Rules.isOwned(numbers(job.row), epoch)) return undefined;
      return change.put({ ...job, ...said, ...("state" in said && { stated: job.changed }) });
    });
  }

  step(id: string, epoch: number, name: string, step: StoredStep): Promise<Answered> {
    return this.write(id, async (change, job) => {
      if (!Rules.isOwned(numbers(job.row), epoch)) return undefined;
      change.rows.putStep(job.incarnation, name, step);
      return job;
    });
  }

  acknowledge(id: string, epoch: number, number: number): Promise<Answered> {
    return this.write(id, async (change, job) => {
      const row = Rules.acknowledge(numbers(job.row), epoch, number);
      if (row.length === 0) return undefined;
      change.rows.deleteAction(job.incarnation, number);
      return change.putRow(job, row);
    });
  }

  action(incarnation: number, number: number): Promise<unknown> {
    return this.storage.transact(false, (rows) => rows.action(incarnation, number));
  }

  send(id: string, action: unknown): Promise<Answered> {
    return this.write(id, async (change, job) => {
      const row = Rules.send(numbers(job.row));
      if (row.length === 0) return undefined;
      change.rows.putAction(job.incarnation, row[AT.sent]!, action);
      return change.putRow(job, row);
    });
  }

  stop(id: string, reason: Serialized | undefined): Promise<Answered> {
    return this.write(id, (change, job) => this.stopOne(change, job, reason));
  }

  private async stopOne(
    change: Change,
    job: StoredJob,
    reason: Serialized | undefined,
  ): Promise<StoredJob | undefined> {
    const row = Rules.stop(numbers(job.row), wallNow());
    if (row.length === 0) return undefined;
    return change.putRow(job, row, reason === undefined ? {} : { reason });
  }

  prioritize(id: string, priority: number): Promise<Answered> {
    return this.write(id, async (change, job) => {
      const row = Rules.prioritize(numbers(job.row), priority, change.next());
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

  private async write(
    id: string,
    body: (change: Change, job: StoredJob) => Promise<StoredJob | undefined>,
  ): Promise<Answered> {
    let found: StoredJob | undefined;
    const { value: written, seen } = await this.change(async (change) => {
      found = await change.job(id);
      return found !== undefined && (await body(change, found)) !== undefined;
    });
    return { written, seen: written || found === undefined ? seen : { ...seen, jobs: [...seen.jobs, found] } };
  }
}
