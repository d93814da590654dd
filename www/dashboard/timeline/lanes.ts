// Where each stretch of a job's life stands on the timeline. Times are epoch milliseconds; what goes on has no end yet.

import type { Job } from "../places/place.ts";
import { isTakenOver, type Run, runsOf } from "../runs.ts";

export interface Stretch {
  readonly job: Job;
  readonly from: number;
  /** Infinity: still going on. */
  readonly to: number;
  readonly lane: number;
}

/** `tried`: an attempt that failed and was followed by another. `left`: who ran it went away, or let go of it. */
export interface Bar extends Stretch {
  readonly tone: "running" | "completed" | "failed" | "cancelled" | "tried" | "left";
  readonly by: string;
}

export interface Lanes {
  readonly bars: readonly Bar[];
  readonly waits: readonly Stretch[];
  /** Lanes that bars use. */
  readonly count: number;
  /** When jobs ended, in order. */
  readonly ends: readonly number[];
  /** From the first job's creation to the last known change. */
  readonly from: number;
  readonly to: number;
}

export const WAIT_LANES = 10;
/** A shorter wait is none. */
const WAIT_MS = 5;

interface Span {
  readonly job: Job;
  readonly from: number;
  readonly to: number;
}

export function lanesOf(jobs: readonly Job[], told: ReadonlyMap<string, readonly Run[]>): Lanes {
  const bars: (Span & Pick<Bar, "tone" | "by">)[] = [];
  const waits: Span[] = [];
  const ends: number[] = [];
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const job of jobs) {
    const runs = runsOf(job, told);
    const end = job.completed_at ?? Number.POSITIVE_INFINITY;
    let waitsSince = job.created_at;
    for (const [at, run] of runs.entries()) {
      waits.push({ job, from: waitsSince, to: run.from });
      const ranTo = run.to ?? end;
      bars.push({ job, from: run.from, to: ranTo, tone: toneOf(job, run, runs[at + 1]), by: run.by });
      waitsSince = ranTo;
    }
    if (waitsSince < end) waits.push({ job, from: waitsSince, to: end });
    if (end !== Number.POSITIVE_INFINITY) ends.push(end);
    from = Math.min(from, job.created_at);
    to = Math.max(to, job.completed_at ?? runs.at(-1)?.from ?? job.created_at);
  }
  const placed = placeBars(bars);
  return {
    bars: placed,
    waits: placeWaits(waits.filter((wait) => wait.to - wait.from >= WAIT_MS)),
    count: placed.reduce((most, { lane }) => Math.max(most, lane + 1), 0),
    ends: ends.sort((a, b) => a - b),
    from,
    to,
  };
}

function toneOf(job: Job, run: Run, next: Run | undefined): Bar["tone"] {
  if (run.error !== undefined) return "tried";
  if (run.handedOver || isTakenOver(run, next) || job.status === "pending") return "left";
  return job.status;
}

/** Each bar in the lowest lane that is free when it begins. */
function placeBars(bars: readonly (Span & Pick<Bar, "tone" | "by">)[]): Bar[] {
  const freeAt: number[] = [];
  return bars
    .toSorted((a, b) => a.from - b.from)
    .map((bar) => {
      const free = freeAt.findIndex((at) => at <= bar.from);
      const lane = free === -1 ? freeAt.length : free;
      freeAt[lane] = bar.to;
      return { ...bar, lane };
    });
}

/** The lanes show who is next: where all are taken, a wait shows from when one becomes free. Others are not shown. */
function placeWaits(waits: readonly Span[]): Stretch[] {
  const freeAt = new Array<number>(WAIT_LANES).fill(Number.NEGATIVE_INFINITY);
  const placed: Stretch[] = [];
  for (const wait of waits.toSorted((a, b) => (a.to === b.to ? 0 : a.to - b.to))) {
    const free = freeAt.findIndex((at) => at <= wait.from);
    const lane = free === -1 ? freeAt.indexOf(Math.min(...freeAt)) : free;
    const from = Math.max(wait.from, freeAt[lane] ?? 0);
    if (from >= wait.to) continue;
    freeAt[lane] = wait.to;
    placed.push({ job: wait.job, from, to: wait.to, lane });
  }
  return placed;
}

/** How many ended in the `width` before each of `samples` times that are spread over the view, as a rate a minute. */
export function throughput(
  ends: readonly number[],
  from: number,
  to: number,
  samples: number,
  width: number,
): number[] {
  let [entered, left] = [0, 0];
  return Array.from({ length: samples + 1 }, (_, at) => {
    const time = from + ((to - from) * at) / samples;
    while (entered < ends.length && (ends[entered] ?? 0) <= time) entered += 1;
    while (left < ends.length && (ends[left] ?? 0) <= time - width) left += 1;
    return ((entered - left) * 60_000) / width;
  });
}
