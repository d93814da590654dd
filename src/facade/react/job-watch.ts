import type { JobManager } from "../manager/job-manager.js";
import type { AnyEntryJob, EntryJob, Seam } from "../manager/seam.js";
import { hasEnded } from "../support/has-ended.js";
import type { JobFactory, ManagedJob, Progress, RunOptions, Unsubscribe } from "../types.js";
import type { UseJob } from "./types.js";
import type { Source } from "./use-tracked.js";

const NO_PROGRESS: Progress = Object.freeze({ percent: 0, message: "" });

/** `readyAt` is reckoned each time it is asked, by two clocks that tick apart: by as much it may differ, and is the same. */
const WOBBLE = 2;

/** The one that ended later. */
function later<Job>(seen: Job | undefined, kept: Job | undefined): Job | undefined {
  if (seen === undefined || kept === undefined) return seen ?? kept;
  const [one, other] = [seen, kept] as unknown as readonly [AnyEntryJob, AnyEntryJob];
  // That it has ended has not been told yet, so none has ended since.
  if (one.finished < 0) return seen;
  return (other.finished - one.finished || other.serial - one.serial) > 0 ? kept : seen;
}

/** One key of a manager as one component sees it: who stands there, else the later of the last one seen and of those kept. */
export class JobWatch<K, S, A, R> implements Source<UseJob<S, A, R>> {
  private readonly manager: Seam<K, S, A, R>;
  private readonly key: K;
  private seen: ManagedJob<K, S, A, R> | undefined = undefined;
  /** The last to complete, which need not be the last to end. */
  private completed: ManagedJob<K, S, A, R> | undefined = undefined;
  private readyAt: number | undefined = undefined;
  private tell: (() => void) | undefined = undefined;

  constructor(manager: JobManager<K, S, A, R>, key: K) {
    this.manager = manager as Seam<K, S, A, R>;
    this.key = key;
  }

  isOf(manager: JobManager<K, S, A, R>, key: K): boolean {
    return this.manager === manager && Object.is(this.key, key);
  }

  readonly run = <T extends R = R>(factory: JobFactory<S, A, T>, options?: RunOptions<S>): ManagedJob<K, S, A, T> => {
    const { job } = this.manager.runJob(this.key, factory, options);
    if (!hasEnded(job)) return job;
    // Ended at once, its signal had aborted: it never stood under the key, where it would have been seen.
    this.seen = job as ManagedJob<K, S, A, R>;
    this.tell?.();
    return job;
  };

  readonly stop = (reason?: unknown): Promise<void> => this.manager.stopJob(this.key, reason);

  readonly getSnapshot = (): UseJob<S, A, R> => this.viewOf(this.look());

  /** On the server, and in the browser until the server's HTML has been taken over. */
  get idle(): UseJob<S, A, R> {
    return this.viewOf(undefined);
  }

  readonly subscribe = (changed: () => void): Unsubscribe => {
    let watched: ManagedJob<K, S, A, R> | undefined;
    let unwatch: Unsubscribe[] = [];
    const follow = () => {
      const job = this.look();
      if (job === watched) return;
      for (const off of unwatch) off();
      // Its own events only: a manager's are those of all its jobs, and there may be as many hooks.
      unwatch =
        job === undefined
          ? []
          : [
              job.onStateChange(changed),
              (job as EntryJob<K, S, A, R>).onEvent(changed),
              onMove(this.manager, job as EntryJob<K, S, A, R>, changed),
              onSettled(job, changed),
            ];
      watched = job;
      changed();
    };
    const leaveKey = this.manager.onKeyChange(this.key, follow);
    this.tell = follow;
    follow();
    return () => {
      this.tell = undefined;
      leaveKey();
      for (const off of unwatch) off();
    };
  };

  private look(): ManagedJob<K, S, A, R> | undefined {
    const { manager, key, seen } = this;
    // It keeps the key until it has ended.
    if (seen !== undefined && !hasEnded(seen)) return seen;
    this.note(seen);
    try {
      // Others may have come and gone while nobody listened.
      this.seen = manager.getRunningJob(key) ?? later(seen, manager.roster.lastEndedUnder(key));
      if (this.seen !== seen) this.completed = later(this.completed, manager.roster.lastCompletedUnder(key));
    } catch (error) {
      // The engine has broken. A job that has ended of it says so itself.
      if (seen === undefined) throw error;
    }
    this.note(this.seen);
    return this.seen;
  }

  private note(job: ManagedJob<K, S, A, R> | undefined): void {
    if (job?.completion?.type === "Normal") this.completed = job;
  }

  private viewOf(job: ManagedJob<K, S, A, R> | undefined): UseJob<S, A, R> {
    const status = job?.status ?? "idle";
    const completion = job?.completion;
    const last = job === undefined ? undefined : this.completed?.completion;
    return {
      job,
      state: job?.state,
      status,
      isActive: job !== undefined && !hasEnded(job),
      progress: job?.progress ?? NO_PROGRESS,
      result: last?.type === "Normal" ? last.result : undefined,
      attempt: job?.attempt ?? 0,
      readyAt: this.steady(job?.readyAt),
      lastError: job?.lastError,
      error: completion?.type === "Failed" ? completion.error : undefined,
      run: this.run,
      stop: this.stop,
    };
  }

  private steady(readyAt: number | undefined): number | undefined {
    const isSame = Math.abs((readyAt ?? Number.NaN) - (this.readyAt ?? Number.NaN)) <= WOBBLE;
    if (!isSame) this.readyAt = readyAt;
    return this.readyAt;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: managers of every type.
type AnySeam = Seam<any, any, any, any>;
const moving = new WeakMap<AnySeam, Map<AnyEntryJob, Set<() => void>>>();

/** That a wait is over is told to the manager's listeners only: it has one for all hooks, each of which hears of its job. */
function onMove(manager: AnySeam, job: AnyEntryJob, listener: () => void): Unsubscribe {
  let byJob = moving.get(manager);
  if (byJob === undefined) {
    const all = new Map<AnyEntryJob, Set<() => void>>();
    moving.set(manager, (byJob = all));
    manager.onMove((moved) => {
      for (const told of all.get(moved) ?? []) told();
    });
  }
  const listeners = byJob.get(job) ?? new Set();
  byJob.set(job, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) byJob.delete(job);
  };
}

// biome-ignore lint/suspicious/noExplicitAny: jobs of every type.
const waiting = new WeakMap<ManagedJob<any, any, any, any>, Set<() => void>>();

/** The one thing that is told to promises only is the engine's own end. A promise cannot be left, so each job has one. */
function onSettled<K, S, A, R>(job: ManagedJob<K, S, A, R>, listener: () => void): Unsubscribe {
  let listeners = waiting.get(job);
  if (listeners === undefined) {
    const all = new Set<() => void>();
    waiting.set(job, (listeners = all));
    void job.settled.then(() => {
      for (const listener of all) listener();
    });
  }
  const all = listeners;
  all.add(listener);
  return () => all.delete(listener);
}
