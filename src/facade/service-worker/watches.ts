// The jobs that streams are open for, looked at in the store whenever a tab says that something has changed.

import type { Change } from "../shared/records.js";
import type { StoredJob } from "../shared/rows.js";
import type { JobSource } from "../shared/watch.js";
import { Listeners } from "../support/delivery-queue.js";
import type { Unsubscribe } from "../types.js";
import { Alarm } from "../wasm/alarm.js";
import { now } from "../wasm/clock.js";

/** A hint may have got lost. */
const LOOKS_EVERY = 5000;

type Listener = (change: Change) => void;

interface Watched {
  last: StoredJob;
  readonly listeners: Listeners<Change>;
}

export class Watches implements JobSource {
  readonly durable = true;
  private readonly watched = new Map<string, Watched>();
  private readonly read: (ids: readonly string[]) => Promise<readonly (StoredJob | undefined)[]>;
  private readonly alarm = new Alarm();
  private isLooking = false;
  private isToLookAgain = false;

  constructor(read: (ids: readonly string[]) => Promise<readonly (StoredJob | undefined)[]>) {
    this.read = read;
  }

  /** As it was read; for a `listen` that follows at once. */
  begin(job: StoredJob): void {
    if (!this.watched.has(job.id)) this.watched.set(job.id, { last: job, listeners: new Listeners() });
  }

  listen(id: string, listener: Listener): Unsubscribe {
    const watched = this.watched.get(id)!;
    const leave = watched.listeners.add(listener);
    // It may have changed since it was read, unheard.
    void this.look();
    return () => {
      leave();
      if (watched.listeners.size === 0 && this.watched.get(id) === watched) this.watched.delete(id);
      if (this.watched.size === 0) this.alarm.clear();
    };
  }

  readonly look = async (): Promise<void> => {
    if (this.watched.size === 0) return;
    this.isToLookAgain = this.isLooking;
    if (this.isLooking) return;
    this.isLooking = true;
    do {
      this.isToLookAgain = false;
      await this.lookOnce();
    } while (this.isToLookAgain);
    this.isLooking = false;
    if (this.watched.size > 0) this.alarm.set(now() + LOOKS_EVERY, this.look);
  };

  private async lookOnce(): Promise<void> {
    const ids = [...this.watched.keys()];
    let jobs: readonly (StoredJob | undefined)[];
    try {
      jobs = await this.read(ids);
    } catch {
      // A stream never breaks of it: the store may be back by the next time.
      return;
    }
    for (const [index, id] of ids.entries()) this.tell(id, jobs[index]);
  }

  private tell(id: string, after: StoredJob | undefined): void {
    const watched = this.watched.get(id);
    if (watched === undefined) return;
    const before = watched.last;
    if (after !== undefined && after.changed <= before.changed) return;
    if (after !== undefined) watched.last = after;
    watched.listeners.call({ before, after });
  }
}
