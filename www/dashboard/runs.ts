// Who ran a job, and when: a record tells of the last run only. The tab that runs a job writes that down for all.

import type { JobEvent } from "jobgate";
import type { Job, Place } from "./places/place.ts";

/** One run of a job. Times are epoch milliseconds. */
export interface Run {
  readonly epoch: number;
  readonly attempt: number;
  /** A tab, or a worker of a server. */
  readonly by: string;
  readonly from: number;
  /** Not there: it goes on, or who ran it went away before it could say. */
  readonly to?: number;
  /** Of an attempt that failed and is followed by another. */
  readonly error?: string;
  /** Its tab let go of it, while it lived. */
  readonly handedOver?: true;
}

const keyOf = (id: string, epoch: number) => `dashboard run ${epoch} ${id}`;

/** Undefined for what is none of ours. */
function parsed(key: string): { id: string; epoch: number } | undefined {
  const [, epoch, id] = /^dashboard run (\d+) (.+)$/s.exec(key) ?? [];
  return id === undefined ? undefined : { id, epoch: Number(epoch) };
}

/** By job, in order. `isKept`: in localStorage, so that a tab that comes later knows them too. */
export class Runs {
  private readonly all = new Map<string, readonly Run[]>();
  /** Those that go on in this tab. */
  private readonly own = new Map<string, Run>();
  private readonly isKept: boolean;
  private readonly onChange: () => void;

  constructor(isKept: boolean, onChange: () => void) {
    this.isKept = isKept;
    this.onChange = onChange;
    if (!isKept) return;
    try {
      for (const [key, text] of Object.entries({ ...localStorage })) this.read(key, text);
    } catch {
      // No such store: what this tab sees is all that there is.
    }
    addEventListener("storage", ({ key, newValue }) => {
      if (key === null) return;
      if (newValue !== null) this.read(key, newValue);
      onChange();
    });
  }

  snapshot(): ReadonlyMap<string, readonly Run[]> {
    return new Map(this.all);
  }

  private read(key: string, text: string): void {
    const named = parsed(key);
    const run = named && (JSON.parse(text) as Partial<Run>);
    if (run?.by !== undefined) this.put(named!.id, run as Run);
  }

  private put(id: string, run: Run): void {
    const others = (this.all.get(id) ?? []).filter(({ epoch }) => epoch !== run.epoch);
    this.all.set(
      id,
      [...others, run].sort((a, b) => a.epoch - b.epoch),
    );
  }

  private write(id: string, run: Run): void {
    this.put(id, run);
    try {
      if (this.isKept) localStorage.setItem(keyOf(id, run.epoch), JSON.stringify(run));
    } catch {
      // Full, or not there: other tabs show less.
    }
    this.onChange();
  }

  /** What this tab does is written down; of a job that is let go of, its runs go too. */
  note(event: JobEvent, place: Place): void {
    if (event.type === "job_removed") this.forget(event.job_id);
    else if (event.type === "job_started") this.begin(place.queue.getJob(event.job_id), place);
    // One that is heard of late runs already.
    else if (event.type === "job_created" && event.job.status === "running") this.begin(event.job, place);
    // Without an error its worker was lost.
    else if (event.type === "job_retrying") this.end(event.job_id, event.error && { error: event.error.message });
    else if (event.type === "job_completed" || event.type === "job_failed" || event.type === "job_cancelled") {
      this.end(event.job_id, { to: place.queue.getJob(event.job_id)?.completed_at ?? Date.now() });
    }
  }

  private begin(job: Job | undefined, place: Place): void {
    const begun = job && place.begun(job);
    if (begun === undefined) return;
    const run = { ...begun, attempt: job!.attempt };
    this.own.set(job!.id, run);
    this.write(job!.id, run);
  }

  private end(id: string, how: Partial<Run> | undefined): void {
    const run = this.own.get(id);
    if (run) this.write(id, { ...run, to: Date.now(), ...how });
    this.own.delete(id);
  }

  /** This tab runs nothing any more. */
  handOver(): void {
    for (const id of [...this.own.keys()]) this.end(id, { handedOver: true });
  }

  private forget(id: string): void {
    for (const { epoch } of this.all.get(id) ?? []) {
      try {
        if (this.isKept) localStorage.removeItem(keyOf(id, epoch));
      } catch {
        return;
      }
    }
    this.all.delete(id);
    this.onChange();
  }

  /** Of jobs that are no longer kept: they were let go of while no tab of this page was there. */
  keepOnly(jobs: readonly Job[]): void {
    const kept = new Set(jobs.map(({ id }) => id));
    for (const id of [...this.all.keys()]) if (!kept.has(id)) this.forget(id);
  }
}

/** A run of who went away ends, for all that is known, when another begins, or with the job. */
export function runsOf(job: Job, told: ReadonlyMap<string, readonly Run[]>): readonly Run[] {
  const known = told.get(job.id) ?? recorded(job);
  return known.map((run, at) => {
    const to = run.to ?? known[at + 1]?.from ?? job.completed_at;
    return to === undefined ? run : { ...run, to };
  });
}

/** All that the record itself shows. */
function recorded({ started_at: from, attempt, owner, worker_id }: Job): readonly Run[] {
  if (from === undefined) return [];
  return [{ epoch: owner?.epoch ?? 0, attempt: Math.max(1, attempt), by: owner?.tab ?? worker_id ?? "", from }];
}

/** Who ran it died or hung, and another went on. */
export const isTakenOver = (run: Run, next: Run | undefined): boolean =>
  next !== undefined && run.error === undefined && run.handedOver === undefined;
