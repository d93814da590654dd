// One worker as the pool sees it: started, spoken to, listened to, ended.

import { carry, uncarry } from "./carried.js";
import { type JobAnswer, type Order, readAnswer } from "./messages.js";

/** What becomes of a worker. */
export interface SeatEvents {
  ready(): void;
  answered(answer: JobAnswer): void;
  /** It could not be loaded, has broken, or is gone. */
  lost(loss: Loss): void;
}

/** `words` for an error's message, and what was thrown, where something was. */
export interface Loss {
  readonly words: string;
  readonly cause?: unknown;
  /** Where no job fails with it, nobody needs to know: it went of its own will, or never came. */
  readonly quiet: boolean;
}

export class Seat {
  private readonly worker: Worker;
  private readonly events: SeatEvents;
  /** Where the page is cross-origin isolated: the task that was last asked to end, seen by the worker at once. */
  private readonly flag: Int32Array | undefined;
  private ready = false;
  /** The one it was given last. */
  private task = 0;
  private readonly gone = new AbortController();
  private ended = false;

  constructor(worker: Worker, events: SeatEvents) {
    this.worker = worker;
    this.events = events;
    this.flag = globalThis.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(4)) : undefined;
    worker.addEventListener("message", this.onMessage);
    worker.addEventListener("messageerror", this.onGarbled);
    worker.addEventListener("error", this.onError);
  }

  /** Throws what `postMessage` throws. */
  run(order: Omit<Order & { jobgate: "run" }, "jobgate">, transfer: readonly Transferable[]): void {
    this.post({ jobgate: "run", ...order }, transfer);
    this.task = order.task;
  }

  abort(task: number, reason: unknown): void {
    // First the message: whoever sees the flag finds the reason on its way.
    this.post({ jobgate: "abort", task, reason: carry(reason) });
    if (this.flag !== undefined) Atomics.store(this.flag, 0, task);
  }

  /** Hears no more of it from here on, whenever the browser gets to ending it. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.worker.removeEventListener("message", this.onMessage);
    this.worker.removeEventListener("messageerror", this.onGarbled);
    this.worker.removeEventListener("error", this.onError);
    this.gone.abort();
    this.worker.terminate();
  }

  private post(order: Order, transfer: readonly Transferable[] = []): void {
    if (transfer.length === 0) this.worker.postMessage(order);
    else this.worker.postMessage(order, [...transfer]);
  }

  private lose(words: string, cause?: unknown): void {
    const quiet = !this.ready;
    if (!this.ended) this.events.lost({ words, quiet, ...(cause !== undefined && { cause }) });
  }

  private readonly onMessage = ({ data }: MessageEvent<unknown>): void => {
    const answer = readAnswer(data);
    if (answer === undefined) return;
    switch (answer.jobgate) {
      case "ready":
        if (this.ready) return;
        if (answer.lock !== "") void this.awaitEnd(answer.lock);
        void this.welcome(answer.needsModule);
        return;
      case "broken":
        this.lose("threw outside a job", uncarry(answer.error));
        return;
      case "garbled":
        this.post({ jobgate: "given", task: this.task });
        return;
      case "closing":
        this.events.lost({ words: "called close()", quiet: true });
        return;
      default:
        this.events.answered(answer);
    }
  };

  /** Browsers tell nothing of a worker that ends. */
  private async awaitEnd(lock: string): Promise<void> {
    try {
      await navigator.locks.request(lock, { signal: this.gone.signal }, () => this.lose("is gone"));
    } catch {
      // The pool has ended the worker itself.
    }
  }

  private async welcome(needsModule: boolean): Promise<void> {
    this.ready = true;
    if (this.flag !== undefined) this.post({ jobgate: "flag", flag: this.flag });
    if (needsModule) {
      try {
        const { builtinsModule } = await import("./builtins.js");
        const module = await builtinsModule();
        if (this.ended) return;
        this.post({ jobgate: "module", module });
      } catch (error) {
        this.lose("did not get the binary of the built-in job types", error);
        return;
      }
    }
    this.events.ready();
  }

  private readonly onGarbled = (): void => this.lose("sent what can't be read here");

  private readonly onError = (event: Event): void => {
    event.preventDefault();
    // Of a script that is not there, browsers tell nothing but that.
    const { message, filename, lineno } = event as Partial<ErrorEvent>;
    this.lose(message ? `said: ${message} (${filename}:${lineno})` : "could not be fetched, or was not allowed to run");
  };
}
