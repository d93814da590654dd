import { report } from "../errors.js";

/**
 * Tells listeners one thing after the other: what a listener causes is told after what is being told. A listener that
 * throws is reported and disturbs no other.
 */
export class Line<T> {
  private waiting: T[] = [];
  private telling = false;
  private readonly tell: (item: T) => void;

  constructor(tell: (item: T) => void) {
    this.tell = tell;
  }

  push(item: T): void {
    this.waiting.push(item);
    if (this.telling) return;
    this.telling = true;
    try {
      // Taken from the front one by one, a long line would be moved as often as it has items.
      while (this.waiting.length > 0) {
        const batch = this.waiting;
        this.waiting = [];
        for (const next of batch) this.tell(next);
      }
    } finally {
      this.telling = false;
    }
  }
}

/** Each subscription is one of its own, also of the same function twice. */
export class Listeners<T> {
  private readonly entries = new Set<{ readonly listener: (value: T) => void }>();

  get size(): number {
    return this.entries.size;
  }

  add(listener: (value: T) => void): () => void {
    const entry = { listener };
    this.entries.add(entry);
    return () => {
      this.entries.delete(entry);
    };
  }

  /** Those present now; one that leaves meanwhile is not called. */
  call(value: T): void {
    if (this.entries.size === 0) return;
    for (const entry of [...this.entries]) {
      if (!this.entries.has(entry)) continue;
      try {
        entry.listener(value);
      } catch (error) {
        report(error);
      }
    }
  }
}
