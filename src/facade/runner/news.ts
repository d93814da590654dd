// What happens in a runner, told in the order in which it happens.

import type { JobEvent, Unsubscribe } from "../types.js";
import { CHANGE, isEnd, type Notification } from "./events.js";
import { Line, Listeners } from "./line.js";
import type { Task } from "./task.js";
import type { Tasks } from "./tasks.js";
import type { Rules } from "./wasm.js";

export class News {
  /** Grows with every change. */
  version = 0;
  private readonly rules: Rules;
  private readonly tasks: Tasks;
  private readonly line: Line<Notification>;
  private readonly all = new Listeners<Notification>();
  /** Of one job each: a job's watchers cost nothing where another's events are told. */
  private readonly watchers = new Map<Task, Listeners<Notification>>();
  private readonly changes = new Listeners<void>();

  constructor(rules: Rules, tasks: Tasks) {
    this.rules = rules;
    this.tasks = tasks;
    this.line = new Line((notification) => this.tell(notification));
  }

  follow(listener: (notification: Notification) => void): Unsubscribe {
    return this.all.add(listener);
  }

  /** Told of what happens to one job, after those who follow all. */
  watch(task: Task, listener: (notification: Notification) => void): Unsubscribe {
    const listeners = this.watchers.get(task) ?? new Listeners<Notification>();
    this.watchers.set(task, listeners);
    const leave = listeners.add(listener);
    return () => {
      leave();
      if (listeners.size === 0 && this.watchers.get(task) === listeners) this.watchers.delete(task);
    };
  }

  /** Told of every notification, after those who follow. */
  onChange(listener: () => void): Unsubscribe {
    return this.changes.add(listener);
  }

  /** Resolves once it is so; rejects if the engine breaks before. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const leave = this.follow(({ failure }) => {
        if (failure !== undefined) reject(failure);
        else if (isSo()) resolve();
        else return;
        leave();
      });
    });
  }

  push(event: JobEvent): void {
    this.line.push({ event });
  }

  /** The queue's order has changed, no job has. */
  reordered(): void {
    this.line.push({});
  }

  removed(ids: readonly string[]): void {
    for (const job_id of ids) this.push({ type: "job_removed", job_id });
  }

  /** At once, past whatever was being told: nothing can follow it. */
  fail(failure: Error): void {
    this.version++;
    this.all.call({ failure });
    for (const listeners of [...this.watchers.values()]) listeners.call({ failure });
    this.changes.call();
  }

  private tell(notification: Notification): void {
    const { event } = notification;
    const told = event === undefined ? notification : this.note(event);
    this.version++;
    this.all.call(told);
    if (told.task !== undefined) this.watchers.get(told.task)?.call(told);
    this.changes.call();
    if (event !== undefined && isEnd(event)) this.removed(this.tasks.drop("retire"));
  }

  /** Brings the rules up to date with an event that is being told. */
  private note(event: JobEvent): Notification {
    const { rules, tasks } = this;
    const task = tasks.of(event);
    if (task === undefined) return { event };
    task.isStale = true;
    let change: number;
    if (event.type === "job_started") change = CHANGE.status;
    else if (event.type === "job_progress") change = CHANGE.progress;
    else if (event.type === "job_retrying") {
      change = CHANGE.status;
      tasks.wait(task, event.retry_at);
    } else if (isEnd(event)) {
      change = CHANGE.end;
      if (event.type === "job_cancelled") task.endReason = event.reason;
      tasks.end(task);
    } else return { event, task };
    return { event, task, number: rules.note(task.number, change) };
  }
}
