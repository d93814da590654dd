// Delays and waits for retries: when one is over, its job is in the ready queue, also where no slot is free to start it.

import { now } from "../wasm/clock.js";
import type { Rules } from "./wasm.js";

const LONGEST_TIMEOUT = 2 ** 31 - 1;
/** What can start has started by then; and waits that end in close order are told in one go. */
const GRACE = 20;

export class Waits {
  private readonly rules: Rules;
  /** These jobs wait no more. */
  private readonly onOver: (jobs: Iterable<number>) => void;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;
  /** Infinite: no timer is set. */
  private due = Infinity;

  constructor(rules: Rules, onOver: (jobs: Iterable<number>) => void) {
    this.rules = rules;
    this.onOver = onOver;
  }

  /** By the engine's clock. */
  begin(until: number): void {
    if (until < this.due) this.arm(until);
  }

  /** A job has started or ended. */
  leave(): void {
    if (this.due !== Infinity && this.rules.nextReady() === Infinity) this.disarm();
  }

  disarm(): void {
    clearTimeout(this.timer);
    this.due = Infinity;
  }

  private arm(until: number): void {
    clearTimeout(this.timer);
    this.due = until;
    const wait = Math.min(Math.max(until - now(), 0), LONGEST_TIMEOUT - GRACE);
    const at = now() + wait;
    this.timer = setTimeout(() => {
      this.due = Infinity;
      // That moment has come, whatever a clock says that a test has stopped.
      const over = this.rules.promoteDue(Math.max(now(), at));
      const next = this.rules.nextReady();
      if (next !== Infinity) this.arm(next);
      if (over.length > 0) this.onOver(over);
    }, wait + GRACE);
  }
}
