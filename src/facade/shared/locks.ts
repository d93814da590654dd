// Slots' locks, by Web Locks: one request at a time for each name, in the order in which they are asked for.

import type { Lock } from "./transactions.js";

interface Request {
  readonly controller: AbortController;
  /** Lets go of the lock; undefined while it is waited for. */
  release: (() => void) | undefined;
  isDropped: boolean;
}

export class Locks {
  private readonly prefix: string;
  private readonly requests = new Map<number, Request>();
  /** Resolves when the last request of the name is over, so that none of this tab stands behind another of it. */
  private readonly over = new Map<string, Promise<void>>();
  private readonly granted: (request: number) => void;
  private readonly lost: (request: number) => void;

  constructor(name: string, granted: (request: number) => void, lost: (request: number) => void) {
    this.prefix = `jobgate:${name}`;
    this.granted = granted;
    this.lost = lost;
  }

  private nameOf({ slot, generation }: Lock): string {
    return `${this.prefix}:${slot}:${generation}`;
  }

  ask(number: number, lock: Lock): void {
    const request: Request = { controller: new AbortController(), release: undefined, isDropped: false };
    this.requests.set(number, request);
    const name = this.nameOf(lock);
    const before = this.over.get(name);
    const over = this.hold(name, number, request, before).then(() => {
      if (this.over.get(name) === over) this.over.delete(name);
    });
    this.over.set(name, over);
  }

  private async hold(name: string, number: number, request: Request, before: Promise<void> | undefined): Promise<void> {
    await before;
    try {
      if (request.isDropped) return;
      await navigator.locks.request(name, { signal: request.controller.signal }, () => {
        if (request.isDropped) return undefined;
        // What follows does not run inside the callback.
        queueMicrotask(() => {
          if (!request.isDropped) this.granted(number);
        });
        return new Promise<void>((resolve) => {
          request.release = resolve;
        });
      });
    } catch {
      // Withdrawn; or stolen, or the context may have none.
      if (!request.isDropped) this.lost(number);
    } finally {
      this.requests.delete(number);
    }
  }

  drop(number: number): void {
    const request = this.requests.get(number);
    if (request === undefined) return;
    request.isDropped = true;
    if (request.release === undefined) request.controller.abort();
    else request.release();
  }

  dropAll(): void {
    for (const number of [...this.requests.keys()]) this.drop(number);
  }

  /** Whoever holds it, if it wakes up, is told. */
  steal(lock: Lock): void {
    navigator.locks.request(this.nameOf(lock), { steal: true }, () => undefined).catch(() => {});
  }
}

/** Where there is nobody else: each lock is free. */
export class LonelyLocks {
  private readonly granted: (request: number) => void;

  constructor(granted: (request: number) => void) {
    this.granted = granted;
  }

  ask(number: number): void {
    queueMicrotask(() => this.granted(number));
  }

  drop(): void {}

  dropAll(): void {}

  steal(): void {}
}
