/** Items that no two of which are equal, in order. Finding one's place takes the logarithm of how many there are. */
export class SortedList<T> {
  private items: T[] = [];
  private readonly compare: (one: T, other: T) => number;

  constructor(compare: (one: T, other: T) => number) {
    this.compare = compare;
  }

  add(item: T): void {
    const { items } = this;
    // Most come last.
    if (items.length === 0 || this.compare(items.at(-1)!, item) < 0) items.push(item);
    else items.splice(this.placeOf(item), 0, item);
  }

  delete(item: T): void {
    const at = this.placeOf(item);
    if (this.items[at] !== item) return;
    // Most are the first: that is far quicker than to close a gap.
    if (at === 0) this.items.shift();
    else this.items.splice(at, 1);
  }

  clear(): void {
    this.items = [];
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }

  /** Where it is, or would be. */
  private placeOf(item: T): number {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(this.items[middle]!, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
