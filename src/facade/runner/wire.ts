// Written by `WRITE_WIRE=1 cargo test wire` from src/bindings/runner/wire.rs, where the numbers are named.

/** What a watcher of one job is told. */
export const CHANGE = {
  status: 0,
  progress: 1,
  end: 2,
} as const;

/** Where a histogram's numbers are, from its first on. */
export const HISTOGRAM = {
  count: 0,
  p50: 1,
  p95: 2,
  p99: 3,
  max: 4,
} as const;

/** Where what is measured begins: two histograms, and how many jobs finish in a minute. */
export const METRICS = {
  wait: 0,
  run: 5,
  perMinute: 10,
} as const;
