import type { AnyJob } from "../job/record.js";
import { jobs } from "../job/tables.js";
import type { ManagerStats } from "../types.js";
import { listAt, question } from "../wasm/engine.js";
import { END } from "../wasm/wire.js";

/** What `getSnapshot` gives. */
export type Snapshot<Job> = { readonly stats: ManagerStats; readonly jobs: readonly Job[] };

/** A manager's jobs, and how they are found. Held by the manager, so that what is retained goes with it. */
export class Roster<Key> {
  private byId: Map<string, AnyJob> | undefined = undefined;
  /** By slot. */
  private readonly retained = new Map<number, AnyJob>();
  /** The retained ones by key, in the order of their ends. */
  private readonly endedUnder = new Map<Key, AnyJob[]>();
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

  /** It has ended and stays to be looked at. */
  retain(job: AnyJob): void {
    this.retained.set(job.slot, job);
    const ended = this.endedUnder.get(job.key);
    if (ended === undefined) this.endedUnder.set(job.key, [job]);
    else ended.push(job);
  }

  /** The engine knows it no more; whoever holds the job can still read it. */
  letGo(slot: number, job: AnyJob): void {
    if (this.retains && this.retained.delete(slot)) {
      const ended = this.endedUnder.get(job.key)!;
      ended.splice(ended.indexOf(job), 1);
      if (ended.length === 0) this.endedUnder.delete(job.key);
    }
    this.byId?.delete(job.id);
    job.slot = -1;
    if (this.list !== undefined && ++this.gone * 2 > this.list.length) this.compact(this.list);
  }

  at(slot: number): AnyJob | undefined {
    return jobs[slot] ?? this.retained.get(slot);
  }

  withId(id: string): AnyJob | undefined {
    this.byId ??= new Map(this.all().map((job) => [job.id, job]));
    return this.byId.get(id);
  }

  /** Of the retained ones under the key, the last to end. */
  lastEndedUnder(key: Key): AnyJob | undefined {
    return this.endedUnder.get(key)?.at(-1);
  }

  /** Of the retained ones under the key, the last to end well. */
  lastCompletedUnder(key: Key): AnyJob | undefined {
    const ended = this.endedUnder.get(key) ?? [];
    for (let at = ended.length - 1; at >= 0; at--) if (ended[at]!.end === END.normal) return ended[at];
    return undefined;
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
