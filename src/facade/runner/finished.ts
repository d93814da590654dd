import type { JobRecord } from "../types.js";
import type { Task } from "./task.js";

/** Records of jobs whose ends have been told, in that order. */
export class Finished {
  /** What has gone is cut off once it is half of the list: cut off each time, a long list would be copied each time. */
  private records: JobRecord[] = [];
  private gone = 0;
  /** The newest, whose records nobody has asked for, or whose ends are still being told: when is known after that. */
  private recent: Task[] = [];
  private readonly recordOf: (task: Task) => JobRecord;

  constructor(recordOf: (task: Task) => JobRecord) {
    this.recordOf = recordOf;
  }

  add(task: Task): void {
    this.recent.push(task);
  }

  /** The oldest go. */
  drop(count: number): void {
    const old = Math.min(count, this.records.length - this.gone);
    this.gone += old;
    this.recent.splice(0, count - old);
    if (this.gone * 2 <= this.records.length) return;
    this.records = this.records.slice(this.gone);
    this.gone = 0;
  }

  remove(task: Task): void {
    this.settle();
    this.recent = this.recent.filter((one) => one !== task);
    const at = this.records.indexOf(this.recordOf(task), this.gone);
    if (at >= 0) this.records.splice(at, 1);
  }

  /** Appends them, newest first. */
  listTo(list: JobRecord[]): void {
    this.settle();
    for (let at = this.recent.length - 1; at >= 0; at--) list.push(this.recordOf(this.recent[at]!));
    for (let at = this.records.length - 1; at >= this.gone; at--) list.push(this.records[at]!);
  }

  private settle(): void {
    let count = 0;
    for (const task of this.recent) {
      if (task.job.finishedAt === undefined) break;
      this.records.push(this.recordOf(task));
      count++;
    }
    this.recent.splice(0, count);
  }
}
