// The locks of what a worker runs, renewed attempt by attempt. BullMQ's own renewal knows jobs alone: where an earlier
// attempt that has lost its job settles, it forgets the later one of the same job in the same worker.

import { clearTimer, setTimer } from "../support/time.js";
import type { Millis } from "../types.js";
import type { Attempt } from "./attempt.js";

/** A lock is renewed so often while it lasts, that one which comes late costs nothing. */
const TIMES = 4;

/** BullMQ's worker. Answers with those that could not be renewed. */
interface Renewing {
  extendJobLocks(ids: string[], tokens: string[], lock: Millis): Promise<string[]>;
}

export interface LocksHost {
  /** By their ids in the store. */
  readonly attempts: ReadonlyMap<string, Attempt>;
  readonly lock: Millis;
  renewed(ids: readonly string[]): void;
  failed(error: unknown): void;
}

export class Locks {
  private readonly worker: Renewing;
  private readonly host: LocksHost;
  private timer: unknown = undefined;
  private isClosed = false;

  constructor(worker: Renewing, host: LocksHost) {
    this.worker = worker;
    this.host = host;
    this.arm();
  }

  private arm(): void {
    if (this.isClosed) return;
    this.timer = setTimer(() => void this.renew().then(() => this.arm()), this.host.lock / TIMES);
  }

  private async renew(): Promise<void> {
    const held = [...this.host.attempts];
    if (held.length === 0) return;
    const [ids, tokens] = [held.map(([id]) => id), held.map(([, { token }]) => token)];
    try {
      const lost = new Set(await this.worker.extendJobLocks(ids, tokens, this.host.lock));
      for (const [id, attempt] of held) if (lost.has(id)) attempt.lose();
      this.host.renewed(ids.filter((id) => !lost.has(id)));
    } catch (error) {
      this.host.failed(error);
    }
  }

  close(): void {
    this.isClosed = true;
    clearTimer(this.timer);
  }
}
