import type { AnyJob } from "../job/record.js";
import { jobs } from "../job/tables.js";
import type { ManagerStats } from "../types.js";
import { listAt, question } from "../wasm/engine.js";
import { END } from "../wasm/wire.js";

/** What `getSnapshot` gives. */
export type Snapshot<Job> = { readonly stats: ManagerStats; readonly jobs: readonly Job[] };

/** One that has ended and is kept, between those of its key that ended before and after it. */
interface Retained {
  readonly job: AnyJob;
  older: Retained | undefined;
  newer: Retained | undefined;
}

/** A manager's jobs, and how they are found. Held by the manager, so that what is retained goes with it. */
export class Roster<Key> {
  private byId: Map<string, AnyJob> | undefined = undefined;
  /** By slot. */
  private readonly retained = new Map<number, Retained>();
  /** Of the retained ones under each key, the last to end. */
  private readonly newest = new Map<Key, Retained>();
  /** Oldest first, once someone has asked; among them those that were forgotten since. */
  private list: AnyJob[] | undefined = undefined;
  private gone = 0;
  private readonly manager: number;
  private readonly retains: boolean;

  /** @param manager the engine's number. */
  constructor(manager: number, retains: boolean) {
    this.manager = manager;
    this.retains = retains;
  }

  add(job: AnyJob): void {
    this.byId?.set(job.id, job);
    this.list?.push(job);
  }

  /** It has ended and stays to be looked at. `isKeyed`: it can also be found under its key. */
  retain(job: AnyJob, isKeyed: boolean): void {
    const older = isKeyed ? this.newest.get(job.key) : undefined;
    const kept: Retained = { job, older, newer: undefined };
    this.retained.set(job.slot, kept);
    if (older !== undefined) older.newer = kept;
    if (isKeyed) this.newest.set(job.key, kept);
  }

  /** The engine knows it no more; whoever holds the job can still read it. */
  letGo(slot: number, job: AnyJob): void {
    const kept = this.retains ? this.retained.get(slot) : undefined;
    if (kept !== undefined) {
      const { older, newer } = kept;
      this.retained.delete(slot);
      if (older !== undefined) older.newer = newer;
      if (newer !== undefined) newer.older = older;
      else if (older !== undefined) this.newest.set(job.key, older);
      else if (this.newest.get(job.key) === kept) this.newest.delete(job.key);
    }
    this.byId?.delete(job.id);
    job.slot = -1;
    if (this.list !== undefined && ++this.gone * 2 > this.list.length) this.compact(this.list);
  }

  at(slot: number): AnyJob | undefined {
    return jobs[slot] ?? this.retained.get(slot)?.job;
  }

  withId(id: string): AnyJob | undefined {
    this.byId ??= new Map(this.all().map((job) => [job.id, job]));
    return this.byId.get(id);
  }

  /** Of the retained ones under the key, the last to end. */
  lastEndedUnder(key: Key): AnyJob | undefined {
    return this.newest.get(key)?.job;
  }

  /** Of the retained ones under the key, the last to end well. */
  lastCompletedUnder(key: Key): AnyJob | undefined {
    let kept = this.newest.get(key);
    while (kept !== undefined && kept.job.end !== END.normal) kept = kept.older;
    return kept?.job;
  }

  /** Oldest first. Asked of the engine once: for each snapshot of many jobs, that would cost more than what they do. */
  all(): AnyJob[] {
    if (this.list === undefined)
      this.list = Array.from(listAt(question().jobs(this.manager)), (slot) => this.at(slot)!);
    else if (this.gone > 0) this.compact(this.list);
    // One that is not kept is gone once it has ended, also before that is told.
    if (this.retains) return this.list!.slice();
    const engine = question();
    return this.list!.filter(({ slot }) => engine.status(slot) < END.normal);
  }

  private compact(list: readonly AnyJob[]): void {
    this.list = list.filter(({ slot }) => slot >= 0);
    this.gone = 0;
  }
}
