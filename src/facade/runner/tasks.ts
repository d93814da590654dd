// The jobs of one runner. What they are and which come first is known to the manager's engine and to the rules; here is
// the JavaScript side of both.

import { recordOf, subjects } from "../job/events.js";
import type { AnyJob } from "../job/record.js";
import type { JobManager } from "../manager/job-manager.js";
import type { JobEvent, JobRecord } from "../types.js";
import { now } from "../wasm/clock.js";
import { Finished } from "./finished.js";
import { Task, type TaskPlan } from "./task.js";
import { Waits } from "./waits.js";
import type { Rules } from "./wasm.js";

export class Tasks {
  private readonly byId = new Map<string, Task>();
  private readonly byNumber = new Map<number, Task>();
  private readonly byJob = new WeakMap<AnyJob, Task>();
  /** Not known to the rules as ended. */
  private readonly active = new Set<Task>();
  private readonly finished = new Finished((task) => this.record(task));
  private readonly waits: Waits;
  private readonly rules: Rules;
  private readonly manager: JobManager<string>;
  private serial = 0;
  private refused = 0;
  private ids = 0;
  private processed = 0;

  /** `reordered` is called when the queue's order changes by itself. */
  constructor(rules: Rules, manager: JobManager<string>, reordered: () => void) {
    this.rules = rules;
    this.manager = manager;
    this.waits = new Waits(rules, (jobs) => {
      for (const number of jobs) {
        const task = this.byNumber.get(number)!;
        task.readyAt = undefined;
        task.isStale = true;
      }
      reordered();
    });
  }

  private find(id: string): AnyJob | undefined {
    return this.manager.getRunningJob(id) as AnyJob | undefined;
  }

  /** An id that no job has, neither of the runner nor of whoever else uses its manager. */
  newId(): string {
    let id: string;
    do id = String(++this.ids);
    while (this.byId.has(id) || this.find(id) !== undefined);
    return id;
  }

  /** A new one, in the place of a finished one with its id; `run` hands it to the manager. */
  create(plan: TaskPlan, priority: number, delay: number, run: (task: Task) => AnyJob): Task {
    const number = this.serial++;
    const task = new Task(number, plan, delay);
    const previous = this.byId.get(task.id);
    this.rules.add(number, priority, task.createdTick, delay);
    this.byId.set(task.id, task);
    this.byNumber.set(number, task);
    this.active.add(task);
    try {
      this.bind(task, run(task));
    } catch (error) {
      this.active.delete(task);
      this.byNumber.delete(number);
      this.rules.forget(number);
      this.refused++;
      if (previous === undefined) this.byId.delete(task.id);
      else this.byId.set(task.id, previous);
      throw error;
    }
    if (task.readyAt !== undefined) this.waits.begin(task.createdTick + delay);
    if (previous !== undefined) this.replace(previous);
    return task;
  }

  private replace(previous: Task): void {
    this.finish(previous);
    this.rules.forget(previous.number);
    this.byNumber.delete(previous.number);
    if (previous.ended) this.finished.remove(previous);
  }

  get(id: string): Task | undefined {
    const task = this.byId.get(id);
    return task && this.bound(task);
  }

  /** Asked for by its own body, before the manager has handed it over. */
  private bound(task: Task): Task {
    if (task.job === undefined) this.bind(task, this.find(task.id)!);
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
    task.readyAt = undefined;
    task.isStale = true;
    if (!task.hasStarted) task.startedTick = now();
    this.rules.start(task.number);
    this.waits.leave();
  }

  /** Waits for its next attempt; `until` is in epoch ms. */
  wait(task: Task, until: number): void {
    const at = now() + Math.max(until - Date.now(), 0);
    task.readyAt = until;
    task.isStale = true;
    this.rules.wait(task.number, at);
    this.waits.begin(at);
  }

  setPriority(task: Task): void {
    task.isStale = true;
    this.rules.setPriority(task.number, task.job.priority, now());
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
      record.ready_at !== (status === "pending" ? task.readyAt : undefined);
    if (changed) task.record = Object.freeze(recordOf(job));
    task.isStale = false;
    return task.record!;
  }

  /** What its record shows beside what every job's does. */
  describe(job: AnyJob): Partial<JobRecord> {
    let task = this.byJob.get(job);
    if (task === undefined) {
      task = this.byId.get(job.key);
      if (task === undefined || task.job !== undefined) return { id: job.key };
      this.bind(task, job);
    }
    const { id, type, params, readyAt } = task;
    const waits = readyAt !== undefined && job.status === "pending";
    return { id, type, params, ...(waits && { ready_at: readyAt }) };
  }

  /** Tells the rules of an end, which may be told to others later; once. */
  finish(task: Task): void {
    if (!this.active.delete(task)) return;
    task.endedTick = now();
    task.isStale = true;
    this.rules.finish(task.number, task.createdTick, task.startedTick, task.endedTick);
    this.waits.leave();
    if (task.hasStarted) this.processed++;
  }

  /** Its end is being told: from here on it may be let go of. */
  end(task: Task): void {
    task.ended = true;
    this.finish(task);
    // Not if another has taken its place before.
    if (this.byNumber.get(task.number) === task) this.finished.add(task);
  }

  /** What has ended is listed as ended, also before its event has been told. */
  private settle(): void {
    const { pending, running, total } = this.manager.stats;
    // Looked for one by one only where there are such jobs, or where others use the manager, too.
    if (total === this.serial - this.refused && pending + running === this.active.size) return;
    for (const task of this.active) {
      if (this.bound(task).job.hasEnded) this.finish(task);
    }
  }

  /** How many ran, and have ended. */
  countProcessed(): number {
    this.settle();
    return this.processed;
  }

  /** Without those whose ends have been told. */
  those(which: "untold" | "pending" | "running"): Task[] {
    this.settle();
    const tasks: Task[] = [];
    // A loop: `Array.from` takes twice as long.
    for (const number of this.rules[which]()) tasks.push(this.bound(this.byNumber.get(number)!));
    return tasks;
  }

  /** Running, pending, finished with the newest first. */
  list(): JobRecord[] {
    this.settle();
    const list: JobRecord[] = [];
    for (const number of this.rules.untold()) {
      const task = this.bound(this.byNumber.get(number)!);
      list.push(task.isStale ? this.record(task) : task.record!);
    }
    return this.finished.after(list);
  }

  /** Nothing will start or end any more. */
  breakOff(): void {
    this.waits.disarm();
  }

  /** Lets go of finished ones whose ends have been told, all or those beyond what is kept; returns their ids. */
  drop(which: "clear" | "retire"): string[] {
    const gone = this.rules[which]();
    this.finished.drop(gone.length);
    return Array.from(gone, (number) => {
      const { id } = this.byNumber.get(number)!;
      this.byNumber.delete(number);
      this.byId.delete(id);
      return id;
    });
  }
}
