import type { JobEvent } from "jobgate";

/** Lines kept of a job, the latest. */
const MOST = 500;

export interface LogLine {
  readonly at: number;
  readonly message: string;
}

/** What jobs have logged since this tab is open: a queue tells it and keeps none of it. */
export class Logs {
  private readonly byId = new Map<string, readonly LogLine[]>();

  /** True: there is something new to show. */
  note(event: JobEvent): boolean {
    if (event.type === "job_removed") return this.byId.delete(event.job_id);
    if (event.type !== "job_log") return false;
    const { job_id: id, at, message } = event;
    this.byId.set(id, [...(this.byId.get(id) ?? []), { at, message }].slice(-MOST));
    return true;
  }

  of(id: string): readonly LogLine[] | undefined {
    return this.byId.get(id);
  }
}
