// What is still worth telling a reader of events who is far behind.

import type { JobEvent } from "../types.js";

/** Of progress and statistics only the newest matters: what is unread gives way to it. */
export function newestOnly(event: JobEvent): string | undefined {
  if (event.type === "job_progress") return `progress of ${event.job_id}`;
  return event.type === "stats_update" ? event.type : undefined;
}

/** So many lines of logs, the newest. */
const LINES = 1000;

/** Of those that a later one supersedes, only the newest, and none once the job has ended. */
const SUPERSEDED = new Set<JobEvent["type"]>(["job_started", "job_stopping", "job_retrying", "job_progress"]);
const ENDS = new Set<JobEvent["type"]>(["job_completed", "job_failed", "job_cancelled"]);

const jobOf = (event: JobEvent): string | undefined =>
  event.type === "job_created" ? event.job.id : "job_id" in event ? event.job_id : undefined;

/** What is unread of one job: an id may be another's later. */
interface Unread {
  isNew: boolean;
  isRemoved: boolean;
  hasEnded: boolean;
  readonly told: Set<JobEvent["type"]>;
}

/**
 * Leaves of each job that is there, or that the reader has heard of, a handful: whether it is there, where it stands, how
 * it ended. A job that came, ended and was removed unread is not told of at all; the statistics have counted it.
 */
export function condense(events: JobEvent[]): JobEvent[] {
  const unread = new Map<string | undefined, Unread>();
  const owned = events.map((event) => {
    const { type } = event;
    const id = jobOf(event);
    let job = unread.get(id);
    if (job === undefined || type === "job_created") {
      job = { isNew: type === "job_created", isRemoved: false, hasEnded: false, told: new Set() };
      unread.set(id, job);
    }
    job.isRemoved ||= type === "job_removed";
    job.hasEnded ||= ENDS.has(type);
    return { event, job };
  });
  let lines = 0;
  const isWorthTelling = ({ event: { type }, job }: (typeof owned)[number]): boolean => {
    if (job.isNew && job.isRemoved) return false;
    if (type === "job_log") return ++lines <= LINES;
    if (!SUPERSEDED.has(type)) return true;
    if (job.hasEnded || job.told.has(type)) return false;
    job.told.add(type);
    return true;
  };
  // Newest first, which is what stays.
  const kept = owned.reverse().filter(isWorthTelling).reverse();
  return kept.map(({ event }) => event);
}
