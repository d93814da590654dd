import type { Job } from "./places/place.ts";

const MINUTE = 60_000;

/** Of the jobs that have ended and are kept: how many in the last minute, how long 95 of a hundred waited and ran at most. */
export function metricsOf(jobs: readonly Job[], now: number) {
  const ended = jobs.filter(({ completed_at }) => completed_at !== undefined);
  const ran = ended.filter(({ started_at }) => started_at !== undefined);
  return {
    aMinute: ended.filter(({ completed_at }) => completed_at! > now - MINUTE).length,
    wait: p95(ran.map(({ created_at, started_at }) => started_at! - created_at)),
    run: p95(ran.map(({ started_at, completed_at }) => completed_at! - started_at!)),
  };
}

function p95(times: readonly number[]): number | undefined {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1];
}
