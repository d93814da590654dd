// Reading what servers write where they should have written something else: strict only where the meaning is at stake.
// As src/engine/agents/openai/lenient.rs. All of it has come out of JSON.

export type Json = unknown;
type Fields = Readonly<Record<string, Json>>;

const NO_FIELDS: Fields = {};

export function isFields(value: Json): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Those of an object; of anything else, none. */
export function fields(value: Json): Fields {
  return isFields(value) ? value : NO_FIELDS;
}

/** Not the ones that every object has. */
export function field(value: Json, name: string): Json {
  return isFields(value) && Object.hasOwn(value, name) ? (value[name] ?? undefined) : undefined;
}

/** A text; a number as it is written. */
export function scalar(value: Json): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** A number, also one written as a text. */
export function number(value: Json): number | undefined {
  const given = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof given === "number" && Number.isFinite(given) ? given : undefined;
}

/** Of a choice or a call. */
export function index(value: Json): number | undefined {
  const given = number(value);
  return given !== undefined && given >= 0 && Number.isInteger(given) ? given : undefined;
}

/** The items of a list; an object in its place is the only one. */
export function items(value: Json): readonly Json[] {
  if (Array.isArray(value)) return value;
  return Object.keys(fields(value)).length > 0 ? [value] : [];
}

function firstOf(value: Json, names: readonly string[]): Json {
  for (const name of names) {
    const found = field(value, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The text of a content, which may be a list of parts; what the parts of it think goes to `think`. */
export function content(value: Json, think: (thought: string) => void): string {
  if (Array.isArray(value)) return value.map((part) => content(part, think)).join("");
  if (!isFields(value)) return scalar(value) ?? "";
  const kind = field(value, "type");
  if (kind === "thinking" || kind === "reasoning") {
    think(content(firstOf(value, ["thinking", "reasoning", "text", "content"]), think));
    return "";
  }
  const text = firstOf(value, ["text", "content", "value", "refusal"]);
  const isOdd = text === undefined && (typeof kind !== "string" || kind === "") && items(value).length > 0;
  return isOdd ? JSON.stringify(value) : content(text, think);
}
