// The jobs of one runner. What they are and which come first is known to the manager's engine and to the rules; here is
// the JavaScript side of both.

import type { AnyJob } from "../extras.js";
import { type QueuedRecord, recordOf } from "../records.js";
import type { JobRecord } from "../types.js";
import type { CreateOptions } from "./types.js";
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
  /** Not known to the rules as ended. */
  private readonly active = new Set<Task>();
  private readonly rules: Rules;
  private readonly find: (id: string) => AnyJob | undefined;
  private serial = 0;
  private ids = 0;
  /** That ran, and ended. */
  processed = 0;

  /** `find` gives the manager's job under an id. */
  constructor(rules: Rules, find: (id: string) => AnyJob | undefined) {
    this.rules = rules;
    this.find = find;
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
    readyAt: number,
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
    this.rules.add(number, priority, readyAt);
    this.byId.set(task.id, task);
    this.byNumber.set(number, task);
    this.active.add(task);
    try {
      task.job = run(task);
    } catch (error) {
      this.active.delete(task);
      this.byNumber.delete(number);
      this.rules.discard(number);
      if (previous === undefined) this.byId.delete(task.id);
      else this.byId.set(task.id, previous);
      throw error;
    }
    if (previous !== undefined) {
      this.rules.forget(previous.number);
      this.byNumber.delete(previous.number);
    }
    return task;
  }

  get(id: string): Task | undefined {
    const task = this.byId.get(id);
    // Asked for by its own body, before the manager has handed it over.
    if (task !== undefined) task.job ??= this.find(id)!;
    return task;
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
      (record.ready_at ?? -1) !== (record.status === "pending" ? this.rules.readyAt(task.number) : -1);
    if (changed) task.record = Object.freeze(recordOf(job));
    return task.record!;
  }

  /** What its record shows beside what every job's does. */
  describe(job: AnyJob): Partial<QueuedRecord> {
    const task = this.byId.get(job.key);
    if (task === undefined) return { id: job.key };
    task.job ??= job;
    const { id, type, params } = task;
    return { id, type, params, ...(job.status === "pending" && { ready_at: this.rules.readyAt(task.number) }) };
  }

  /** Tells the rules of an end; once. */
  finish(task: Task): void {
    const { job } = task;
    if (!this.active.delete(task)) return;
    this.rules.finish(task.number, job.createdAt, job.startedAt ?? -1, job.finishedAt ?? Date.now());
    if (job.startedAt !== undefined) this.processed++;
  }

  /** What has ended is listed as ended, also before its event has been told. */
  private settle(): void {
    for (const task of this.active) {
      task.job ??= this.find(task.id)!;
      if (task.job.end !== 0) this.finish(task);
    }
  }

  list(which: "order" | "pending" | "running" = "order"): Task[] {
    this.settle();
    return Array.from(this.rules[which](), (number) => this.byNumber.get(number)!);
  }

  /** Lets go of finished ones, all or those beyond what is kept; returns their ids. */
  drop(which: "clear" | "retire"): string[] {
    if (which === "clear") this.settle();
    return Array.from(this.rules[which](), (number) => {
      const { id } = this.byNumber.get(number)!;
      this.byNumber.delete(number);
      this.byId.delete(id);
      return id;
    });
  }
}
