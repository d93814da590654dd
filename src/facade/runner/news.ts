// What happens in a runner, told in the order in which it happens.

import type { JobEvent, Unsubscribe } from "../types.js";
import { CHANGE, type Happening, isEnd } from "./events.js";
import { Line, Listeners } from "./line.js";
import type { Tasks } from "./tasks.js";
import type { Rules } from "./wasm.js";

export class News {
  /** Grows with every change. */
  version = 0;
  private readonly rules: Rules;
  private readonly tasks: Tasks;
  private readonly line: Line<Happening>;
  private readonly happenings = new Listeners<Happening>();
  private readonly changes = new Listeners<void>();

  constructor(rules: Rules, tasks: Tasks) {
    this.rules = rules;
    this.tasks = tasks;
    this.line = new Line((happening) => this.tell(happening));
  }

  follow(listener: (happening: Happening) => void): Unsubscribe {
    return this.happenings.add(listener);
  }

  /** Told of every happening, after those who follow. */
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
    this.happenings.call({ failure });
    this.changes.call();
  }

  private tell(happening: Happening): void {
    const { event } = happening;
    const told = event === undefined ? happening : this.note(event);
    this.version++;
    this.happenings.call(told);
    this.changes.call();
    this.removed(this.tasks.drop("retire"));
  }

  /** Brings the rules up to date with an event that is being told. */
  private note(event: JobEvent): Happening {
    const { rules, tasks } = this;
    const task = tasks.of(event);
    if (task === undefined) return { event };
    let change: number;
    if (event.type === "job_started") change = CHANGE.status;
    else if (event.type === "job_progress") change = CHANGE.progress;
    else if (event.type === "job_retrying") {
      change = CHANGE.status;
      tasks.wait(task, event.retry_at);
    } else if (isEnd(event)) {
      change = CHANGE.end;
      task.ended = true;
      if (event.type === "job_cancelled") task.endReason = event.reason;
      tasks.finish(task);
    } else return { event, task };
    return { event, task, number: rules.note(task.number, change) };
  }
}
