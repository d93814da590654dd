// What the runner tells but does not keep: a job's attempts and what it logged.

import type { JobEvent } from "jobgate";
import type { LogLine, Run } from "./protocol.ts";

/** Lines kept of a job, the latest. */
const LOG_LINES = 500;

interface History {
  readonly runs: Run[];
  readonly log: LogLine[];
}

export class Histories {
  private readonly byId = new Map<string, History>();

  /** Takes an event in; returns the job's attempts if they are worth telling: when there are several. */
  note(event: JobEvent, now: number): readonly Run[] | undefined {
    if (event.type === "job_created" || event.type === "stats_update" || event.type === "job_progress")
      return undefined;
    const id = event.job_id;
    if (event.type === "job_removed") {
      this.byId.delete(id);
      return undefined;
    }
    const { runs, log } = this.of(id);
    const last = runs.at(-1);
    switch (event.type) {
      case "job_log":
        log.push({ at: event.at, message: event.message });
        if (log.length > LOG_LINES) log.shift();
        return undefined;
      case "job_started":
        runs.push({ attempt: event.attempt, from: now });
        break;
      case "job_retrying":
        if (last) runs[runs.length - 1] = { ...last, to: now, error: event.error?.message ?? "" };
        break;
      default:
        if (last && last.to === undefined) runs[runs.length - 1] = { ...last, to: now };
    }
    return runs.length > 1 || event.type === "job_retrying" ? [...runs] : undefined;
  }

  log(id: string): readonly LogLine[] {
    return [...(this.byId.get(id)?.log ?? [])];
  }

  /** Of every job that was tried more than once. */
  retried(): (readonly [string, readonly Run[]])[] {
    const tried = [...this.byId].filter(([, { runs }]) => runs.length > 1 || runs[0]?.error !== undefined);
    return tried.map(([id, { runs }]) => [id, [...runs]] as const);
  }

  private of(id: string): History {
    let history = this.byId.get(id);
    if (!history) {
      history = { runs: [], log: [] };
      this.byId.set(id, history);
    }
    return history;
  }
}
