// The rules' numbers, and what they mean here.

import { AT, STATE } from "./wire.js";

export * from "./wire.js";

/** One job's, in the order of `AT`. */
export type Row = readonly number[];

export const PENDING = STATE.pending;
export const RUNNING = STATE.running;
export const COMPLETED = STATE.completed;
export const FAILED = STATE.failed;
export const CANCELLED = STATE.cancelled;

export const isOver = (row: Row) => row[AT.status]! > RUNNING;
