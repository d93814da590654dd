// The jobs of one runner. What they are and which come first is known to the manager's engine and to the rules; here is
// the JavaScript side of both.

import type { AnyJob } from "../extras.js";
import { type QueuedRecord, recordOf, subjects } from "../records.js";
import type { JobEvent, JobRecord } from "../types.js";
import type { CreateOptions } from "./types.js";
import { Waits } from "./waits.js";
import type { Rules } from "./wasm.js";

export interface Task {
  /** The rules' number for it. */
  readonly number: number;
  readonly id: string;
  readonly type: string;
  readonly params: Record<string, unknown>;
  readonly options: CreateOptions;
  /** Set before anything can be asked of it. */
  job: AnyJob;
  record: QueuedRecord | undefined;
  /** Its end has been told. */
  ended: boolean;
  /** Why it was cancelled, in words. */
  endReason: string | undefined;
}

export class Tasks {
  private readonly byId = new Map<string, Task>();
  private readonly byNumber = new Map<number, Task>();
  private readonly byJob = new WeakMap<AnyJob, Task>();
  /** Not known to the rules as ended. */
  private readonly active = new Set<Task>();
  private readonly waits: Waits;
  private readonly rules: Rules;
  private readonly find: (id: string) => AnyJob | undefined;
  private serial = 0;
  private ids = 0;
  private processed = 0;

  /** `find` gives the manager's job under an id; `reordered` is called when the queue's order changes by itself. */
  constructor(rules: Rules, find: (id: string) => AnyJob | undefined, reordered: () => void) {
    this.rules = rules;
    this.find = find;
    this.waits = new Waits(rules, reordered);
  }

  /** An id that no job has. */
  newId(): string {
    let id: string;
    do id = String(++this.ids);
    while (this.byId.has(id));
    return id;
  }

  /** A new one, in the place of a finished one with its id; `run` hands it to the manager. */
  create(
    about: Pick<Task, "id" | "type" | "params" | "options">,
    priority: number,
    delay: number,
    run: (task: Task) => AnyJob,
  ): Task {
    const number = this.serial++;
    const task: Task = {
      ...about,
      number,
      job: undefined as never,
      record: undefined,
      ended: false,
      endReason: undefined,
    };
    const previous = this.byId.get(task.id);
    const now = Date.now();
    this.rules.add(number, priority, now, delay);
    this.byId.set(task.id, task);
    this.byNumber.set(number, task);
    this.active.add(task);
    try {
      this.bind(task, run(task));
    } catch (error) {
      this.active.delete(task);
      this.byNumber.delete(number);
      this.rules.forget(number);
      if (previous === undefined) this.byId.delete(task.id);
      else this.byId.set(task.id, previous);
      throw error;
    }
    if (delay > 0) this.waits.begin(number, now + delay);
    if (previous !== undefined) {
      this.finish(previous);
      this.rules.forget(previous.number);
      this.byNumber.delete(previous.number);
    }
    return task;
  }

  get(id: string): Task | undefined {
    const task = this.byId.get(id);
    // Asked for by its own body, before the manager has handed it over.
    if (task !== undefined && task.job === undefined) this.bind(task, this.find(id)!);
    return task;
  }

  /** The one that an event is about. */
  of(event: JobEvent): Task | undefined {
    const job = subjects.get(event);
    return job && this.byJob.get(job);
  }

  private bind(task: Task, job: AnyJob): void {
    task.job = job;
    this.byJob.set(job, task);
  }

  /** An attempt of it begins. */
  start(task: Task): void {
    this.rules.start(task.number);
    this.waits.leave(task.number);
  }

  /** Waits for its next attempt. */
  wait(task: Task, until: number): void {
    this.rules.wait(task.number, until);
    this.waits.begin(task.number, until);
  }

  /** The record as it is now; the same object until something in it changes. */
  record(task: Task): JobRecord {
    const { job, record } = task;
    const changed =
      record === undefined ||
      record.status !== job.status ||
      record.progress !== job.progress ||
      record.attempt !== job.attempt ||
      record.priority !== job.priority ||
      record.completed_at !== job.finishedAt ||
      record.ready_at !== this.readyAt(task);
    if (changed) task.record = Object.freeze(recordOf(job));
    return task.record!;
  }

  /** What its record shows beside what every job's does. */
  describe(job: AnyJob): Partial<QueuedRecord> {
    let task = this.byJob.get(job);
    if (task === undefined) {
      task = this.byId.get(job.key);
      if (task === undefined || task.job !== undefined) return { id: job.key };
      this.bind(task, job);
    }
    const { id, type, params } = task;
    const ready_at = this.readyAt(task);
    return { id, type, params, ...(ready_at !== undefined && { ready_at }) };
  }

  private readyAt({ number, job }: Task): number | undefined {
    if (job.status !== "pending") return undefined;
    const at = this.rules.readyAt(number);
    return Number.isNaN(at) ? undefined : at;
  }

  /** Tells the rules of an end, which may be told to others later; once. */
  finish(task: Task): void {
    const { job } = task;
    if (!this.active.delete(task)) return;
    this.waits.leave(task.number);
    this.rules.finish(task.number, job.createdAt, job.startedAt ?? Number.NaN, job.finishedAt ?? Date.now());
    if (job.startedAt !== undefined) this.processed++;
  }

  /** What has ended is listed as ended, also before its event has been told. */
  private settle(): void {
    for (const task of this.active) {
      if (task.job === undefined) this.bind(task, this.find(task.id)!);
      if (task.job.hasEnded) this.finish(task);
    }
  }

  /** How many ran, and have ended. */
  countProcessed(): number {
    this.settle();
    return this.processed;
  }

  list(which: "order" | "pending" | "running" = "order"): Task[] {
    this.settle();
    return Array.from(this.rules[which](), (number) => this.byNumber.get(number)!);
  }

  /** Nothing will start or end any more. */
  breakOff(): void {
    this.waits.disarm();
  }

  /** Lets go of finished ones whose ends have been told, all or those beyond what is kept; returns their ids. */
  drop(which: "clear" | "retire"): string[] {
    return Array.from(this.rules[which](), (number) => {
      const { id } = this.byNumber.get(number)!;
      this.byNumber.delete(number);
      this.byId.delete(id);
      return id;
    });
  }
}
