import type { Left } from "./rows.js";

/**
 * What a page that goes says in localStorage, besides on the disk. Either may be lost: Chromium drops what such a page has
 * committed to IndexedDB (at 0.4 % of 2,000 reloads), Firefox shows other tabs nothing of what it put into localStorage.
 */
export class PageMarks {
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  set(slot: number, { id, incarnation, epoch }: Left): void {
    try {
      localStorage.setItem(this.key(slot), `${epoch} ${incarnation} ${id}`);
    } catch {
      // There is none, as in workers, or it is full: whoever finds the job recovers it.
    }
  }

  get(slot: number): Left | undefined {
    try {
      const [, epoch, incarnation, id] = /^(\d+) (\d+) (.+)$/s.exec(localStorage.getItem(this.key(slot))!) ?? [];
      return id === undefined ? undefined : { id, incarnation: Number(incarnation), epoch: Number(epoch) };
    } catch {
      return undefined;
    }
  }

  delete(slot: number): void {
    try {
      localStorage.removeItem(this.key(slot));
    } catch {
      // As above.
    }
  }

  private key(slot: number): string {
    return `${this.name}:left:${slot}`;
  }
}
