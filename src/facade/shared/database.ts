// The store on disk: IndexedDB.

import { type IDBPDatabase, type IDBPTransaction, openDB, unwrap } from "idb";
import { ROW } from "./numbers.js";
import { PageMarks } from "./page-marks.js";
import {
  type App,
  type Left,
  type Meta,
  newMeta,
  type Rows,
  type Storage,
  type StoredJob,
  type StoredStep,
  type TransactOptions,
} from "./rows.js";

const VERSION = 1;
const STORES = ["jobs", "steps", "actions", "meta"];
const LEFT = "left";
const READ_AT_ONCE = 200;
const LAST = Number.MAX_SAFE_INTEGER;

export interface DatabaseEvents {
  /** Newer code has opened it. */
  outdated(): void;
  /** The browser took it away. */
  lost(): void;
}

/** Rejects where there is no IndexedDB, or where it can't be opened. */
export async function openDatabase(
  name: string,
  durability: IDBTransactionDurability,
  events: DatabaseEvents,
): Promise<Storage> {
  const database = new Database(`jobgate:${name}`, durability, events);
  await database.opened;
  return database;
}

/** Additive: what is there stays. */
function upgrade(database: IDBPDatabase): void {
  const jobs = database.createObjectStore("jobs", { keyPath: "id" });
  jobs.createIndex("active", "active", { unique: true });
  jobs.createIndex("waiting", "waiting", { unique: true });
  jobs.createIndex("changed", "changed");
  jobs.createIndex("ended", "ended");
  database.createObjectStore("steps");
  database.createObjectStore("actions");
  database.createObjectStore("meta");
  database.createObjectStore(LEFT);
}

class Database implements Storage {
  readonly durable = true;
  opened: Promise<IDBPDatabase>;
  private database: IDBPDatabase | undefined = undefined;
  private resumed: Promise<void> | undefined = undefined;
  private readonly name: string;
  private readonly marks: PageMarks;
  private readonly durability: IDBTransactionDurability;
  private readonly events: DatabaseEvents;

  constructor(name: string, durability: IDBTransactionDurability, events: DatabaseEvents) {
    this.name = name;
    this.marks = new PageMarks(name);
    this.durability = durability;
    this.events = events;
    this.opened = this.open(VERSION);
  }

  private async open(version: number | undefined): Promise<IDBPDatabase> {
    try {
      const database = await openDB(this.name, version, {
        upgrade: (upgraded) => upgrade(upgraded),
        blocking: (_, next) => {
          database.close();
          if (next === null) this.events.lost();
          else this.reopen();
        },
        terminated: () => this.events.lost(),
      });
      this.database = database;
      return database;
    } catch (error) {
      if (version === undefined || (error as Error).name !== "VersionError") throw error;
      this.events.outdated();
      return this.open(undefined);
    }
  }

  /** Newer code adds to what is there, so what this code knows of it can still be read. */
  private reopen(): void {
    this.opened = this.open(undefined);
    this.opened.catch(() => {});
    // What is handed over now is written once it is open again.
    this.events.outdated();
  }

