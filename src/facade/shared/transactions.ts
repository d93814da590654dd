// What the runs of a tab read and write, each in one transaction. What is decided is the rules'; here are only the rows.

import type { Serialized } from "../support/serialize.js";
import { serialize } from "../support/serialize.js";
import { chance, wallNow } from "../support/time.js";
import type { Progress } from "../types.js";
import { InterruptedError } from "./errors.js";
import { AT, COMPLETED, FAILED, OUTCOME, RECOVERY, ROW } from "./numbers.js";
import { type Answered, Change, numbers, Requests, type Target, withUnchanged } from "./requests.js";
import type { App, Meta, Rows, Storage, StoredJob, StoredSlot, StoredStep, StoredType } from "./rows.js";
import { Rules, requestRules, type TabRules } from "./wasm.js";

export interface Lock {
  readonly slot: number;
  readonly generation: number;
}

export interface Claim {
  readonly id: string;
  /** Who has its id later is another job. */
  readonly incarnation: number;
  /** Epoch, version, strict, failed by an interruption. */
  readonly claim: readonly number[];
  readonly params: Record<string, unknown>;
}

/** What is to be run, as it was written. */
export interface Claimed {
  readonly store: string;
  readonly job: StoredJob;
  readonly steps: Map<string, StoredStep>;
}

export interface Ending {
  readonly result?: unknown;
  readonly error?: Serialized | undefined;
}

/** What a body has said since that was recorded last. */
export interface Sayings {
  readonly state?: unknown;
  readonly progress?: Progress;
}

/** Whose run it is: a job that has the id later is another. */
type Ran = Pick<StoredJob, "id" | "incarnation">;

const withSaid = (job: StoredJob, said: Sayings): StoredJob => ({
  ...job,
  ...said,
  ...("state" in said && { stated: job.changed }),
});

/** What became of the job that was left in a slot: its row, unless there was none, and what comes after that. */
function readRecovered(numbers: Float64Array): { what: number; row: Float64Array; rest: Float64Array } {
  const what = numbers[0]!;
  const end = what === RECOVERY.none ? 1 : 1 + ROW;
  return { what, row: numbers.subarray(1, end), rest: numbers.subarray(end) };
}

const slotNumbers = ({ generation, beat }: StoredSlot) => Uint32Array.of(generation, beat);

export class Transactions extends Requests {
  private readonly rules: TabRules;
  private readonly tab: string;

  constructor(storage: Storage, rules: TabRules, tab: string, retain: number) {
    super(storage, requestRules, retain);
    this.rules = rules;
    this.tab = tab;
  }

