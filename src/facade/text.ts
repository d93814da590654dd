// What can be said of any value, whatever it is: it may be of another realm, or throw when it is looked at.

/** Its text. Never throws. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    try {
      return Object.prototype.toString.call(value);
    } catch {
      return `[${typeof value}]`;
    }
  }
}

/** A field of whatever it is; undefined where there is none, or where it can't be read. */
export function fieldOf(value: unknown, field: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[field];
  } catch {
    return undefined;
  }
}

/** Of an error its message, of anything else its text. */
export function messageOf(value: unknown): string {
  const message = fieldOf(value, "message");
  return typeof message === "string" ? message : textOf(value);
}
