// What happens in a runner, in the order in which it happens, numbered for streams that are taken up again.

import type { JobEvent, JobRecord } from "../types.js";
import type { Task, Tasks } from "./tasks.js";
import type { Rules } from "./wasm.js";

/** `number`: of events that a watcher of one job hears. `reordered`: the queue's order has changed, no job has. */
export type Happening =
  | { readonly event: JobEvent; readonly number?: number; readonly task?: Task }
  | { readonly event?: undefined; readonly task?: undefined; readonly reordered: boolean };

export const CHANGE = { status: 0, progress: 1, end: 2 } as const;

const ENDS: readonly string[] = ["job_completed", "job_failed", "job_cancelled"];

export function isEnd(event: JobEvent): boolean {
  return ENDS.includes(event.type);
}

/** Brings the rules up to date with an event that is being told. */
export function note(rules: Rules, tasks: Tasks, event: JobEvent): Happening {
  const task = "job_id" in event ? tasks.get(event.job_id) : undefined;
  if (task === undefined) return { event };
  let change: number | undefined;
  if (event.type === "job_started") change = CHANGE.status;
  else if (event.type === "job_progress") change = CHANGE.progress;
  else if (event.type === "job_retrying") {
    change = CHANGE.status;
    rules.wait(task.number, event.retry_at);
  } else if (isEnd(event)) {
    change = CHANGE.end;
    task.ended = true;
    if (event.type === "job_cancelled") task.endReason = event.reason;
    tasks.finish(task);
  }
  return change === undefined ? { event, task } : { event, task, number: rules.note(task.number, change) };
}

/** Seconds from the first start to the end. */
export function durationOf({ started_at, completed_at }: JobRecord): number {
  return started_at === undefined || completed_at === undefined ? 0 : (completed_at - started_at) / 1000;
}
