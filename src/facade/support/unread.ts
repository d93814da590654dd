// What the reader of a stream has not read yet: first in, first out, at the same cost however much there is.

interface Entry<T> {
  readonly key: string | undefined;
  readonly event: T;
}

/** So much is kept as it came, for readers that are slow now and then. */
const WHOLE = 5000;

export class Unread<T> {
  size = 0;
  /** Undefined where one has been read or has given way. */
  private entries: (Entry<T> | undefined)[] = [];
  /** Where the first may be. */
  private first = 0;
  /** Where the newest of each key is. */
  private readonly byKey = new Map<string, number>();
  private limit = 2 * WHOLE;

  /** @param condense says what of so many is still worth telling: some of them, in order. */
  constructor(private readonly condense: (events: T[]) => T[] = (events) => events) {}

  /** With a key, it takes the place of what is unread under it. */
  push(event: T, key?: string): void {
    if (key !== undefined) {
      const older = this.byKey.get(key);
      if (older !== undefined) this.remove(older);
      this.byKey.set(key, this.entries.length);
    }
    this.entries.push({ key, event });
    this.size++;
    if (this.entries.length > this.limit) this.tidy();
  }

  /** The first; undefined if there is none. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    while (this.entries[this.first] === undefined) this.first++;
    const { event, key } = this.entries[this.first]!;
    if (key !== undefined) this.byKey.delete(key);
    this.remove(this.first++);
    if (this.size === 0) this.clear();
    return event;
  }

  clear(): void {
    this.size = 0;
    this.entries = [];
    this.first = 0;
    this.byKey.clear();
  }

  private remove(at: number): void {
    this.entries[at] = undefined;
    this.size--;
  }

  /** At least half of what is here then has come since the last time. */
  private tidy(): void {
    const present = this.entries.filter((entry) => entry !== undefined);
    this.clear();
    const isCrowded = present.length > WHOLE;
    const kept = isCrowded && new Set(this.condense(present.map(({ event }) => event)));
    for (const entry of present) {
      if (kept && !kept.has(entry.event)) continue;
      if (entry.key !== undefined) this.byKey.set(entry.key, this.entries.length);
      this.entries.push(entry);
    }
    this.size = this.entries.length;
    this.limit = 2 * Math.max(WHOLE, this.size);
  }
}
