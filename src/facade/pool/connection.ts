// One worker as the pool sees it: started, spoken to, listened to, ended.

import { deserialize, serialize } from "../support/serialize.js";
import { setRealTimer } from "../support/time.js";
import { type AnyWorker, attempt, listen, needWorker } from "./listen.js";
import { type JobAnswer, readAnswer, type WorkerCommand } from "./messages.js";
import type { NodeWorker } from "./types.js";

/** What becomes of a worker. */
export interface ConnectionEvents {
  ready(): void;
  /** It says so; whether the task is its own is for the rules to say. */
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

/** One that serves twice would hear and answer for two. */
const connected = new WeakSet<object>();

export class WorkerConnection {
  private readonly worker: AnyWorker;
  private readonly events: ConnectionEvents;
  private readonly stopListening: () => void;
  private readonly hasRef: boolean;
  /** The task that was last asked to end, seen by the worker at once, where threads may share memory. */
  private flag: Int32Array | undefined = newFlag();
  private ready = false;
  /** The one it was given last. */
  private task = 0;
  private readonly gone = new AbortController();
  private ended = false;
  /** A browser tells nothing of a script that loads well and is no worker of a pool's. */
  private readonly stopWatch: () => void;

  /** Throws where it is no worker, or throws itself; then it is not left running. */
  constructor(worker: AnyWorker, loadTimeout: number, events: ConnectionEvents) {
    this.worker = needWorker(worker);
    this.events = events;
    if (connected.has(worker)) throw new TypeError("spawn must return a new Worker each time");
    connected.add(worker);
    this.hasRef = "ref" in worker;
    try {
      this.stopListening = listen(worker, {
        message: (data) => this.hear(data),
        unreadable: () => this.lose("sent what can't be read here"),
        failed: (words, cause) => this.lose(words, cause),
        exited: () => this.lose("is gone"),
      });
    } catch (error) {
      attempt(() => worker.terminate());
      throw error;
    }
    const words = `did not say within ${loadTimeout / 1000} s that it is ready: does its script call exposeJobs?`;
    this.stopWatch = setRealTimer(() => events.lost({ words, quiet: true }), loadTimeout);
  }

  /** Throws what `postMessage` throws. */
  run(command: WorkerCommand & { jobgate: "run" }, transfer: readonly Transferable[]): void {
    if (transfer.length === 0) this.post(command);
    else this.worker.postMessage(command, transfer as Transferable[]);
    this.task = command.task;
    // Node's process waits for it; not for one without a job.
    if (this.hasRef) (this.worker as NodeWorker).ref?.();
  }

  abort(task: number, reason: unknown): void {
    // First the message: whoever sees the flag finds the reason on its way.
    this.post({ jobgate: "abort", task, reason: serialize(reason) });
    if (this.flag !== undefined) Atomics.store(this.flag, 0, task);
  }

  /** It has nothing to do. */
  rest(): void {
    if (this.hasRef) (this.worker as NodeWorker).unref?.();
  }

  /** Hears no more of it from here on, whenever the platform gets to ending it. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    attempt(this.stopListening);
    this.gone.abort();
    this.stopWatch();
    attempt(() => this.worker.terminate());
  }

  private post(command: WorkerCommand): void {
    (this.worker as Worker).postMessage(command);
  }

  private lose(words: string, cause?: unknown): void {
    const quiet = !this.ready;
    if (!this.ended) this.events.lost({ words, quiet, ...(cause !== undefined && { cause }) });
  }

  private hear(data: unknown): void {
    const answer = readAnswer(data);
    if (answer === undefined) return;
    switch (answer.jobgate) {
      case "ready":
        if (this.ready) return;
        if (answer.lock !== "") void this.awaitEnd(answer.lock);
        this.welcome(answer.needsModule);
        return;
      case "broken":
        this.lose("threw outside a job", deserialize(answer.error));
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
  }

  /** Browsers tell nothing of a worker that ends. */
  private async awaitEnd(lock: string): Promise<void> {
    try {
      await navigator.locks.request(lock, { signal: this.gone.signal }, () => this.lose("is gone"));
    } catch {
      // The pool has ended the worker itself.
    }
  }

  private welcome(needsModule: boolean): void {
    this.ready = true;
    this.sendFlag();
    if (needsModule) void this.sendModule();
    else this.isReady();
  }

  private sendFlag(): void {
    try {
      if (this.flag !== undefined) this.post({ jobgate: "flag", flag: this.flag });
    } catch {
      // Memory that can't be shared after all: the message has to do.
      this.flag = undefined;
    }
  }

  private async sendModule(): Promise<void> {
    try {
      const { builtinsModule } = await import("./builtins.js");
      const module = await builtinsModule();
      if (this.ended) return;
      this.post({ jobgate: "module", module });
    } catch (error) {
      this.lose("did not get the binary of the built-in job types", error);
      return;
    }
    this.isReady();
  }

  private isReady(): void {
    this.stopWatch();
    this.events.ready();
  }
}

/** WebKit's pages have no SharedArrayBuffer, also where they are cross-origin isolated; Node does not say whether it is. */
function newFlag(): Int32Array | undefined {
  if (typeof SharedArrayBuffer !== "function" || globalThis.crossOriginIsolated === false) return undefined;
  return new Int32Array(new SharedArrayBuffer(4));
}
