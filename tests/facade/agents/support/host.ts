import type { ModelResponseChunk, ToolCall, WorkerState, WorkerToHostInterface } from "jobgate/agents";
import { type Deferred, deferred } from "../../support/work.js";

export interface Confirmation {
  readonly call: ToolCall;
  readonly signal: AbortSignal;
  readonly answer: Deferred<"approve" | "deny">;
}

type Told =
  | { readonly type: "state"; readonly state: WorkerState }
  | { readonly type: "chunk"; readonly chunk: ModelResponseChunk }
  | { readonly type: "confirm"; readonly confirmation: Confirmation };

/** Writes down all that it is told. Confirmations wait for the test, unless `answer` says what to answer. */
export class Host implements WorkerToHostInterface {
  readonly told: Told[] = [];
  readonly confirmations: Confirmation[] = [];
  answer: "approve" | "deny" | undefined = undefined;
  /** What taking a chunk takes. */
  take: (chunk: ModelResponseChunk) => void | Promise<void> = () => {};
  readonly #waiting = new Set<{ readonly fits: () => boolean; readonly done: Deferred<void> }>();

  workerStateChange(_workerId: string, state: WorkerState): void {
    this.#tell({ type: "state", state });
  }

  responseChunkReceived(_workerId: string, chunk: ModelResponseChunk): void | Promise<void> {
    this.#tell({ type: "chunk", chunk });
    return this.take(chunk);
  }

  getToolConfirmation(_workerId: string, call: ToolCall, signal: AbortSignal): Promise<"approve" | "deny"> {
    const confirmation = { call, signal, answer: deferred<"approve" | "deny">() };
    this.confirmations.push(confirmation);
    this.#tell({ type: "confirm", confirmation });
    if (this.answer !== undefined) confirmation.answer.resolve(this.answer);
    return confirmation.answer.promise;
  }

  get states(): readonly WorkerState[] {
    return this.told.flatMap((told) => (told.type === "state" ? [told.state] : []));
  }

  get chunks(): readonly ModelResponseChunk[] {
    return this.told.flatMap((told) => (told.type === "chunk" ? [told.chunk] : []));
  }

  get text(): string {
    return this.chunks.map((chunk) => (chunk.type === "text" ? chunk.text : "")).join("");
  }

  /** Resolves when what the host has been told fits. */
  until(fits: () => boolean): Promise<void> {
    if (fits()) return Promise.resolve();
    const done = deferred();
    this.#waiting.add({ fits, done });
    return done.promise;
  }

  /** Resolves when the worker has been in this state `count` times. */
  entered(state: WorkerState, count = 1): Promise<void> {
    return this.until(() => this.states.filter((one) => one === state).length >= count);
  }

  #tell(told: Told): void {
    this.told.push(told);
    for (const waiter of this.#waiting) {
      if (!waiter.fits()) continue;
      this.#waiting.delete(waiter);
      waiter.done.resolve();
    }
  }
}
