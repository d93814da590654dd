// Which jobs the queue shows, and in which order.

import type { Job } from "../places/place.ts";

export const filters = ["all", "running", "pending", "completed", "failed", "cancelled"] as const;
export type Filter = (typeof filters)[number];

export const columns = ["id", "type", "status", "progress", "age"] as const;
export type Column = (typeof columns)[number];

/** Undefined: the queue's own order. */
export type Sorting = { readonly by: Column; readonly descending: boolean } | undefined;

const STATUSES: readonly Job["status"][] = ["running", "pending", "completed", "failed", "cancelled"];
const collator = new Intl.Collator("en", { numeric: true });

/** A younger job comes before an older one: compared by when they were made, a list by age needs no clock. */
const comparers: Record<Column, (a: Job, b: Job) => number> = {
  id: (a, b) => collator.compare(a.id, b.id),
  type: (a, b) => collator.compare(a.type, b.type),
  status: (a, b) => STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status),
  progress: (a, b) => a.progress.percent - b.progress.percent,
  age: (a, b) => b.created_at - a.created_at,
};

/** Jobs that compare equal stay in the queue's order. */
export function visibleJobs(jobs: readonly Job[], filter: Filter, sorting: Sorting): readonly Job[] {
  const shown = filter === "all" ? jobs : jobs.filter(({ status }) => status === filter);
  if (!sorting) return shown;
  const compare = comparers[sorting.by];
  return shown.toSorted((a, b) => (sorting.descending ? compare(b, a) : compare(a, b)));
}

/** Upwards, downwards, then back to the queue's order. */
export function nextSorting(sorting: Sorting, by: Column): Sorting {
  if (sorting?.by !== by) return { by, descending: false };
  return sorting.descending ? undefined : { by, descending: true };
}
