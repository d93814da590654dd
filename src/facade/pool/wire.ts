// Written by `WRITE_WIRE=1 cargo test wire` from src/bindings/pool/wire.rs, where the numbers are named.

/** How many numbers an effect has: what, worker, task, how. */
export const EFFECT_WORDS = 4;

/** What an effect's first number says. */
export const EFFECT = {
  spawn: 0,
  post: 1,
  abort: 2,
  terminate: 3,
  end: 4,
  closed: 5,
  wake: 6,
} as const;

/** How a task has ended, in the last number of `end`. */
export const END = {
  settled: 0,
  stopped: 1,
  killed: 2,
  lost: 3,
  notLoaded: 4,
  closed: 5,
} as const;
