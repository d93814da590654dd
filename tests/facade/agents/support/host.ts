import type { ModelResponseChunk, ToolCall, WorkerJob, WorkerState, WorkerToHostInterface } from "jobgate/agents";
import { expect, onTestFinished } from "vitest";
import { type Deferred, deferred } from "../../support/work.js";

export interface Confirmation {
  readonly call: ToolCall;
  readonly signal: AbortSignal;
  readonly answer: Deferred<"approve" | "deny">;
  answered: boolean;
}

type Told =
  | { readonly type: "state"; readonly state: WorkerState }
  | { readonly type: "chunk"; readonly chunk: ModelResponseChunk }
  | { readonly type: "confirm"; readonly confirmation: Confirmation };

/** The confirmation that a worker was asked for last, whichever host was asked. */
const lastAsked = new Map<string, Confirmation>();

/**
 * Writes down all that it is told. Confirmations wait for the test, unless `answer` says what to answer.
 *
 * Fails its test if it is told anything of a worker whose job has ended, or asked for a confirmation while one of that
 * worker is neither answered nor withdrawn.
 */
export class Host implements WorkerToHostInterface {
  readonly told: Told[] = [];
  readonly confirmations: Confirmation[] = [];
  /** Its runs; `newSession` sees to it. */
  readonly jobs: WorkerJob[] = [];
  readonly faults: string[] = [];
  answer: "approve" | "deny" | undefined = undefined;
  /** What taking a chunk takes. */
  take: (chunk: ModelResponseChunk) => void | Promise<void> = () => {};
  readonly #waiting = new Set<{ readonly fits: () => boolean; readonly done: Deferred<void> }>();

  constructor() {
    onTestFinished(() => expect(this.faults).toEqual([]));
  }

  workerStateChange(workerId: string, state: WorkerState): void {
    this.#tell(workerId, { type: "state", state });
  }

  responseChunkReceived(workerId: string, chunk: ModelResponseChunk): void | Promise<void> {
    this.#tell(workerId, { type: "chunk", chunk });
    return this.take(chunk);
  }

  getToolConfirmation(workerId: string, call: ToolCall, signal: AbortSignal): Promise<"approve" | "deny"> {
    const confirmation: Confirmation = { call, signal, answer: deferred(), answered: false };
    const note = () => {
      confirmation.answered = true;
    };
    confirmation.answer.promise.then(note, note);
    const before = lastAsked.get(workerId);
    lastAsked.set(workerId, confirmation);
    if (before !== undefined && !before.answered && !before.signal.aborted) {
      this.faults.push(`asked about ${call.name} while ${before.call.name} waits for its answer`);
    }
    this.confirmations.push(confirmation);
    this.#tell(workerId, { type: "confirm", confirmation });
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

  #tell(workerId: string, told: Told): void {
    const mine = this.jobs.filter(({ key }) => key === workerId);
    if (mine.length > 0 && mine.every(({ completion }) => completion !== undefined)) {
      this.faults.push(`told after the end: ${JSON.stringify(told)}`);
    }
    this.told.push(told);
    for (const waiter of this.#waiting) {
      if (!waiter.fits()) continue;
      this.#waiting.delete(waiter);
      waiter.done.resolve();
    }
  }
}
