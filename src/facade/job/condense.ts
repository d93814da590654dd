// What is still worth telling a reader of events who is far behind.

import type { JobEvent } from "../types.js";

/** So many lines of logs, the newest. */
const LINES = 1000;

/** Of those that a later one supersedes, only the newest, and none once the job has ended. */
const SUPERSEDED = new Set<JobEvent["type"]>(["job_started", "job_stopping", "job_retrying", "job_progress"]);
const ENDS = new Set<JobEvent["type"]>(["job_completed", "job_failed", "job_cancelled"]);

const jobOf = (event: JobEvent): string | undefined =>
  event.type === "job_created" ? event.job.id : "job_id" in event ? event.job_id : undefined;

/**
 * Leaves of each job that is there, or that the reader has heard of, a handful: whether it is there, where it stands, how
 * it ended. A job that came, ended and was removed unread is not told of at all; the statistics have counted it.
 */
export function condense(events: JobEvent[]): JobEvent[] {
  const idsOf = (wanted: (event: JobEvent) => boolean) => new Set(events.filter(wanted).map(jobOf));
  const created = idsOf(({ type }) => type === "job_created");
  const removed = idsOf(({ type }) => type === "job_removed");
  const ended = idsOf(({ type }) => ENDS.has(type));
  const told = new Set<string>();
  let lines = 0;
  const isWorthTelling = (event: JobEvent): boolean => {
    const id = jobOf(event);
    if (created.has(id) && removed.has(id)) return false;
    if (event.type === "job_log") return ++lines <= LINES;
    if (!SUPERSEDED.has(event.type)) return true;
    const what = `${event.type} ${id}`;
    if (ended.has(id) || told.has(what)) return false;
    told.add(what);
    return true;
  };
  // Newest first, which is what stays.
  return events.reverse().filter(isWorthTelling).reverse();
}
