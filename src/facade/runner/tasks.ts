// The jobs of one runner. Which come first is known to the manager's engine, which finished ones are kept to the rules;
// here is the JavaScript side of both.

import { type AnyEntryJob, recordOf, type Seam } from "../manager/seam.js";
import type { JobRecord, JobStatus } from "../types.js";
import { now } from "../wasm/clock.js";
import { question, rankAt } from "../wasm/engine.js";
import { Finished } from "./finished.js";
import { compareRanks, type Rank } from "./rank.js";
import { Task, type TaskPlan } from "./task.js";
import type { Rules } from "./wasm.js";

/** No job's number. */
const NONE = 2 ** 32 - 1;

export class Tasks {
  private readonly byId = new Map<string, Task>();
  private readonly byNumber = new Map<number, Task>();
  private readonly byJob = new WeakMap<AnyEntryJob, Task>();
  /** Whose ends have not been told. */
  private readonly active = new Set<Task>();
  private readonly finished = new Finished((task) => this.record(task));
  private readonly rules: Rules;
  private readonly manager: Seam<string, unknown, never, unknown>;
  private ids = 0;
  /** How many ran, and have ended. */
  processed = 0;

  constructor(rules: Rules, manager: Seam<string, unknown, never, unknown>) {
    this.rules = rules;
    this.manager = manager;
  }

  /** An id that no job has, neither of the runner nor of whoever else uses its manager. */
  newId(): string {
    let id: string;
    do id = String(++this.ids);
    while (this.byId.has(id) || this.manager.getRunningJob(id) !== undefined);
    return id;
  }

  /** A new one, in the place of a finished one with its id; `run` hands it to the manager. */
  create(plan: TaskPlan, run: (task: Task) => AnyEntryJob): Task {
    const task = new Task(this.rules.add(), plan);
    const previous = this.byId.get(task.id);
    this.byId.set(task.id, task);
    this.byNumber.set(task.number, task);
    this.active.add(task);
    try {
      this.bind(task, run(task));
    } catch (error) {
      this.active.delete(task);
      this.byNumber.delete(task.number);
      this.rules.forget(task.number);
      if (previous === undefined) this.byId.delete(task.id);
      else this.byId.set(task.id, previous);
      throw error;
    }
    if (previous !== undefined) this.replace(previous);
    return task;
  }

  private replace(previous: Task): void {
    // Whoever was called meanwhile may have let go of it: its number may be another's.
    if (!this.isCurrent(previous)) return;
    this.active.delete(previous);
    this.byNumber.delete(previous.number);
    this.rules.forget(previous.number);
    if (previous.ended) this.finished.remove(previous);
  }

  get(id: string): Task | undefined {
    const task = this.byId.get(id);
    return task && this.bound(task);
  }

  /** Asked for by its own body, before the manager has handed it over. */
  private bound(task: Task): Task {
    if (task.job === undefined) this.bind(task, this.manager.getRunningJob(task.id) as AnyEntryJob);
    return task;
  }

  /** Of a job that has been told of. */
  known(job: AnyEntryJob): Task | undefined {
    return this.byJob.get(job);
  }

  /** Undefined for a job that is not the runner's. */
  of(job: AnyEntryJob): Task | undefined {
    const known = this.byJob.get(job);
    if (known !== undefined) return known;
    const task = this.byId.get(job.key as string);
    if (task === undefined || task.job !== undefined) return undefined;
    this.bind(task, job);
    return task;
  }

  private bind(task: Task, job: AnyEntryJob): void {
    task.job = job;
    this.byJob.set(job, task);
  }

  /** An attempt of it begins. */
  start(task: Task): void {
    task.isStale = true;
    if (!task.hasStarted) task.startedTick = now();
  }

  /** Where it is listed. */
  rank(task: Task): Rank {
    return task.rank ?? rankAt(question().rank(task.job.slot));
  }

  /** The record as it is now; the same object until something in it changes. */
  record(task: Task): JobRecord {
    const { job, record } = task;
    const { status } = job;
    const changed =
      record === undefined ||
      record.status !== status ||
      record.progress !== job.progress ||
      record.attempt !== job.attempt ||
      record.priority !== job.priority ||
      record.completed_at !== job.finishedAt ||
      record.ready_at !== job.readyAt ||
      (record.stopping ?? false) !== job.stopping;
    if (changed) task.record = Object.freeze(recordOf(job));
    task.isStale = false;
    return task.record!;
  }

  /** What its record shows beside what every job's does. */
  describe(job: AnyEntryJob): Partial<JobRecord> {
    const task = this.of(job);
    return task === undefined ? {} : { type: task.type, params: task.params };
  }

  /** It has ended, which is told to others later. */
  ended(task: Task): void {
    // Its number in the engine may soon be another's.
    task.rank = this.rank(task);
    task.endedTick = now();
    this.rules.measure(task.createdTick, task.startedTick, task.endedTick);
    if (task.hasStarted) this.processed++;
  }

  /** Numbers what is told of it. */
  note(task: Task, change: number): number {
    return this.rules.note(this.isCurrent(task) ? task.number : NONE, change);
  }

  /** Its end is being told: from here on it may be let go of. */
  end(task: Task): void {
    task.ended = true;
    this.active.delete(task);
    if (this.isCurrent(task)) this.finished.add(task);
  }

  /** No other has taken its place. */
  private isCurrent(task: Task): boolean {
    return this.byNumber.get(task.number) === task;
  }

  /** Those that have not ended, as they are listed. */
  private living(): Task[] {
    return this.byRank(this.manager.living().flatMap((job) => this.of(job) ?? []));
  }

  /** Ended, which has not been told: so many, the newest first. Looked for one by one only where there are such. */
  private untold(count: number): Task[] {
    if (count === 0) return [];
    const tasks = [...this.active].filter((task) => this.bound(task).job.hasEnded);
    return this.byRank(tasks);
  }

  private byRank(tasks: readonly Task[]): Task[] {
    const ranked = tasks.map((task) => ({ task, rank: this.rank(task) }));
    return ranked.sort((one, other) => compareRanks(one.rank, other.rank)).map(({ task }) => task);
  }

  those(status: JobStatus): Task[] {
    return this.living().filter(({ job }) => job.status === status);
  }

  /** Running, pending, finished with the newest first. */
  list(): JobRecord[] {
    const living = this.living();
    const list: JobRecord[] = [];
    for (const task of living) list.push(this.upToDate(task));
    for (const task of this.untold(this.active.size - living.length)) list.push(this.upToDate(task));
    return this.finished.after(list);
  }

  /** A status changes before that is told. */
  private upToDate(task: Task): JobRecord {
    const { record, isStale, job } = task;
    return isStale || record!.status !== job.status ? this.record(task) : record!;
  }

  /**
   * Lets go of finished ones whose ends have been told, all or those beyond what is kept; returns the ids that nobody has
   * any more.
   */
  drop(which: "clear" | "retire"): string[] {
    const gone = this.rules[which]();
    this.finished.drop(gone.length);
    return Array.from(gone).flatMap((number) => {
      const task = this.byNumber.get(number)!;
      this.byNumber.delete(number);
      // A body that is being started under the id of one that has ended may ask for this.
      if (this.byId.get(task.id) !== task) return [];
      this.byId.delete(task.id);
      return task.id;
    });
  }
}
