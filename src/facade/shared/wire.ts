// Written by `WRITE_WIRE=1 cargo test wire` from src/bindings/shared/wire.rs, where the numbers are named.

/** Where a row's numbers are. */
export const AT = {
  status: 0,
  epoch: 1,
  attempt: 2,
  failures: 3,
  interruptions: 4,
  version: 5,
  priority: 6,
  place: 7,
  created_at: 8,
  started_at: 9,
  ended_at: 10,
  ready_at: 11,
  wait: 12,
  stop: 13,
  behind: 14,
  slot: 15,
  generation: 16,
  strict: 17,
  fail_interrupted: 18,
  sent: 19,
  handled: 20,
  timeout: 21,
} as const;

/** How many a row has. */
export const ROW = 27;

/** Where a job stands, by its number. */
export const STATUS = ["pending", "running", "completed", "failed", "cancelled"] as const;

/** The same by name. */
export const STATE = {
  pending: 0,
  running: 1,
  completed: 2,
  failed: 3,
  cancelled: 4,
} as const;

/** What a pending job waits for, by its number; the one after them, its key, goes without a word. */
export const WAITING = ["slot", "delay", "retry", "online", "visible", "type", "migration", "storage"] as const;

/** What to do where a key is taken. */
export const POLICY = {
  join: 0,
  replace: 1,
  queue: 2,
  reject: 3,
} as const;

/** What a new job is answered with where it is not created: a job that is there, or an error. */
export const CREATE = {
  same: 0,
  standing: 1,
  waiting: 2,
  duplicate: 3,
  full: 4,
} as const;

/** Of one that is created: it is behind the one that stands; that one, or the one that waits, is stopped. */
export const INSERT = {
  behind: 1,
  standing: 2,
  waiting: 4,
} as const;

/** What an effect's first number says. */
export const EFFECT = {
  ask: 0,
  drop: 1,
  read: 2,
  enter: 3,
  retire: 4,
  settle: 5,
  run: 6,
  abort: 7,
  deliver: 8,
  acknowledge: 9,
  left: 10,
  mark: 11,
} as const;

/** How many numbers an effect has: what, then what of. */
export const EFFECT_SIZE = 9;

/** What a tab is told. */
export const TELL = {
  gone: 0,
  readDone: 1,
  hint: 2,
  granted: 3,
  lockLost: 4,
  parked: 5,
  visible: 6,
  online: 7,
  tick: 8,
  leave: 9,
  back: 10,
  going: 11,
} as const;

/** What became of a transaction. */
export const ANSWER = {
  written: 0,
  refused: 1,
  failed: 2,
} as const;

/** What became of a run; `final`: with no retry. */
export const OUTCOME = {
  resolved: 0,
  final: 1,
  rejected: 2,
  timedOut: 3,
  released: 4,
} as const;

/** Why a run is to end. */
export const WHY = {
  stop: 0,
  timeout: 1,
  lost: 2,
  handover: 3,
} as const;

/** What became of a job whose owner is gone; `none`: nothing. */
export const RECOVERY = {
  none: -1,
  again: 0,
  cancelled: 1,
  interrupted: 2,
  crashLoop: 3,
} as const;

/** So many slots a queue has at most. */
export const MOST_SLOTS = 64;
