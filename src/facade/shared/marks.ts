// What a page that goes says of the jobs that ran in it. In localStorage: what such a page writes to IndexedDB, Chromium may
// drop, though it be committed (of some 2,000 pages that were loaded anew 0.4 %).

/** The run that the page has left. */
export interface Left {
  readonly id: string;
  readonly epoch: number;
}

/** One for each slot. Where there is no localStorage, as in workers, or it is full, a page goes without a word. */
export interface Marks {
  /** At once, and without the page: it may die now. */
  set(slot: number, left: Left): void;
  /** Reads it, and removes it. */
  take(slot: number): Left | undefined;
}

export const NO_MARKS: Marks = { set() {}, take: () => undefined };

export const marksOf = (name: string): Marks => ({
  set(slot, { id, epoch }) {
    try {
      localStorage.setItem(`${name}:left:${slot}`, `${epoch} ${id}`);
    } catch {
      // Whoever finds the job recovers it.
    }
  },
  take(slot) {
    try {
      const key = `${name}:left:${slot}`;
      const [, epoch, id] = /^(\d+) (.+)$/s.exec(localStorage.getItem(key) ?? "") ?? [];
      localStorage.removeItem(key);
      return id === undefined ? undefined : { id, epoch: Number(epoch) };
    } catch {
      return undefined;
    }
  },
});