  async transact<T>(write: boolean, body: (rows: Rows) => Promise<T>, options: TransactOptions = {}): Promise<T> {
    const { durability } = this;
    const { signal, recovers = false } = options;
    const database = await this.opened;
    await this.resumed;
    const stores = recovers ? [...STORES, LEFT] : STORES;
    const transaction = database.transaction(stores, write ? "readwrite" : "readonly", { durability });
    const abort = () => {
      try {
        transaction.abort();
      } catch {
        // It is over.
      }
    };
    transaction.done.catch(() => {});
    let refused: DOMException | null = null;
    // On its way down: on its way up others hear of it earlier.
    const note = ({ target }: Event) => {
      refused ??= (target as IDBRequest).error;
    };
    transaction.addEventListener("error", note, true);
    signal?.addEventListener("abort", abort);
    try {
      signal?.throwIfAborted();
      const result = await body(
        new DiskRows(transaction as IDBPTransaction<unknown, string[], "readwrite">, this.marks),
      );
      // What a request said, the commit may still take back.
      await transaction.done;
      return result;
    } catch (error) {
      // Why the first write failed, which Firefox's transaction does not know; what it takes with it says only that.
      const why = named(refused) ?? transaction.error ?? error;
      abort();
      throw why;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** In a store of its own: what still waits for other transactions when the page is gone is dropped with it. */
  mark(slot: number, left: Left): void {
    this.marks.set(slot, left);
    try {
      const transaction = this.database!.transaction(LEFT, "readwrite", { durability: this.durability });
      transaction.done.catch(() => {});
      transaction.store.put(left, slot).catch(() => {});
      transaction.commit();
    } catch {
      // It is closed: whoever finds the job recovers it.
    }
  }

  pause(): void {
    this.resumed ??= new Promise((resolve) => {
      this.resume = () => {
        this.resumed = undefined;
        resolve();
      };
    });
  }

  resume = (): void => {};

  close(): void {
    this.opened.then(
      (database) => database.close(),
      () => {},
    );
  }
}

const named = (error: DOMException | null) => (error?.name === "AbortError" ? null : error);

class DiskRows implements Rows {
  private readonly transaction: IDBPTransaction<unknown, string[], "readwrite">;
  private readonly marks: PageMarks;
  private readonly jobs;

  constructor(transaction: IDBPTransaction<unknown, string[], "readwrite">, marks: PageMarks) {
    this.transaction = transaction;
    this.marks = marks;
    this.jobs = transaction.objectStore("jobs");
  }

  /** Without a promise for each write: one that fails takes the transaction with it. */
  private written(store: string): IDBObjectStore {
    return unwrap(this.transaction.objectStore(store));
  }

  async meta(): Promise<Meta> {
    // One of before there was such a name, too, has one as soon as it is written again.
    return { ...newMeta(), ...(await this.transaction.objectStore("meta").get("meta")) };
  }

  putMeta(meta: Meta): void {
    this.written("meta").put(meta, "meta");
  }

  async left(slot: number): Promise<Left[]> {
    const here: Left | undefined = await this.transaction.objectStore(LEFT).get(slot);
    return [here, this.marks.get(slot)].filter((left) => left !== undefined);
  }

  deleteLeft(slot: number): void {
    this.marks.delete(slot);
    this.written(LEFT).delete(slot);
  }

  app(): Promise<App | undefined> {
    return this.transaction.objectStore("meta").get("app");
  }

  putApp(app: App): void {
    this.written("meta").put(app, "app");
  }

  async job(id: string): Promise<StoredJob | undefined> {
    return sound(await this.jobs.get(id));
  }

  async byKey(index: "active" | "waiting", key: string): Promise<StoredJob | undefined> {
    return sound(await this.jobs.index(index).get(key));
  }

  putJob(job: StoredJob): void {
    this.written("jobs").put(job);
  }

  deleteJob(id: string): void {
    this.written("jobs").delete(id);
  }

  /** A part at a time: what is read at once is copied at once, while the page waits. */
  async changedSince(counter: number): Promise<StoredJob[]> {
    const index = this.jobs.index("changed");
    const found: StoredJob[] = [];
    for (let since = counter; ; ) {
      const part: StoredJob[] = await index.getAll(IDBKeyRange.lowerBound(since, true), READ_AT_ONCE);
      for (const one of part) if (sound(one) !== undefined) found.push(one);
      if (part.length < READ_AT_ONCE) return found;
      since = part.at(-1)!.changed;
    }
  }

  async countOpen(): Promise<number> {
    const [all, ended] = await Promise.all([this.jobs.count(), this.countEnded()]);
    return all - ended;
  }

  countEnded(): Promise<number> {
    return this.jobs.index("ended").count();
  }

  async ended(count: number): Promise<StoredJob[]> {
    const ended: StoredJob[] = await this.jobs.index("ended").getAll(null, count);
    return ended.filter(sound);
  }

  async steps(incarnation: number): Promise<Map<string, StoredStep>> {
    const store = this.transaction.objectStore("steps");
    const range = partsOf(incarnation, "", []);
    const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)]);
    return new Map(keys.map((key, index) => [(key as [number, string])[1], values[index]]));
  }

  putStep(incarnation: number, name: string, step: StoredStep): void {
    this.written("steps").put(step, [incarnation, name]);
  }

  action(incarnation: number, number: number): Promise<unknown> {
    return this.transaction.objectStore("actions").get([incarnation, number]);
  }

  putAction(incarnation: number, number: number, action: unknown): void {
    this.written("actions").put(action, [incarnation, number]);
  }

  deleteAction(incarnation: number, number: number): void {
    this.written("actions").delete([incarnation, number]);
  }

  deleteParts(incarnation: number): void {
    this.written("steps").delete(partsOf(incarnation, "", []));
    this.written("actions").delete(partsOf(incarnation, 0, LAST));
  }
}

/** What another's code has put there, and is none, is passed over: one such row is not to stop the whole queue. */
function sound(given: StoredJob | undefined): StoredJob | undefined {
  const { id, type, params, row, incarnation, changed, progress } = given ?? ({} as Partial<StoredJob>);
  const isOne =
    typeof id === "string" &&
    typeof type === "string" &&
    typeof params === "object" &&
    typeof progress === "object" &&
    Number.isFinite(incarnation) &&
    Number.isFinite(changed) &&
    Array.isArray(row) &&
    row.length >= ROW &&
    row.every((value) => typeof value === "number");
  return isOne ? given : undefined;
}

/** An array comes after all strings. */
function partsOf(incarnation: number, from: IDBValidKey, to: IDBValidKey): IDBKeyRange {
  return IDBKeyRange.bound([incarnation, from], [incarnation, to]);
}
