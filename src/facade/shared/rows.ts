// What is stored, and the few questions that are asked of it. `database.ts` asks the disk, `memory.ts` this tab alone.

import type { TypeDescription } from "../runner/types.js";
import type { Serialized } from "../support/serialize.js";
import type { Progress } from "../types.js";
import { newId } from "./new-id.js";
import type { Row } from "./numbers.js";

export interface StoredJob {
  readonly id: string;
  readonly type: string;
  readonly params: Record<string, unknown>;
  /** What the rules look at. */
  readonly row: Row;
  /** The store's counter when it was created: steps and actions are of it, not of whoever has its id later. */
  readonly incarnation: number;
  /** The store's counter when it was written last. */
  readonly changed: number;
  readonly key?: string;
  /** Its key, while it stands there; while it waits behind another. */
  readonly active?: string;
  readonly waiting?: string;
  /** The store's counter when it ended. */
  readonly ended?: number;
  /** The tab that runs it. */
  readonly owner?: string;
  readonly progress: Progress;
  readonly state?: unknown;
  /** Another number each time the state is set. */
  readonly stated?: number;
  readonly result?: unknown;
  /** What the latest failed attempt threw. */
  readonly error?: Serialized;
  /** Why it was asked to stop. */
  readonly reason?: Serialized;
}

export interface StoredSlot {
  readonly generation: number;
  readonly beat: number;
  /** The job that was claimed there last, until its end was recorded. */
  readonly job?: string;
}

export interface Meta {
  /** Made of chance when it was first written: no other store has it, nor this one after it was cleared. */
  readonly store: string;
  readonly counter: number;
  /** The latest jobs that were let go of, and the counter then. */
  readonly gone: readonly { readonly id: string; readonly at: number }[];
  /** The counter when one was let go of that is no longer in that list: who has not read since reads all anew. */
  readonly forgotten: number;
  readonly slots: readonly StoredSlot[];
}

export interface StoredStep {
  /** Of a step. */
  readonly value?: unknown;
  /** Of a sleep: epoch ms, and how long it was to take. */
  readonly until?: number;
  readonly whole?: number;
}

/** A page that went has left that run. */
export interface Left {
  readonly id: string;
  readonly incarnation: number;
  readonly epoch: number;
}

/** What the tabs that run jobs say of their app, for those that run none and have no types. */
export interface App {
  readonly types: readonly StoredType[];
  readonly concurrency: number;
  readonly maxPending: number;
  readonly retain: number;
}

export interface StoredType extends TypeDescription {
  readonly version: number;
}

/** One transaction. Only its own promises may be awaited inside. */
export interface Rows {
  meta(): Promise<Meta>;
  putMeta(meta: Meta): void;
  /** What pages say that they left in that slot: of one run, or of earlier ones. */
  left(slot: number): Promise<Left[]>;
  deleteLeft(slot: number): void;
  app(): Promise<App | undefined>;
  putApp(app: App): void;
  job(id: string): Promise<StoredJob | undefined>;
  byKey(index: "active" | "waiting", key: string): Promise<StoredJob | undefined>;
  putJob(job: StoredJob): void;
  deleteJob(id: string): void;
  changedSince(counter: number): Promise<StoredJob[]>;
  countOpen(): Promise<number>;
  countEnded(): Promise<number>;
  /** The first of those that have ended. */
  ended(count: number): Promise<StoredJob[]>;
  steps(incarnation: number): Promise<Map<string, StoredStep>>;
  putStep(incarnation: number, name: string, step: StoredStep): void;
  action(incarnation: number, number: number): Promise<unknown>;
  putAction(incarnation: number, number: number, action: unknown): void;
  deleteAction(incarnation: number, number: number): void;
  /** Steps and actions of one that has ended. */
  deleteParts(incarnation: number): void;
}

export interface TransactOptions {
  readonly signal?: AbortSignal;
  /** Whether `left` and `deleteLeft` are asked for. Only who recovers does: marks wait for nobody else. */
  readonly recovers?: boolean;
}

export interface Storage {
  readonly durable: boolean;
  /** Resolves once all of it is written; rejects, and nothing is, as where the signal aborts before. */
  transact<T>(write: boolean, body: (rows: Rows) => Promise<T>, options?: TransactOptions): Promise<T>;
  /** At once, and without the page: it may die now. */
  mark(slot: number, left: Left): void;
  /** Begins nothing on disk until it is resumed: the browser puts the page away, and what is open then holds up everyone else. */
  pause(): void;
  resume(): void;
  close(): void;
}

export const newMeta = (): Meta => ({ store: newId(), counter: 0, gone: [], forgotten: 0, slots: [] });
