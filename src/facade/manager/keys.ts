// A manager's keys as the engine's numbers, and who listens to what stands under them.

import { subscribeIn } from "../job/listen.js";
import type { AnyJob } from "../job/record.js";
import type { Unsubscribe } from "../types.js";
import { engine } from "../wasm/engine.js";
import { addListener, CHANNEL, ListenerTable, SOURCE } from "../wasm/listeners.js";
import { needFunction } from "../wasm/options.js";

/** Whose keys are watched, by key number. Weak, so that a manager can go that its own listeners name. */
// biome-ignore lint/suspicious/noExplicitAny: managers with keys of every type.
const watched = new Map<number, WeakRef<Keys<any>>>();

/** `onKeyChange` listeners, by key number. */
export const keyListeners = {
  get: (number: number): ListenerTable | undefined => watched.get(number)?.deref()?.listeners.get(number),
};

/** How many jobs each key number has whose end has not been told yet. */
const counts: number[] = [];
const freeNumbers: number[] = [];
const FEW = 32;
const MANY = 1024;

// Nobody watches keys in most apps, and then there is nothing to look up.
const isWatched = (number: number) => watched.size > 0 && watched.has(number);
const isVacant = (number: number) => counts[number] === 0 && !isWatched(number);

/** Left in a Map, it keeps nothing else from being collected. */
const isPrimitive = (key: unknown) => (typeof key !== "object" || key === null) && typeof key !== "function";

/** What one manager's keys have taken, without the keys and the listeners, which may name the manager. */
export class KeyNumbers {
  readonly keys: number[] = [];
  readonly listeners = new Set<number>();

  /** Nobody can use them any more. */
  release(): void {
    for (const number of this.listeners) engine.unlisten(number);
    for (const number of this.keys) {
      watched.delete(number);
      freeNumbers.push(number);
    }
  }
}

/**
 * One manager's keys as numbers. Any value is a key, compared as a Map compares. Deleting from a Map costs a good part of
 * a job, from a large one more than the job, so a key whose job has ended is left: an object only among many, until all
 * have ended; a primitive value also among few. Where jobs never all end, what is left goes when a new key comes and
 * more than a thousand and three in four are left.
 */
export class Keys<Key> {
  /** What is there to release when the manager is gone. */
  readonly taken = new KeyNumbers();
  /** By key number. */
  readonly listeners = new Map<number, ListenerTable>();
  private reference: WeakRef<this> | undefined = undefined;
  private numbers = new Map<Key, number>();
  private vacant = 0;

  /** @param manager lives as long as anyone can still stop watching. */
  constructor(readonly manager: object) {}

  find(key: Key): number | undefined {
    return this.numbers.get(key);
  }

  /** A number that no key has; `keep` it, or give it back. */
  take(): number {
    return freeNumbers.pop() ?? counts.push(0) - 1;
  }

  giveBack(number: number): void {
    freeNumbers.push(number);
  }

  keep(key: Key, number: number): void {
    if (this.vacant > MANY && this.vacant * 4 > this.numbers.size * 3) this.sweep();
    this.numbers.set(key, number);
    this.taken.keys.push(number);
  }

  /** A new job has it; `isKnown` if it was found, for then it may have been left among the vacant. */
  enter(number: number, isKnown: boolean): void {
    if (isKnown && isVacant(number)) this.vacant--;
    counts[number]!++;
  }

  /** The job has ended: unless another has its key or someone watches it, nothing is left under it. */
  leave(job: AnyJob): void {
    const number = job.keyNumber;
    if (--counts[number]! > 0) return;
    if (this.isKeyed(job)) this.vacate(job.key, number);
    else freeNumbers.push(number);
  }

  /** Of a job that has not left: a number that nothing leads to is that of a job under no key. */
  isKeyed({ key, keyNumber }: AnyJob): boolean {
    return key !== undefined || this.numbers.get(undefined as Key) === keyNumber;
  }

  /** Calls with whoever stands under the key, each time that changes. */
  // biome-ignore lint/suspicious/noExplicitAny: a job of this manager's types.
  watch(key: Key, listener: (job: any) => void): Unsubscribe {
    needFunction("listener", listener);
    const known = this.numbers.get(key);
    const number = known ?? this.take();
    if (known === undefined) this.keep(key, number);
    else if (isVacant(number)) this.vacant--;
    const table = this.listeners.get(number) ?? new ListenerTable();
    this.listeners.set(number, table);
    watched.set(number, (this.reference ??= new WeakRef(this)));
    const listening = addListener(SOURCE.key, number, CHANNEL.key);
    this.taken.listeners.add(listening);
    const unsubscribe = subscribeIn(table, listening, listener);
    let watches = true;
    return () => {
      if (!watches) return;
      watches = false;
      unsubscribe();
      this.taken.listeners.delete(listening);
      if (table.size > 0) return;
      this.listeners.delete(number);
      watched.delete(number);
      if (counts[number] === 0) this.vacate(key, number);
    };
  }

  private vacate(key: Key, number: number): void {
    if (isWatched(number)) return;
    const { size } = this.numbers;
    if (size <= FEW && !isPrimitive(key)) {
      this.numbers.delete(key);
      this.taken.keys.splice(this.taken.keys.indexOf(number), 1);
      freeNumbers.push(number);
    } else if (++this.vacant === size && size > FEW) {
      for (const vacant of this.taken.keys) freeNumbers.push(vacant);
      this.numbers.clear();
      this.taken.keys.length = 0;
      this.vacant = 0;
    }
  }

  /** Lets go of all that have neither a job nor a listener. */
  private sweep(): void {
    // A new Map of the few that stay costs less than taking the many out of the old one.
    const kept = new Map<Key, number>();
    const { keys } = this.taken;
    keys.length = 0;
    for (const [key, number] of this.numbers) {
      if (isVacant(number)) freeNumbers.push(number);
      else {
        kept.set(key, number);
        keys.push(number);
      }
    }
    this.numbers = kept;
    this.vacant = 0;
  }
}
