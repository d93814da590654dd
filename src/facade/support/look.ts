// Looking at values of which nothing is known: a getter or a proxy's trap may throw, and a proxy need not ever say the
// same twice. Nothing here throws, and nothing here asks for longer than it has said.

/** The text of anything. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    // Its `toString` throws, or there is none.
  }
  return tagOf(value);
}

/** `[object Error]` for an error of any realm, `[object Int32Array]` for such an array. */
export function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return "[object Object]";
  }
}

/** A field of anything; undefined where it can't be read. */
export function fieldOf(value: unknown, field: string | number): unknown {
  try {
    return (value as Record<string | number, unknown> | null | undefined)?.[field];
  } catch {
    return undefined;
  }
}

export function hasField(value: object, field: string): boolean {
  try {
    return field in value;
  } catch {
    return false;
  }
}

export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    // A proxy that was revoked.
    return false;
  }
}

/** A proxy's prototypes need not end, for which reason `instanceof` is not asked: it would go on for ever. */
const MOST_PROTOTYPES = 32;

/** What it inherits from, nearest first. */
export function prototypesOf(value: object): readonly object[] {
  const chain: object[] = [];
  try {
    for (let proto = Object.getPrototypeOf(value); proto !== null; proto = Object.getPrototypeOf(proto)) {
      chain.push(proto);
      if (chain.length === MOST_PROTOTYPES) break;
    }
  } catch {
    // As far as it lets itself be looked at.
  }
  return chain;
}

/** Of an error its message, of anything else its text. */
export function messageOf(value: unknown): string {
  const message = fieldOf(value, "message");
  return typeof message === "string" ? message : textOf(value);
}

/** A reason in words; none for none. */
export function reasonText(reason: unknown): string | undefined {
  return reason === undefined || reason === null ? undefined : messageOf(reason);
}
