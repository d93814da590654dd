// Jobs of a pool on the page's side: what to send, whom to tell.

import type { AttemptEnd } from "../manager/seam.js";
import type { TaskContext } from "../runner/types.js";
import { deserialize } from "../support/serialize.js";
import type { Unsubscribe } from "../types.js";
import type { WorkerConnection } from "./connection.js";
import { type JobAnswer, type News, notCloned } from "./messages.js";

/** A manager's own, or any other: a runner's has no `setState`. */
export type PoolContext = TaskContext &
  Partial<AttemptEnd> & {
    setState?(state: unknown): void;
  };

/** What is sent: `params` are looked at when a worker takes the task. */
export interface Work {
  readonly type: string;
  readonly params: unknown;
  readonly transfer: readonly Transferable[];
}

/** One attempt of a job. */
export class Task {
  readonly number: number;
  private heard: AbortSignal | undefined = undefined;
  private readonly work: Work;
  private readonly context: PoolContext;
  private readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  private readonly stop: () => void;
  private ignoreAbort: Unsubscribe | undefined = undefined;
  /** What its worker has said of its end. */
  private outcome: { readonly result: unknown } | { readonly error: unknown } | undefined = undefined;

  constructor(
    number: number,
    work: Work,
    context: PoolContext,
    promise: { resolve(result: unknown): void; reject(error: unknown): void },
    stop: () => void,
  ) {
    this.number = number;
    this.work = work;
    this.context = context;
    this.resolve = promise.resolve;
    this.reject = promise.reject;
    this.stop = stop;
  }

  /** Made when first read, which is a good part of what a job costs. */
  get signal(): AbortSignal {
    return (this.heard ??= this.context.signal);
  }

  /** From here on; also where it has aborted meanwhile. */
  hearAbort(): void {
    const { context } = this;
    if (context.whenAborted !== undefined) {
      this.ignoreAbort = context.whenAborted(this.stop);
      return;
    }
    const { signal } = this;
    // Anyone can make an event of that name.
    const onAbort = () => {
      if (signal.aborted) this.stop();
    };
    signal.addEventListener("abort", onAbort);
    this.ignoreAbort = () => signal.removeEventListener("abort", onAbort);
    onAbort();
  }

  /** False: it can't be sent, and has failed. */
  sendTo(worker: WorkerConnection): boolean {
    const { type, params, transfer } = this.work;
    try {
      const { id, attempt } = this.context;
      worker.run({ jobgate: "run", task: this.number, type, params, id, attempt }, transfer);
      return true;
    } catch (thrown) {
      this.outcome = { error: notCloned(`params of "${type}"`, thrown) };
      return false;
    }
  }

  take(answer: Exclude<JobAnswer, { jobgate: "news" }>): void {
    this.outcome = answer.jobgate === "done" ? { result: answer.result } : { error: deserialize(answer.error) };
  }

  tell({ state, progress, logs = [] }: News): void {
    const { context } = this;
    if (state !== undefined) context.setState?.(state.value);
    if (progress !== undefined) context.progress(progress.percent, progress.message);
    for (const message of logs) context.log(message);
  }

  /** As its worker has said. */
  settle(): void {
    const { outcome } = this;
    if (outcome === undefined) return;
    if ("result" in outcome) this.resolve(outcome.result);
    else this.reject(outcome.error);
  }

  letGo(): void {
    this.ignoreAbort?.();
  }
}
