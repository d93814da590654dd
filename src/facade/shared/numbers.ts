// The numbers of src/bindings/shared/numbers.rs.

/** Of one queue. */
export const MOST_SLOTS = 64;

/** One job's, in this order. */
export type Row = readonly number[];

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
  sent: 19,
  handled: 20,
} as const;
export const ROW = 27;

export const STATUS = ["pending", "running", "completed", "failed", "cancelled"] as const;
export const PENDING = 0;
export const RUNNING = 1;
export const COMPLETED = 2;
export const FAILED = 3;
export const CANCELLED = 4;

export const isOver = (row: Row) => row[AT.status]! > RUNNING;

export const WAITING = [
  "slot",
  "delay",
  "retry",
  "online",
  "visible",
  "type",
  "migration",
  "storage",
  undefined,
] as const;

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
} as const;
export const EFFECT_SIZE = 9;

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
} as const;

export const ANSWER = { written: 0, refused: 1, failed: 2 } as const;
export const OUTCOME = { resolved: 0, final: 1, rejected: 2, timedOut: 3, released: 4 } as const;
export const WHY = { stop: 0, timeout: 1, lost: 2, handover: 3 } as const;
export const RECOVERY = { none: -1, again: 0, cancelled: 1, interrupted: 2, crashLoop: 3 } as const;
