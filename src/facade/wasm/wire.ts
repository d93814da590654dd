// The words of src/bindings/effects.rs: what the engine writes and how it is read.

export const EFFECT = {
  start: 1,
  abort: 2,
  askRetry: 3,
  ended: 4,
  forgotten: 5,
  deliver: 6,
  event: 7,
  pendingBelow: 8,
  idle: 9,
  waitOver: 10,
  wake: 11,
} as const;

/** How many words an effect has, by its code. */
export const EFFECT_WORDS: readonly number[] = [0, 3, 3, 2, 3, 3, 6, 7, 2, 2, 2, 1];

/** Completion codes; 0 is "not yet". */
export const END = { normal: 1, failed: 2, cancelled: 3 } as const;
export const CAUSE = { none: 0, stop: 1, timeout: 2, replaced: 3 } as const;
export const NO_JOB = 0xffffffff;

export const EVENT = {
  created: 0,
  started: 1,
  progress: 2,
  log: 3,
  retrying: 4,
  completed: 5,
  failed: 6,
  cancelled: 7,
  removed: 8,
  stats: 9,
  stopping: 10,
} as const;
