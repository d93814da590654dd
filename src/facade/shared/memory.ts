// The store where there is no disk: this tab's alone, gone with it.

import { cloned } from "../support/clone.js";
import { type App, type Meta, newMeta, type Rows, type Storage, type StoredJob, type StoredStep } from "./rows.js";

/** Transactions one after the other, each whole or not at all. */
export class Memory implements Storage {
  readonly durable = false;
  private last: Promise<unknown> = Promise.resolve();
  private readonly rows = new MemoryRows();

  transact<T>(_write: boolean, body: (rows: Rows) => Promise<T>): Promise<T> {
    const mine = this.last.then(async () => {
      const undo = this.rows.begin();
      try {
        return await body(this.rows);
      } catch (error) {
        undo();
        throw error;
      }
    });
    this.last = mine.catch(() => {});
    return mine;
  }

  /** Nobody else would find it. */
  mark(): void {}

  pause(): void {}

  resume(): void {}

  close(): void {}
}

class MemoryRows implements Rows {
  private stored = newMeta();
  private said: App | undefined = undefined;
  private jobs = new Map<string, StoredJob>();
  private readonly parts = new Map<number, { steps: Map<string, StoredStep>; actions: Map<number, unknown> }>();

  /** Rows are never changed, only replaced; steps and actions of a transaction that failed do no harm. */
  begin(): () => void {
    const { stored } = this;
    const jobs = new Map(this.jobs);
    return () => {
      this.stored = stored;
      this.jobs = jobs;
    };
  }

  async meta(): Promise<Meta> {
    return this.stored;
  }

  putMeta(meta: Meta): void {
    this.stored = meta;
  }

  async left(): Promise<[]> {
    return [];
  }

  deleteLeft(): void {}

  async app(): Promise<App | undefined> {
    return this.said;
  }

  putApp(app: App): void {
    this.said = app;
  }

  async job(id: string): Promise<StoredJob | undefined> {
    return this.jobs.get(id);
  }

  async byKey(index: "active" | "waiting", key: string): Promise<StoredJob | undefined> {
    return this.all().find((job) => job[index] === key);
  }

  putJob(job: StoredJob): void {
    this.jobs.set(job.id, job);
  }

  deleteJob(id: string): void {
    this.jobs.delete(id);
  }

  async changedSince(counter: number): Promise<StoredJob[]> {
    return this.all().filter(({ changed }) => changed > counter);
  }

  async countOpen(): Promise<number> {
    return this.all().filter(({ ended }) => ended === undefined).length;
  }

  async countEnded(): Promise<number> {
    return this.all().filter(({ ended }) => ended !== undefined).length;
  }

  async ended(count: number): Promise<StoredJob[]> {
    const ended = this.all().filter(({ ended }) => ended !== undefined);
    return ended.sort((one, other) => one.ended! - other.ended!).slice(0, count);
  }

  async steps(incarnation: number): Promise<Map<string, StoredStep>> {
    return new Map(this.partsOf(incarnation).steps);
  }

  putStep(incarnation: number, name: string, step: StoredStep): void {
    this.partsOf(incarnation).steps.set(name, cloned(step));
  }

  async action(incarnation: number, number: number): Promise<unknown> {
    // Given to a body, which may change it, and perhaps to another attempt after that.
    return cloned(this.partsOf(incarnation).actions.get(number));
  }

  putAction(incarnation: number, number: number, action: unknown): void {
    this.partsOf(incarnation).actions.set(number, cloned(action));
  }

  deleteAction(incarnation: number, number: number): void {
    this.partsOf(incarnation).actions.delete(number);
  }

  deleteParts(incarnation: number): void {
    this.parts.delete(incarnation);
  }

  private all(): StoredJob[] {
    return [...this.jobs.values()];
  }

  private partsOf(incarnation: number) {
    let parts = this.parts.get(incarnation);
    if (parts === undefined) {
      parts = { steps: new Map(), actions: new Map() };
      this.parts.set(incarnation, parts);
    }
    return parts;
  }
}
