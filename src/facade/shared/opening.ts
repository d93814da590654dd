// Which store a runner has, and how long it is waited for.

import { setRealTimer } from "../support/time.js";
import { type DatabaseEvents, openDatabase } from "./database.js";
import { StorageUnavailableError } from "./errors.js";
import { Memory } from "./memory.js";
import type { CheckedOptions } from "./options.js";
import type { Storage } from "./rows.js";

/** Milliseconds. Other tabs may block it, and browsers have left such requests unanswered. */
const LONGEST_OPENING = 10_000;

export interface OpenedStorage {
  readonly storage: Storage;
  readonly isShared: boolean;
}

export async function openStorage(options: CheckedOptions, events: DatabaseEvents): Promise<OpenedStorage> {
  const { name, durability, fallback } = options;
  try {
    if (globalThis.navigator?.locks === undefined) throw new StorageUnavailableError("There are no Web Locks here");
    const opening = openDatabase(name, durability, events);
    if (fallback === "reject") return { storage: await opening, isShared: true };
    const opened = await inTime(opening);
    if ("close" in opened) return { storage: opened, isShared: true };
    // It comes too late.
    opening.then((database) => database.close()).catch(() => {});
  } catch (error) {
    if (fallback === "reject") throw error;
  }
  return { storage: new Memory(), isShared: false };
}

/** What is waited for; or, if that takes too long, the error that says so. A disk does not go by a test's time. */
export function inTime<T>(waited: Promise<T>): Promise<T | Error> {
  const why = `The store has not opened within ${LONGEST_OPENING} ms: another tab may block it`;
  return new Promise((resolve, reject) => {
    const forget = setRealTimer(() => resolve(new StorageUnavailableError(why)), LONGEST_OPENING);
    waited.then(resolve, reject).finally(forget);
  });
}
