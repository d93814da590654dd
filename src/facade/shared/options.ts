// What users hand in, read once and checked before anything changes.

import { checkFlag, checkNumber, checkObject, checkString, needFunction } from "../support/check.js";
import { readOptions } from "../wasm/options.js";
import { POLICY } from "./numbers.js";
import type { SharedJobType, SharedRunnerOptions } from "./types.js";

export function policyNumber(policy: unknown): number {
  readOptions({ onDuplicate: policy as never });
  return POLICY[(policy as keyof typeof POLICY | undefined) ?? "join"];
}

export interface CheckedOptions {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: types of all kinds.
  readonly types: readonly SharedJobType<any, unknown, any, any>[];
  readonly builtins: boolean;
  readonly concurrency: number;
  readonly retain: number;
  readonly maxPending: number;
  readonly execute: boolean;
  readonly fallback: "reject" | "memory";
  readonly durability: "relaxed" | "strict";
  readonly takeOverAfter: number;
  readonly maxInterruptions: number;
  readonly trace: boolean;
}

/** A JobRunner's options that a shared one has no use for, and what does it here. */
const NOT_HERE = {
  autoStart: "`execute: false` has a tab run nothing",
  maxPendingPerPort: "it serves no ports; `maxPending` counts all tabs",
};

export function checkOptions(options: SharedRunnerOptions): CheckedOptions {
  checkObject("options", options);
  for (const [field, why] of Object.entries(NOT_HERE)) {
    if ((options as Record<string, unknown>)[field] === undefined) continue;
    throw new TypeError(`${field} is no option of a SharedRunner: ${why}`);
  }
  const { name, types = [], builtins, execute, concurrency, retain, maxPending } = options;
  const { fallback, durability, takeOverAfter, maxInterruptions, trace } = options;
  if (!Array.isArray(types)) throw new TypeError("types must be an array");
  return {
    name: checkString("name", name) ?? "jobgate",
    types,
    builtins: builtins === undefined || checkFlag("builtins", builtins),
    execute: execute === undefined || checkFlag("execute", execute),
    concurrency: checkNumber("concurrency", concurrency, 3),
    retain: needCount("retain", checkNumber("retain", retain, 1000)),
    maxPending: needCount("maxPending", checkNumber("maxPending", maxPending, Infinity)),
    takeOverAfter: checkNumber("takeOverAfter", takeOverAfter, 15_000),
    maxInterruptions: checkNumber("maxInterruptions", maxInterruptions, 3),
    trace: checkFlag("trace", trace),
    fallback: needWord("fallback", fallback, ["reject", "memory"]),
    durability: needWord("durability", durability, ["relaxed", "strict"]),
  };
}

function needCount(field: string, count: number): number {
  if (count >= 0 && (count % 1 === 0 || count === Infinity)) return count;
  throw new RangeError(`${field} must be an integer of at least 0, or Infinity, got ${count}`);
}

/** The first is the default. */
function needWord<Word extends string>(field: string, value: unknown, words: readonly Word[]): Word {
  if (value === undefined) return words[0]!;
  if (words.includes(value as Word)) return value as Word;
  throw new RangeError(`${field} must be one of ${words.map((word) => `"${word}"`).join(", ")}`);
}

export interface CheckedType {
  readonly version: number;
  readonly migrate: ((params: unknown, from: number) => unknown) | undefined;
  readonly strict: boolean;
  readonly failInterrupted: boolean;
  readonly online: number | undefined;
  readonly visible: boolean;
}

/** What a shared type has beyond a runner's. */
// biome-ignore lint/suspicious/noExplicitAny: a type of any kind.
export function checkType(at: string, type: SharedJobType<any, unknown, any, any>): CheckedType {
  const { version, migrate, takeOver, onInterrupted, requires } = type;
  if (migrate !== undefined) needFunction(`${at}.migrate`, migrate);
  checkObject(`${at}.requires`, requires);
  const { online, maxWait, visible } = requires ?? {};
  const wait = checkNumber(`${at}.requires.maxWait`, maxWait, 60_000);
  return {
    version: checkNumber(`${at}.version`, version, 1),
    migrate: migrate && ((params, from) => migrate.call(type, params, from)),
    strict: needWord(`${at}.takeOver`, takeOver, ["available", "strict"]) === "strict",
    failInterrupted: needWord(`${at}.onInterrupted`, onInterrupted, ["retry", "fail"]) === "fail",
    online: checkFlag(`${at}.requires.online`, online) ? wait : undefined,
    visible: checkFlag(`${at}.requires.visible`, visible),
  };
}
