// What users and ports hand in, as inert data: a copy that is bounded and that nothing happens in when it is looked at.
// The only file that looks into values that are not the runner's own; the rules judge the copy.

import { isWellFormed } from "../support/well-formed.js";

/** What a copy may be: a guard against what has no end. */
export interface Bounds {
  /** Of UTF-8 text, names and strings; each value counts for two more. */
  readonly bytes: number;
  /** Numbers, strings, lists, … */
  readonly values: number;
  /** Levels of lists and objects in one another. */
  readonly depth: number;
}

/** What is known of a value before it is looked into: a list that is longer than it may be is not. */
export interface Shape {
  readonly max?: number | undefined;
  readonly items?: Shape | undefined;
  readonly fields?: ReadonlyMap<string, Shape> | undefined;
}

export interface Inert {
  readonly value: unknown;
  readonly bytes: number;
  /** There is something in it that JSON has no word for. */
  readonly isOdd: boolean;
}

const DEEPEST = 64;
export const PARAMS: Bounds = { bytes: 64_000_000, values: 4_000_000, depth: DEEPEST };
/** A message holds params one level down: they may be as deep as those of the runner's own `createJob`. */
export const MESSAGE: Bounds = { bytes: 1_000_000, values: 500_000, depth: DEEPEST + 1 };

/** What a value counts for beside its text: about what JSON spends on it. */
const EACH = 2;
const TOO_LARGE = Symbol();

class NotPlain {}
/** Two prototypes up, as no plain object is. */
class LongList extends NotPlain {
  constructor(readonly length: number) {
    super();
  }
}
const NOT_PLAIN = Object.freeze(new NotPlain());
const NOT_DATA = Object.freeze(() => {});

/** Where they stand, for what a port can't carry: by kind, as `typeof` says it, or a number's name. */
export const STAND_INS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["undefined", undefined],
  ["function", NOT_DATA],
  ["symbol", Symbol()],
  ["bigint", BigInt(0)],
  ["object", NOT_PLAIN],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/** Undefined: it is larger than it may be. */
export function inert(value: unknown, bounds: Bounds, shape?: Shape): Inert | undefined {
  const copier = new Copier(bounds);
  try {
    const copy = copier.copy(value, 0, shape);
    return { value: copy, bytes: bounds.bytes - copier.bytes, isOdd: copier.isOdd };
  } catch (error) {
    if (error !== TOO_LARGE) throw error;
    return undefined;
  }
}

class Copier {
  bytes: number;
  isOdd = false;
  private values: number;
  private readonly depth: number;
  /** Those that are being looked into. */
  private readonly above = new Set<object>();

  constructor({ bytes, values, depth }: Bounds) {
    this.bytes = bytes;
    this.values = values;
    this.depth = depth;
  }

  copy(value: unknown, depth: number, shape: Shape | undefined): unknown {
    this.spend(EACH);
    if (--this.values < 0) throw TOO_LARGE;
    switch (typeof value) {
      case "string":
        this.spendText(value);
        return value;
      case "number":
        this.isOdd ||= !Number.isFinite(value);
        return value;
      case "boolean":
        return value;
      case "object":
        return value === null ? null : this.look(value, depth, shape);
      case "function":
        this.isOdd = true;
        return NOT_DATA;
      default:
        this.isOdd = true;
        return value;
    }
  }

  /** What throws when it is looked at, is nested without measure or in itself, is no data. */
  private look(value: object, depth: number, shape: Shape | undefined): unknown {
    if (depth >= this.depth || this.above.has(value)) return this.notPlain(NOT_PLAIN);
    this.above.add(value);
    try {
      if (Array.isArray(value)) return this.list(value, depth, shape);
      return isPlain(value) ? this.fields(value, depth, shape) : this.notPlain(NOT_PLAIN);
    } catch (error) {
      if (error === TOO_LARGE) throw error;
      return this.notPlain(NOT_PLAIN);
    } finally {
      this.above.delete(value);
    }
  }

  private list(value: readonly unknown[], depth: number, shape: Shape | undefined): unknown {
    const { length } = value;
    if (length > (shape?.max ?? Infinity)) return this.notPlain(new LongList(length));
    if (!(length * EACH <= this.bytes && length <= this.values)) throw TOO_LARGE;
    const items: unknown[] = [];
    for (let index = 0; index < length; index++) items.push(this.copy(value[index], depth + 1, shape?.items));
    return items;
  }

  private fields(value: object, depth: number, shape: Shape | undefined): unknown {
    const fields = {};
    for (const name of Reflect.ownKeys(value)) {
      if (typeof name !== "string") continue;
      this.spendText(name);
      // Where its fields are told apart, it would be another's name.
      if (!isWellFormed(name)) return this.notPlain(NOT_PLAIN);
      const field = this.copy((value as Record<string, unknown>)[name], depth + 1, shape?.fields?.get(name));
      // Set as others are, "__proto__" would be taken for the prototype.
      if (name === "__proto__") {
        Object.defineProperty(fields, name, { value: field, enumerable: true, configurable: true, writable: true });
      } else (fields as Record<string, unknown>)[name] = field;
    }
    return fields;
  }

  private notPlain(standIn: object): object {
    this.isOdd = true;
    return standIn;
  }

  private spend(bytes: number): void {
    this.bytes -= bytes;
    if (this.bytes < 0) throw TOO_LARGE;
  }

  private spendText(text: string): void {
    // Before its characters are looked at; then what it has beyond a byte each.
    this.spend(text.length);
    let more = 0;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) more += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
    }
    this.spend(more);
  }
}

/** An object as literals and JSON make them, also one of another realm: nothing above its prototype. */
export function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
