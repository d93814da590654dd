// Written by `WRITE_WIRE=1 cargo test wire` from src/bindings/wire.rs, where the numbers are named.

/** What an effect's first word says. */
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
export const EFFECT_WORDS: readonly number[] = [0, 3, 3, 3, 6, 3, 6, 7, 2, 2, 2, 1];

/** The words of the header, where effects are found. */
export const HEADER = {
  words: 0,
  len: 1,
  newestSerial: 2,
  listeners: 3,
} as const;

/** Of two numbers in one word, the lower has so many bits. */
export const LOW_BITS = 2;

/** Its bits. */
export const LOW_MASK = 3;

/** Above the cause, in the word of `ended` that has it. */
export const ENDED = {
  forgotten: 4,
  abandoned: 8,
} as const;

/** The same of `abort`. */
export const ABORT = {
  last: 4,
} as const;

/** How a job ended: its status, which is below these while it has not. */
export const END = {
  normal: 2,
  failed: 3,
  cancelled: 4,
} as const;

/** What has become of a run; its job is above. */
export const RAN = {
  pending: 0,
  started: 1,
  alreadyRunning: 2,
} as const;

/** How a body has settled. */
export const OUTCOME = {
  resolved: 0,
  rejected: 1,
} as const;

/** Why a body is asked to end. */
export const CAUSE = {
  none: 0,
  stop: 1,
  timeout: 2,
  replaced: 3,
} as const;

/** Where a change comes from. */
export const SOURCE = {
  emitter: 0,
  job: 1,
  manager: 2,
  key: 3,
} as const;

/** What is listened for. */
export const CHANNEL = {
  value: 0,
  state: 1,
  progress: 2,
  stopped: 3,
  action: 4,
  event: 5,
  change: 6,
  key: 7,
  order: 8,
  continuation: 9,
} as const;

/** What happened to a job. */
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

/** Where a job is in its life, by its code. */
export const STATUS = ["pending", "running", "completed", "failed", "cancelled"] as const;

/** What to do where a key is taken. */
export const POLICY = {
  join: 0,
  replace: 1,
  queue: 2,
  reject: 3,
} as const;

/** Which run options are given, and the yes-or-no ones. */
export const GIVEN = {
  priority: 1,
  timeout: 2,
  delay: 4,
  retry: 8,
  fixedBackoff: 16,
  noJitter: 32,
  aborted: 64,
  abandonAfter: 1024,
  retryDelay: 2048,
  retryMaxDelay: 4096,
  mayWaitAlone: 8192,
} as const;

/** The same of managers. */
export const MANAGER_FLAGS = {
  paused: 128,
  rateLimited: 256,
  groupRateLimited: 512,
} as const;

/** What commands answer below zero. */
export const REFUSED = {
  noDifference: -1,
  bounds: -2,
  duplicate: -3,
  full: -4,
  closed: -5,
} as const;

/** Instead of a listener's number. */
export const LISTENING = {
  nothingToHear: -1,
  latched: -2,
} as const;

/** In place of the number of a job or of a value. */
export const NONE = 4294967295;

/** So many starts a rate limit that comes later still knows of. */
export const STARTS_KEPT = 1024;
