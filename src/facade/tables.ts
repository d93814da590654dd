// JavaScript values behind the engine's numbers.

import { engine } from "./engine.js";
import type { AnyJob } from "./extras.js";
import { CHANNEL, ListenerTable, SOURCE } from "./listeners.js";
import type { JobManager } from "./manager.js";
import { needFunction } from "./options.js";
import type { Unsubscribe } from "./types.js";
import { subscribeIn } from "./watching.js";

// biome-ignore lint/suspicious/noExplicitAny: managers of every type.
export type AnyManager = JobManager<any, any, any, any>;

/** Jobs that the engine knows, by slot. */
export const jobs: (AnyJob | undefined)[] = [];

/** Weak, so that a manager that nobody holds can go. Its jobs hold it. */
export const managers: (WeakRef<AnyManager> | undefined)[] = [];

/** `onKeyChange` listeners, by key number. */
export const keyListeners = new Map<number, ListenerTable>();

/** Who stands under each key number in use. */
const standing: (AnyJob | undefined)[] = [];
const freeNumbers: number[] = [];
const FEW = 32;
const MANY = 1024;

export function standUnderKey(number: number, job: AnyJob): void {
  standing[number] = job;
}

/**
 * One manager's keys as numbers. Any value is a key, compared as a Map compares. A key whose job has ended goes at once
 * while they are few; among many it is left until all have ended, or for a sweep once more than a thousand and three in
 * four are left: deleting from a large Map costs more than the job did.
 */
export class Keys<Key> {
  private numbers = new Map<Key, number>();
  private vacant = 0;

  find(key: Key): number | undefined {
    return this.numbers.get(key);
  }

  /** A number that no key has; `keep` it, or give it back. */
  take(): number {
    return freeNumbers.pop() ?? standing.push(undefined) - 1;
  }

  giveBack(number: number): void {
    freeNumbers.push(number);
  }

  keep(key: Key, number: number): void {
    this.numbers.set(key, number);
  }

  /** A key in use again that had been left for the sweep. */
  reuse(number: number): void {
    if (standing[number] === undefined && !keyListeners.has(number)) this.vacant--;
  }

  /** The job has ended: unless another stands there or someone listens, nothing is left under its key. */
  leave(job: AnyJob): void {
    const number = job.keyNumber;
    if (standing[number] !== job) return;
    standing[number] = undefined;
    this.vacate(job.key, number);
  }

  /** Calls with whoever stands under the key, each time that changes. */
  // biome-ignore lint/suspicious/noExplicitAny: a job of this manager's types.
  watch(key: Key, listener: (job: any) => void): Unsubscribe {
    needFunction("listener", listener);
    const number = this.numbers.get(key) ?? this.take();
    if (standing[number] === undefined && this.numbers.has(key) && !keyListeners.has(number)) this.vacant--;
    this.numbers.set(key, number);
    const table = keyListeners.get(number) ?? new ListenerTable();
    keyListeners.set(number, table);
    const unsubscribe = subscribeIn(table, engine.listen(SOURCE.key, number, CHANNEL.key), listener);
    return () => {
      unsubscribe();
      if (table.size > 0 || keyListeners.get(number) !== table) return;
      keyListeners.delete(number);
      if (standing[number] === undefined) this.vacate(key, number);
    };
  }

  private vacate(key: Key, number: number): void {
    if (keyListeners.has(number)) return;
    const { size } = this.numbers;
    if (this.vacant === 0 && size <= FEW) {
      this.numbers.delete(key);
      freeNumbers.push(number);
    } else if (++this.vacant === size) {
      for (const vacant of this.numbers.values()) freeNumbers.push(vacant);
      this.numbers.clear();
      this.vacant = 0;
    } else if (this.vacant > MANY && this.vacant * 4 > size * 3) {
      this.sweep();
    }
  }

  private sweep(): void {
    // A new Map of the few that stay costs less than taking the many out of the old one.
    const kept = new Map<Key, number>();
    for (const [key, number] of this.numbers) {
      if (standing[number] !== undefined || keyListeners.has(number)) kept.set(key, number);
      else freeNumbers.push(number);
    }
    this.numbers = kept;
    this.vacant = 0;
  }
}
