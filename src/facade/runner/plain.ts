// Values as JSON carries them. A result may be anything; for what JSON cannot carry, null stands.

import type { JobRecord } from "../types.js";

export interface Carried {
  readonly value: unknown;
  /** There was something, and it is lost. */
  readonly lost: boolean;
}

export function carry(value: unknown): Carried {
  if (value === undefined) return { value: null, lost: false };
  let lost = false;
  const orNull = (_: string, part: unknown) => {
    if (isData(part)) return part;
    lost = true;
    return null;
  };
  try {
    return { value: JSON.parse(JSON.stringify(value, orNull)), lost };
  } catch {
    return { value: null, lost: true };
  }
}

/** Of what JSON would write, often as `{}` or null, what it means. A date or a URL has become a string before. */
function isData(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean" || value === undefined;
  if (value === null || Array.isArray(value) || isPlain(value)) return true;
  // An object of an app's class is its fields. What has none to show, or other things beside, is something else.
  return Object.keys(value).length > 0 && !ArrayBuffer.isView(value) && !(value instanceof Error);
}

/** As literals make them, also of another realm. */
function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
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

export const LOST_RESULT = "Not all of the result can be written as JSON: null stands for what cannot";
