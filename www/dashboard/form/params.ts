// From what stands in the fields to the params that the runner is given. What is right or wrong is the runner's to say.

import type { ParamSpec } from "jobgate/runner";

type Spec = Omit<ParamSpec, "name">;

/** A field's content: its text, or for a tick box whether it is ticked. */
export type Raw = string | boolean;
export type RawParams = Readonly<Record<string, Raw>>;

/** Given by a number field whose text is no number. */
export const NOT_A_NUMBER = "\0";

/** Without what is no number: its text is in its field alone, and goes with that. */
export const legible = (raw: RawParams): RawParams =>
  Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== NOT_A_NUMBER));

const isNumeric = ({ type }: Spec): boolean => type === "integer" || type === "number";

export function firstRaw(spec: ParamSpec): Raw {
  if (spec.type === "boolean") return spec.default === true;
  if (Array.isArray(spec.default)) return spec.default.join("\n");
  return spec.default === undefined ? "" : String(spec.default);
}

/** An empty field is a param that was not given. */
export function paramsOf(specs: readonly ParamSpec[], raw: RawParams): Record<string, unknown> {
  const given = specs.map((spec) => [spec.name, givenBy(spec, raw[spec.name] ?? firstRaw(spec))] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function givenBy(spec: Spec, raw: Raw): unknown {
  if (typeof raw === "boolean") return raw;
  if (spec.type === "array") {
    const lines = raw.split("\n").filter((line) => line.trim() !== "");
    return lines.map((line) => givenBy(spec.items ?? { type: "string" }, line.trim()));
  }
  if (raw === "") return undefined;
  const chosen = spec.enum?.find((choice) => String(choice) === raw);
  if (chosen !== undefined) return chosen;
  if (spec.type === "boolean") return raw === "true" ? true : raw === "false" ? false : raw;
  if (!isNumeric(spec)) return raw;
  if (raw === NOT_A_NUMBER) return Number.NaN;
  const number = Number(raw);
  return Number.isNaN(number) ? raw : number; // a word in a list of numbers: the runner names it
}

const whole = new Intl.NumberFormat("en");
const inWords = (value: unknown): string => (typeof value === "number" ? whole.format(value) : String(value));

/** "1 to 60, default 10": what a param may be, in a few words. */
export function boundsOf(spec: Spec): string {
  const { min, max, type } = spec;
  const unit = type === "string" || type === "url" ? " characters" : type === "array" ? ", one a line" : "";
  const bounds: string[] = [];
  if (min !== undefined && max !== undefined) bounds.push(`${inWords(min)} to ${inWords(max)}${unit}`);
  else if (min !== undefined) bounds.push(`at least ${inWords(min)}${unit}`);
  else if (max !== undefined) bounds.push(`at most ${inWords(max)}${unit}`);
  if (spec.default !== undefined && type !== "boolean") bounds.push(`default ${inWords(spec.default)}`);
  return bounds.join(", ");
}

/** Of a fault in an item, `urls[2]`, the param is `urls`. */
export const paramOf = (fault: string): string => fault.replace(/\[.*$/s, "");
