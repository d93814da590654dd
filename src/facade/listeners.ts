import { header, memoryWords } from "./engine.js";
import { report } from "./errors.js";

/** What the engine can listen to: where a change comes from. */
export const SOURCE = { emitter: 0, job: 1, manager: 2, key: 3 } as const;
export const CHANNEL = { value: 0, state: 1, progress: 2, stopped: 3, action: 4, event: 5, change: 6, key: 7 } as const;

export const NOTHING_TO_HEAR = -1;
export const LATCHED = -2;

// biome-ignore lint/suspicious/noExplicitAny: one table holds the listeners of every channel.
type Listener = (value: any) => void;

/** One of the numbers that effects name. Where they are is looked up each time: a listener may have moved them. */
function numberAt(at: number): number {
  const words = memoryWords();
  return words[(words[header + 3]! >>> 2) + at]!;
}

/**
 * The functions behind a source's listener numbers. Kept by the source, so that they go when it goes.
 * The engine says who is called and in which order, always the order in which they came: the order of this table.
 */
export class ListenerTable {
  private readonly numbers: number[] = [];
  private readonly listeners: (Listener | undefined)[] = [];
  private calling = 0;
  private gone = 0;
  /** A gate's: nobody in it is called twice. */
  private readonly once: boolean;

  constructor(once = false) {
    this.once = once;
  }

  add(number: number, listener: Listener): void {
    this.numbers.push(number);
    this.listeners.push(listener);
  }

  /** False if it is not there: numbers are used again, so the listener has to be the same, too. */
  remove(number: number, listener?: Listener): boolean {
    const index = this.numbers.indexOf(number);
    if (index < 0 || (listener !== undefined && this.listeners[index] !== listener)) return false;
    if (this.calling === 0) {
      this.numbers.splice(index, 1);
      this.listeners.splice(index, 1);
    } else {
      this.numbers[index] = -1;
      this.listeners[index] = undefined;
      this.gone++;
    }
    return true;
  }

  get size(): number {
    return this.numbers.length - this.gone;
  }

  clear(): void {
    for (const number of [...this.numbers]) this.remove(number);
  }

  /** Calls the `count` whose numbers the engine has written from `first` on; passes over who has left. */
  call(first: number, count: number, value: unknown): void {
    const { numbers } = this;
    this.calling++;
    // Who came last is last in the table: if the last is the same and as many are there, all are the same.
    const last = numberAt(first + count - 1);
    if (count === numbers.length && numbers[count - 1] === last) this.callAll(count, value);
    else this.callNamed(first, count, value);
    if (this.once) this.clear();
    if (--this.calling === 0 && this.gone > 0) this.sweep();
  }

  private callAll(count: number, value: unknown): void {
    const { listeners } = this;
    for (let index = 0; index < count; index++) {
      try {
        listeners[index]?.(value);
      } catch (error) {
        report(error);
      }
    }
  }

  private callNamed(first: number, count: number, value: unknown): void {
    const { numbers, listeners } = this;
    let next = 0;
    for (let at = first; at < first + count; at++) {
      const number = numberAt(at);
      let index = next;
      while (index < numbers.length && numbers[index] !== number) index++;
      if (index === numbers.length) continue;
      next = index + 1;
      try {
        listeners[index]!(value);
      } catch (error) {
        report(error);
      }
    }
  }

  private sweep(): void {
    this.gone = 0;
    let kept = 0;
    for (let index = 0; index < this.numbers.length; index++) {
      if (this.listeners[index] === undefined) continue;
      this.numbers[kept] = this.numbers[index]!;
      this.listeners[kept++] = this.listeners[index];
    }
    this.numbers.length = kept;
    this.listeners.length = kept;
  }
}