  /** Tells those that run nothing what this app is. Types of others, and newer ones, stay. */
  async introduce(app: App): Promise<void> {
    const isOwn = ({ name, version }: StoredType) =>
      app.types.some((type) => type.name === name && type.version >= version);
    const merged = (said: App | undefined): App => {
      const newer = (said?.types ?? []).filter((type) => !isOwn(type));
      const own = app.types.filter(({ name }) => !newer.some((type) => type.name === name));
      return { ...app, types: [...own, ...newer] };
    };
    const said = await this.app();
    if (JSON.stringify(merged(said)) === JSON.stringify(said)) return;
    await this.storage.transact(true, async (rows) => rows.putApp(merged(await rows.app())));
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

  enter(
    lock: Lock,
    claim: Claim | undefined,
    signal: AbortSignal,
  ): Promise<Answered & { claimed: Claimed | undefined }> {
    const { slot, generation } = lock;
    const body = async (rows: Rows) => {
      const meta = await rows.meta();
      const change = new Change(rows, this.requests, meta, this.retain);
      await this.heed(change, slot);
      const stored = change.slot(slot);
      const within = await change.job(stored.job);
      const named = await change.job(claim?.id);
      const target = named?.incarnation === claim?.incarnation ? named : undefined;
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
      const found = [within, named].filter((job) => job !== undefined);
      let claimed: Claimed | undefined;
      let written = false;
      if (answer.length > 0) {
        const beat = answer[0]!;
        const { what, row: left, rest: row } = readRecovered(answer.subarray(1));
        if (what !== RECOVERY.none) await this.recover(change, within!, what, left);
        written = claim === undefined || row.length === ROW;
        if (row.length === ROW) {
          const steps = await rows.steps(target!.incarnation);
          const job = await change.putRow(target!, row, { owner: this.tab, params: claim!.params });
          claimed = { store: meta.store, job, steps };
          change.putSlot(slot, { generation, beat, job: target!.id });
        } else change.putSlot(slot, { generation, beat });
      }
      return { written, seen: withUnchanged(await change.end(), found), claimed };
    };
    return this.storage.transact(true, body, { signal, recovers: true });
  }

  async retire({ slot, generation }: Lock, beat: number): Promise<Answered> {
    const { value: written, seen } = await this.change(async (change) => {
      const stored = change.slot(slot);
      const within = await change.job(stored.job);
      const answer = this.rules.retire(wallNow(), slot, generation, beat, slotNumbers(stored), numbers(within?.row));
      if (answer.length === 0) return false;
      const { what, row } = readRecovered(answer);
      if (what !== RECOVERY.none) await this.recover(change, within!, what, row);
      change.putSlot(slot, { generation: generation + 1, beat: stored.beat });
      return true;
    });
    return { written, seen };
  }

  /** Notes that this tab has left the run. */
  mark({ id, incarnation }: StoredJob, epoch: number, slot: number): void {
    this.storage.mark(slot, { id, incarnation, epoch });
  }

  /** What was left in the slot by a page that said so has been handed over. With its lock held: the page may have stayed. */
  private async heed(change: Change, slot: number): Promise<void> {
    const { job: id, ...empty } = change.slot(slot);
    if (id === undefined) return;
    const left = await change.rows.left(slot);
    if (left.length === 0) return;
    change.rows.deleteLeft(slot);
    const job = await change.job(id);
    if (job === undefined) return;
    // One that came back, and ended what it had left, may have said so of a job that had the id before.
    const marks = left.filter((one) => one.id === id && one.incarnation === job.incarnation);
    const { owner: _, ...rest } = job;
    for (const { epoch } of marks) {
      const row = Rules.settle(numbers(job.row), epoch, OUTCOME.released, Number.NaN, wallNow(), chance());
      if (row.length === 0) continue;
      change.putSlot(slot, empty);
      await change.putRow(rest, row);
      return;
    }
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

  /** With what the body has said last. */
  async settle(
    { id, incarnation }: Ran,
    epoch: number,
    lock: Lock,
    outcome: readonly [number, number],
    ending: Ending,
    said: Sayings,
  ): Promise<Answered> {
    return this.write({ id, incarnation }, async (change, job) => {
      const row = Rules.settle(numbers(job.row), epoch, outcome[0], outcome[1], wallNow(), chance());
      if (row.length === 0) return undefined;
      const stored = change.slot(lock.slot);
      const { job: _, ...empty } = stored;
      if (stored.generation === lock.generation) change.putSlot(lock.slot, empty);
      const { owner: __, ...rest } = withSaid(job, said);
      const { error, result } = ending;
      const isCompleted = row[AT.status] === COMPLETED;
      return change.putRow(rest, row, {
        ...(error !== undefined && { error }),
        ...(isCompleted && { result }),
      });
    });
  }

  /** What a run says: it counts only while the job is its own. */
  say({ id, incarnation }: Ran, epoch: number, said: Sayings): Promise<Answered> {
    return this.write({ id, incarnation }, async (change, job) => {
      if (!Rules.isOwned(numbers(job.row), epoch)) return undefined;
      return change.put(withSaid(job, said));
    });
  }

  step({ id, incarnation }: Ran, epoch: number, name: string, step: StoredStep): Promise<Answered> {
    return this.write({ id, incarnation }, async (change, job) => {
      if (!Rules.isOwned(numbers(job.row), epoch)) return undefined;
      change.rows.putStep(incarnation, name, step);
      return job;
    });
  }

  acknowledge({ id, incarnation }: Ran, epoch: number, number: number): Promise<Answered> {
    return this.write({ id, incarnation }, async (change, job) => {
      const row = Rules.acknowledge(numbers(job.row), epoch, number);
      if (row.length === 0) return undefined;
      change.rows.deleteAction(incarnation, number);
      return change.putRow(job, row);
    });
  }

  action(incarnation: number, number: number): Promise<unknown> {
    return this.storage.transact(false, (rows) => rows.action(incarnation, number));
  }

  send(target: Target, action: unknown): Promise<Answered> {
    return this.write(target, async (change, job) => {
      const row = Rules.send(numbers(job.row));
      if (row.length === 0) return undefined;
      change.rows.putAction(job.incarnation, row[AT.sent]!, action);
      return change.putRow(job, row);
    });
  }
}
