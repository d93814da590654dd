// Delays and waits for retries: when one is over, its job comes in line, also where no slot is free to start it.

import type { Rules } from "./wasm.js";

const LONGEST_TIMEOUT = 2 ** 31 - 1;
/** What can start has started by then; and waits that end in close order are told in one go. */
const GRACE = 20;

export class Waits {
  private readonly rules: Rules;
  /** The order of the queue has changed. */
  private readonly onOver: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;
  private due = Infinity;
  /** Jobs that wait, or have waited and not been looked at since. */
  private readonly jobs = new Set<number>();

  constructor(rules: Rules, onOver: () => void) {
    this.rules = rules;
    this.onOver = onOver;
  }

  begin(job: number, until: number): void {
    this.jobs.add(job);
    if (until < this.due) this.arm(until);
  }

  /** It has started or ended. */
  leave(job: number): void {
    if (this.jobs.delete(job) && this.jobs.size === 0) this.disarm();
  }

  disarm(): void {
    clearTimeout(this.timer);
    this.due = Infinity;
  }

  private arm(until: number): void {
    clearTimeout(this.timer);
    this.due = until;
    const wait = Math.min(Math.max(until - Date.now(), 0) + GRACE, LONGEST_TIMEOUT);
    this.timer = setTimeout(() => {
      this.due = Infinity;
      const any = this.rules.ripen(Date.now());
      const next = this.rules.nextReady();
      if (next === Infinity) this.jobs.clear();
      else this.arm(next);
      if (any) this.onOver();
    }, wait);
  }
}
