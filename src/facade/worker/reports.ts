import type { Answer, News } from "../pool/messages.js";
import { notCloned } from "../pool/messages.js";
import { canClone, cloned } from "../support/clone.js";

/** Milliseconds between two messages about a job: a frame at 60 Hz, oftener nobody sees. */
const INTERVAL = 16;

/** A job's state, progress and log on their way to the page: the latest of each, all of the log. */
export class Reports {
  private readonly task: number;
  private readonly post: (answer: Answer) => void;
  private waiting: { -readonly [Field in keyof News]: News[Field] } | undefined = undefined;
  private logs: string[] = [];
  private sentAt = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;
  private ended = false;

  constructor(task: number, post: (answer: Answer) => void) {
    this.task = task;
    this.post = post;
  }

  /** As it is now, whatever becomes of it later. Throws a DataCloneError if it can't be sent. */
  state(value: unknown): void {
    if (this.ended) return;
    const before = this.waiting;
    try {
      this.add({ state: { value: this.isDue ? value : cloned(value) } });
      // It may change before it is sent, where the platform has no copy of it.
      if (!canClone()) this.flush();
    } catch (error) {
      this.waiting = before;
      throw notCloned("The state", error);
    }
  }

  progress(percent: number, message: string): void {
    if (!this.ended) this.add({ progress: { percent, message } });
  }

  log(message: string): void {
    if (this.ended) return;
    this.logs.push(message);
    this.add({ logs: this.logs });
  }

  /** Sends what is left; the rest is ignored. */
  end(): void {
    this.ended = true;
    if (this.waiting !== undefined) this.flush();
  }

  private get isDue(): boolean {
    return performance.now() - this.sentAt >= INTERVAL;
  }

  private add(news: News): void {
    this.waiting = { ...this.waiting, ...news };
    // A body that never lets the event loop have a turn keeps no timer: what is due goes at once.
    if (this.isDue) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), INTERVAL);
  }

  private flush(): void {
    if (this.waiting !== undefined) this.post({ jobgate: "news", task: this.task, news: this.waiting });
    // Not before: a state that can't be sent leaves what was waiting, and the timer, as they were.
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = undefined;
    this.logs = [];
    this.sentAt = performance.now();
  }
}
