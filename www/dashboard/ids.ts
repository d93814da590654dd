import { openDB } from "idb";

/**
 * Numbers for new jobs, which read better than random ids. No two tabs are given the same one: a transaction of the
 * browser's store hands them out. Where there is none, ids are random.
 */
export async function newIds(count: number): Promise<string[]> {
  try {
    const last = await take(count);
    return Array.from({ length: count }, (_, at) => String(last - count + 1 + at));
  } catch {
    return Array.from({ length: count }, () => Math.random().toString(36).slice(2));
  }
}

/** The last of them. */
async function take(count: number): Promise<number> {
  const database = await openDB("dashboard", 1, { upgrade: (made) => void made.createObjectStore("numbers") });
  try {
    const transaction = database.transaction("numbers", "readwrite");
    const last = ((await transaction.store.get("last")) ?? 0) + count;
    await transaction.store.put(last, "last");
    await transaction.done;
    return last;
  } finally {
    database.close();
  }
}
