// Jobs of a pool on the page's side: what to send, whom to tell.

import type { TaskContext } from "../runner/types.js";
import { uncarry } from "./carried.js";
import { type JobAnswer, type News, notCloned } from "./messages.js";
import type { Seat } from "./seat.js";

/** A runner's context has no `setState`. */
export type PoolContext = TaskContext & { setState?(state: unknown): void };

export class Task {
  readonly number: number;
  readonly signal: AbortSignal;
  private readonly type: string;
  private readonly params: unknown;
  private readonly transfer: readonly Transferable[];
  private readonly context: PoolContext;
  private readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  private readonly onAbort: () => void;
  /** How its body has settled. */
  private outcome: (() => void) | undefined = undefined;

  constructor(
    number: number,
    work: { readonly type: string; readonly params: unknown; readonly transfer: readonly Transferable[] },
    context: PoolContext,
    promise: { resolve(result: unknown): void; reject(error: unknown): void },
    onAbort: () => void,
  ) {
    this.number = number;
    this.type = work.type;
    this.params = work.params;
    this.transfer = work.transfer;
    this.context = context;
    this.signal = context.signal;
    this.resolve = promise.resolve;
    this.reject = promise.reject;
    this.onAbort = onAbort;
    this.signal.addEventListener("abort", onAbort, { once: true });
  }

  /** False: it can't be sent, and has failed. */
  sendTo(seat: Seat): boolean {
    const { number: task, type, params } = this;
    const { id, attempt } = this.context;
    try {
      seat.run({ task, type, params, id, attempt }, this.transfer);
      return true;
    } catch (error) {
      const why = notCloned(`params of "${type}"`, error);
      this.outcome = () => this.reject(why);
      return false;
    }
  }

  take(answer: Exclude<JobAnswer, { jobgate: "news" }>): void {
    if (answer.jobgate === "done") this.outcome = () => this.resolve(answer.result);
    else this.outcome = () => this.reject(uncarry(answer.error));
  }

  tell({ state, progress, logs = [] }: News): void {
    const { context } = this;
    if (state !== undefined) context.setState?.(state.value);
    if (progress !== undefined) context.progress(progress.percent, progress.message);
    for (const message of logs) context.log(message);
  }

  /** Does what the body's outcome is. */
  settle(): void {
    this.outcome?.();
  }

  letGo(): void {
    this.signal.removeEventListener("abort", this.onAbort);
  }
}
