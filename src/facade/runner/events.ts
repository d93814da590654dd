// What a runner tells those who follow it: sessions, streams, listeners.

import type { JobEvent } from "../types.js";
import type { Rank } from "./rank.js";

/** As much of a job as is told of it beside its events. */
export interface Subject {
  readonly id: string;
  readonly job: {
    readonly priority: number;
    readonly readyAt: number | undefined;
    /** Known once its end has been told to all. */
    readonly finishedAt: number | undefined;
  };
}

/** An event, or a failure; neither: a job is listed elsewhere or has another priority, of which no event tells. */
export interface Notification<Of extends Subject = Subject> {
  readonly event?: JobEvent;
  /** Whose event it is. */
  readonly task?: Of;
  /** Where that job was listed then. */
  readonly rank?: Rank;
  /** Of events that a watcher of one job hears; for streams that are taken up again. */
  readonly number?: number;
  /** Rises by one a notification. */
  readonly seq?: number;
  /** The engine has broken. */
  readonly failure?: Error;
}

const ENDS: readonly string[] = ["job_completed", "job_failed", "job_cancelled"];

export function isEnd(event: JobEvent): boolean {
  return ENDS.includes(event.type);
}
