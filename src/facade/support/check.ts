// Types of what users hand in. What is wrong is refused with its field, what it must be and what it is.

export function wrongType(field: string, expected: string, given: unknown): TypeError {
  return new TypeError(`${field} must be ${expected}, got ${given === null ? "null" : typeof given}`);
}

export function checkNumber(field: string, value: unknown, fallback: number): number {
  return givenNumber(field, value) ?? fallback;
}

export function givenNumber(field: string, value: unknown): number | undefined {
  return value === undefined ? undefined : needNumber(field, value);
}

export function needNumber(field: string, value: unknown): number {
  if (typeof value !== "number") throw wrongType(field, "a number", value);
  return value;
}

export function checkFlag(field: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== "boolean") throw wrongType(field, "a boolean", value);
  return value === true;
}

export function needFunction(field: string, value: unknown): void {
  if (typeof value !== "function") throw wrongType(field, "a function", value);
}

export function checkObject(field: string, value: unknown): void {
  if (value !== undefined && (typeof value !== "object" || value === null)) throw wrongType(field, "an object", value);
}

export function checkString(field: string, value: unknown): string | undefined {
  if (value !== undefined && typeof value !== "string") throw wrongType(field, "a string", value);
  return value;
}

/** `or`: what else it may be. */
export function checkWord(field: string, value: unknown, words: readonly string[], or = ""): void {
  if (value === undefined || words.includes(value as string)) return;
  const expected = `${or}one of ${words.map((word) => `"${word}"`).join(", ")}`;
  if (typeof value !== "string") throw wrongType(field, expected, value);
  throw new RangeError(`${field} must be ${expected}, got "${value}"`);
}
