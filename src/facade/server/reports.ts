import { clip } from "../runner/plain.js";
import { clearTimer, setTimer } from "../support/time.js";
import type { Progress } from "../types.js";
import type { Held } from "./worker-store.js";

/** Milliseconds from one progress that is stored to the next. */
const PACE = 100;
/** Lines that wait to be told: more are left out. */
const MOST_LINES = 1000;

/** What a body says while it runs: the newest progress now and then, the log line by line. */
export class Reports {
  private readonly held: Held;
  private progressWaiting: Progress | undefined = undefined;
  private lines: { readonly message: string; readonly at: number }[] = [];
  private timer: unknown = undefined;
  /** What was told last, while it is not answered: until then all else waits, for which there are bounds. */
  private sending: Promise<void> | undefined = undefined;

  constructor(held: Held) {
    this.held = held;
  }

  progress(progress: Progress): void {
    this.progressWaiting = progress;
    this.arm();
  }

  log(message: string): void {
    if (this.lines.length < MOST_LINES) this.lines.push({ message, at: Date.now() });
    this.arm();
  }

  /** The first is told at once, what follows soon after it together. */
  private arm(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimer(() => {
      this.timer = undefined;
      if (this.progressWaiting !== undefined || this.lines.length > 0) {
        this.send();
        this.arm();
      }
    }, PACE);
    queueMicrotask(() => this.send());
  }

  private send(): void {
    const { progressWaiting, lines } = this;
    if (this.sending !== undefined || (progressWaiting === undefined && lines.length === 0)) return;
    this.progressWaiting = undefined;
    this.lines = [];
    const told = progressWaiting && { ...progressWaiting, message: clip(progressWaiting.message) };
    const sent = () => {
      this.sending = undefined;
    };
    this.sending = this.held.tell(told, lines).then(sent, sent);
  }

  /** All that was said has been told. */
  async end(): Promise<void> {
    clearTimer(this.timer);
    this.timer = undefined;
    await this.sending;
    this.send();
    await this.sending;
  }
}
