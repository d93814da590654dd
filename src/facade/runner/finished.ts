import type { JobRecord } from "../types.js";
import type { Task } from "./task.js";

/** Records of jobs whose ends have been told. Lists of them are copied in one go: a snapshot at each change has to be cheap. */
export class Finished {
  /** The newest first. */
  private records: readonly JobRecord[] = [];
  /** Newer ones, the oldest first: nobody has asked for their records, or their ends are still being told. */
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
    const kept = Math.max(this.records.length - count, 0);
    this.recent.splice(0, count - (this.records.length - kept));
    if (kept < this.records.length) this.records = this.records.slice(0, kept);
  }

  remove(task: Task): void {
    this.settle();
    this.recent = this.recent.filter((one) => one !== task);
    const record = this.recordOf(task);
    this.records = this.records.filter((one) => one !== record);
  }

  /** The others, then these, newest first. */
  after(others: JobRecord[]): JobRecord[] {
    this.settle();
    for (let at = this.recent.length - 1; at >= 0; at--) others.push(this.recordOf(this.recent[at]!));
    return others.concat(this.records);
  }

  /** When a job ended is known once its end has been told to all. */
  private settle(): void {
    const open = this.recent.findIndex(({ job }) => job.finishedAt === undefined);
    const settled = this.recent.splice(0, open < 0 ? this.recent.length : open);
    if (settled.length === 0) return;
    this.records = settled.map(this.recordOf).reverse().concat(this.records);
  }
}
