// What happens in a runner, told in the order in which it happens.

import { DeliveryQueue, Listeners } from "../support/delivery-queue.js";
import type { Unsubscribe } from "../types.js";
import { isEnd, type Notification as Told } from "./events.js";
import type { Rank } from "./rank.js";
import type { Task } from "./task.js";
import type { Tasks } from "./tasks.js";
import { CHANGE } from "./wire.js";

type Notification = Told<Task>;

/** So many notifications at least are kept for who comes back. */
const LOGGED = 500;

export class News {
  /** Grows with every change. */
  version = 0;
  /** Of the latest notification. */
  seq = 0;
  /** Somebody may come back. */
  isLogged = false;
  private log: Notification[] = [];
  private readonly tasks: Tasks;
  private readonly deliveries: DeliveryQueue<Notification>;
  private readonly all = new Listeners<Notification>();
  /** Of one job each: a job's watchers cost nothing where another's events are told. */
  private readonly watchers = new Map<Task, Listeners<Notification>>();
  private readonly changes = new Listeners<void>();

  constructor(tasks: Tasks) {
    this.tasks = tasks;
    this.deliveries = new DeliveryQueue((notification) => this.tell(notification));
  }

  follow(listener: (notification: Notification) => void): Unsubscribe {
    return this.all.add(listener);
  }

  /** Told of what happens to one job from now on, after those who follow all. */
  watch(task: Task, listener: (notification: Notification) => void): Unsubscribe {
    const listeners = this.watchers.get(task) ?? new Listeners<Notification>();
    this.watchers.set(task, listeners);
    // Those who follow all may come to this while they are told.
    const { seq } = this;
    const leave = listeners.add((told) => {
      if (told.seq !== seq) listener(told);
    });
    return () => {
      leave();
      if (listeners.size === 0 && this.watchers.get(task) === listeners) this.watchers.delete(task);
    };
  }

  /** Told of every change, after those who follow. */
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

  push(notification: Notification): void {
    this.deliveries.push(notification);
  }

  /** Of the runner itself, not of a job. */
  changed(): void {
    this.version++;
    this.changes.call();
  }

  removed(ids: readonly string[]): void {
    for (const job_id of ids) this.push({ event: { type: "job_removed", job_id } });
  }

  /** At once, past whatever was being told: nothing can follow it. */
  fail(failure: Error): void {
    this.version++;
    this.all.call({ failure });
    for (const listeners of [...this.watchers.values()]) listeners.call({ failure });
    this.changes.call();
  }

  rankOf(id: string): Rank {
    return this.tasks.rank(this.tasks.get(id)!);
  }

  /** What has been told after the message `seq`; undefined: not all of it is kept. */
  since(seq: number): readonly Notification[] | undefined {
    const first = this.seq - this.log.length;
    return seq < first || seq > this.seq ? undefined : this.log.slice(seq - first);
  }

  private tell(notification: Notification): void {
    const { event, task } = notification;
    const told = { ...this.note(notification), seq: ++this.seq };
    if (this.isLogged) this.keep(told);
    // A line of a log is in no record.
    const isChange = event?.type !== "job_log";
    if (isChange) this.version++;
    this.all.call(told);
    if (task !== undefined) this.watchers.get(task)?.call(told);
    if (isChange) this.changes.call();
    if (event !== undefined && isEnd(event)) this.removed(this.tasks.drop("retire"));
  }

  private keep(told: Notification): void {
    const { event } = told;
    // Who missed all of a job's life is told that it is gone: its result is held by nobody.
    if (event?.type === "job_removed") {
      for (const [at, { task, seq }] of this.log.entries()) {
        if (task?.id === event.job_id) this.log[at] = { seq: seq! };
      }
    }
    this.log.push(told);
    if (this.log.length > 2 * LOGGED) this.log = this.log.slice(-LOGGED);
  }

  /** Brings the rules up to date with what is being told. */
  private note(notification: Notification): Notification {
    const { tasks } = this;
    const { event, task } = notification;
    if (task === undefined) return notification;
    task.isStale = true;
    let change: number;
    if (event?.type === "job_started" || event?.type === "job_retrying") change = CHANGE.status;
    else if (event?.type === "job_progress") change = CHANGE.progress;
    else if (event !== undefined && isEnd(event)) {
      change = CHANGE.end;
      if (event.type === "job_cancelled") task.endReason = event.reason;
      tasks.end(task);
    } else return notification;
    return { ...notification, number: tasks.note(task, change) };
  }
}
