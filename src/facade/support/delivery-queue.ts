import { report } from "../errors.js";

/**
 * Tells listeners one thing after the other: what a listener causes is told after what is being told. A listener that
 * throws is reported and disturbs no other.
 */
export class DeliveryQueue<T> {
  private waiting: T[] = [];
  private telling = false;
  private failed: { readonly error: unknown } | undefined = undefined;
  private readonly tell: (item: T) => void;

  constructor(tell: (item: T) => void) {
    this.tell = tell;
  }

  /** Throws what telling one has thrown, once all are told. */
  push(item: T): void {
    if (this.telling) {
      this.waiting.push(item);
      return;
    }
    this.telling = true;
    this.tellOne(item);
    // In rounds: what comes meanwhile waits in a new list. Taking the first out of a long one would move all the others.
    while (this.waiting.length > 0) {
      const round = this.waiting;
      this.waiting = [];
      for (const next of round) this.tellOne(next);
    }
    this.telling = false;
    const { failed } = this;
    this.failed = undefined;
    if (failed !== undefined) throw failed.error;
  }

  private tellOne(item: T): void {
    try {
      this.tell(item);
    } catch (error) {
      this.failed ??= { error };
    }
  }
}

/** Each subscription is one of its own, also of the same function twice. */
export class Listeners<T> {
  private readonly entries = new Set<{ readonly listener: (value: T) => void }>();

  /** @param tell is told what a listener throws. */
  constructor(private readonly tell: (error: unknown) => void = report) {}

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
        this.tell(error);
      }
    }
  }
}
