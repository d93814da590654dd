// Values as JSON carries them. A result may be anything; for what JSON cannot carry, null stands.

import { tagOf } from "../support/look.js";
import type { JobRecord } from "../types.js";
import { isPlain } from "./inert.js";

/** Characters of JSON that a result or a job's params may have on the wire. */
export const LARGEST_VALUE = 262_144;
/** Characters of a message, a reason, a log line there. */
const LONGEST_TEXT = 10_000;
/** What a value counts for beside its text. */
const EACH = 2;

const LOST_PART = "Not all of the result can be written as JSON: null stands for what cannot";
const LOST_WHOLE = `The result has more than ${LARGEST_VALUE} characters as JSON: null stands for it`;

export interface Carried {
  readonly value: unknown;
  /** Characters of JSON. */
  readonly size: number;
  /** There was something that is lost: in words. */
  readonly lost?: string;
}

/** A record, or what tells of an end. Unlike the result itself, which is the user's own object, it does not change. */
interface WithResult {
  readonly result?: unknown;
}

const results = new WeakMap<WithResult, Carried>();

/** Written once, for all who are told. */
export function carryResult(told: WithResult): Carried {
  let known = results.get(told);
  if (known === undefined) {
    known = carry(told.result);
    results.set(told, known);
  }
  return known;
}

/** As the value is now. */
export function carry(value: unknown): Carried {
  if (value === undefined) return { value: null, size: EACH };
  let lost: string | undefined;
  let size = 0;
  function orNull(this: Record<string, unknown>, key: string, part: unknown): unknown {
    size += EACH + (typeof part === "string" ? part.length : 0);
    // Ends here what may have no end.
    if (size > LARGEST_VALUE) throw LOST_WHOLE;
    // A date that is no moment is null before it comes here.
    if (part === null ? !isDate(this[key]) : isData(part)) return part;
    lost = LOST_PART;
    return null;
  }
  try {
    const text = JSON.stringify(value, orNull);
    if (text.length > LARGEST_VALUE) throw LOST_WHOLE;
    return { value: JSON.parse(text), size: text.length, ...(lost !== undefined && { lost }) };
  } catch (error) {
    return { value: null, size: EACH, lost: error === LOST_WHOLE ? LOST_WHOLE : LOST_PART };
  }
}

const isDate = (value: unknown) => tagOf(value) === "[object Date]";

/** Of what JSON would write, often as `{}` or null, what it means. A date or a URL has become a string before. */
function isData(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean" || value === undefined;
  if (value === null || Array.isArray(value) || isPlain(value)) return true;
  // An object of an app's class is its fields. What has none to show, or other things beside, is something else.
  const isError = Object.prototype.toString.call(value) === "[object Error]";
  return Object.keys(value).length > 0 && !ArrayBuffer.isView(value) && !isError;
}

export function clip(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

export function clipError(error: NonNullable<JobRecord["error"]>): NonNullable<JobRecord["error"]> {
  const { name, message, code } = error;
  return { name: clip(name), message: clip(message), ...(code !== undefined && { code: clip(code) }) };
}

interface CarriedRecord {
  readonly record: JobRecord;
  /** Characters of JSON, about. */
  readonly size: number;
}

const records = new WeakMap<JobRecord, CarriedRecord>();
/** Characters of a record's fields, beside its values and texts. */
const FRAME = 300;

/** Likewise of records. Params and results that are too large are null there. */
export function carryRecord(record: JobRecord): CarriedRecord {
  let known = records.get(record);
  if (known === undefined) {
    const { progress, error, reason } = record;
    const params = carry(record.params);
    const result = "result" in record ? carryResult(record) : undefined;
    const plain: JobRecord = {
      ...record,
      params: params.value,
      progress: { percent: progress.percent, message: clip(progress.message) },
      ...(result !== undefined && { result: result.value }),
      ...(error !== undefined && { error: clipError(error) }),
      ...(reason !== undefined && { reason: clip(reason) }),
    };
    const { name = "", message = "", code = "" } = plain.error ?? {};
    const texts = [record.type, plain.progress.message, plain.reason ?? "", name, message, code];
    const size = FRAME + params.size + (result?.size ?? 0) + texts.join("").length;
    known = { record: plain, size };
    records.set(record, known);
  }
  return known;
}
