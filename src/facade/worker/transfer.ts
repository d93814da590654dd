const lists = new WeakMap<object, Transferable[]>();

/**
 * Marks what a result hands over to the page instead of copying it: return it from the body. Of a value that is no
 * object there is nothing to hand over.
 */
export function transfer<T>(value: T, list: Transferable[]): T {
  if (!Array.isArray(list)) throw new TypeError("list must be an array of transferable objects");
  if (typeof value === "object" && value !== null) lists.set(value, [...list]);
  return value;
}

export function transfersOf(value: unknown): Transferable[] {
  return lists.get(value as object) ?? [];
}
