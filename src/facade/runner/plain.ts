// Values as JSON carries them. A result may be anything; what JSON cannot carry goes as null.

import type { JobRecord } from "../types.js";

export interface Carried {
  readonly value: unknown;
  /** There was something, and it is lost. */
  readonly lost: boolean;
}

export function carry(value: unknown): Carried {
  try {
    const text = JSON.stringify(value);
    if (text !== undefined) return { value: JSON.parse(text), lost: false };
  } catch {
    return { value: null, lost: true };
  }
  return { value: null, lost: value !== undefined };
}

const carried = new WeakMap<JobRecord, JobRecord>();

/** Records do not change, so each is carried over once. */
export function plainRecord(record: JobRecord): JobRecord {
  let plain = carried.get(record);
  if (plain === undefined) {
    plain = carry({ ...record, ...("result" in record && { result: carry(record.result).value }) }).value as JobRecord;
    carried.set(record, plain);
  }
  return plain;
}

export const LOST_RESULT = "The result cannot be written as JSON: null stands for it";
