// One run: does what the rules want done, and tells them what came of it (src/engine/agents/run).

import { report } from "../errors.js";
import { abortReason, throwIfAborted } from "../support/abort.js";
import { promiseOf, whenSettled } from "../support/settling.js";
import { failure as engineFailure, unexpected } from "../wasm/engine.js";
import { type Answered, Answering, overrun } from "./answering.js";
import { AgentError } from "./errors.js";
import { errorText } from "./json.js";
import { faultOf, resultText } from "./tool-calls.js";
import type { ReadyTool } from "./tools.js";
import type {
  ModelResponse,
  ModelResponseChunk,
  ToolCall,
  ToolSpec,
  WorkerState,
  WorkerTask,
  WorkerToHostInterface,
} from "./types.js";
import { effectsOf, WasmWorker } from "./wasm.js";
import { CAUSE, DECISION, EFFECT, EFFECT_BITS, END, NONE, OUTCOME, STATES, TELL, VERDICT } from "./wire.js";
import type { PromptPlace, SessionWorker } from "./worker.js";

/** What of a run does not depend on what it does. */
export interface Frame {
  readonly worker: SessionWorker;
  /** The job's. */
  readonly signal: AbortSignal;
  timedOut(): boolean;
  entered(state: WorkerState, failure: unknown): void;
}

/** Of the loop. */
export interface Talk {
  readonly prompt: string;
  readonly host: WorkerToHostInterface;
  readonly tools: ReadonlyMap<string, ReadyTool>;
  /** The same for every request of a session. */
  readonly specs: readonly ToolSpec[];
  readonly maxTurns: number;
}

/** Resolves when it is done; rejects with its failure, or with the signal's reason if it was cancelled. */
export function runTalk(frame: Frame, talk: Talk): Promise<void> {
  return new Run(frame, talk, undefined).start();
}

/** As `runTalk`. */
export function runTask(frame: Frame, task: WorkerTask["run"]): Promise<void> {
  return new Run(frame, undefined, task).start();
}

class Run {
  private readonly worker: SessionWorker;
  /** The worker's, of all its runs: each tells of itself by its number. */
  private readonly rules: WasmWorker;
  private readonly number: number;
  /** Of all that is under way in this run. */
  private readonly controller = new AbortController();
  private readonly signal = this.controller.signal;
  private place: PromptPlace | undefined = undefined;
  /** Commands in the order of what they tell of. */
  private told: (readonly [what: number, which: number])[] = [];
  private telling = false;
  private stopTold = false;
  private readonly answering = new Answering(this.signal, (piece) => this.tell(TELL.sent, piece));
  /** What a tool, or a look at its call, came to. */
  private outcome = "";
  /** What was thrown, by cause. */
  private readonly thrown: unknown[] = [];
  private failure: unknown = undefined;
  /** How it ends is clear: it has failed, or is over. */
  private isDecided = false;
  /** What the host has rejected at states, and no rules have been told of. */
  private readonly stateFaults: unknown[] = [];
  private finish: ((how: number) => void) | undefined = undefined;

  constructor(
    private readonly frame: Frame,
    private readonly talk: Talk | undefined,
    private readonly task: WorkerTask["run"] | undefined,
  ) {
    this.worker = frame.worker;
    this.rules = frame.worker.rules;
    this.number = ++frame.worker.runs;
  }

  async start(): Promise<void> {
    // Nobody is told anything before whoever runs it has its job.
    await undefined;
    const { signal } = this.frame;
    const onAbort = () => {
      this.controller.abort(abortReason(signal));
      // Not at once: whoever aborts it goes on first.
      queueMicrotask(() => this.tell());
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
    try {
      const how = await new Promise<number>((resolve) => {
        this.finish = resolve;
        this.begin();
      });
      if (how === END.cancelled) throw abortReason(signal);
      if (how === END.failed) throw this.failure;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  private begin(): void {
    this.telling = true;
    this.guarded(() => {
      const { talk } = this;
      if (talk === undefined) return this.apply(this.rules.start(this.number, 0, 0, NONE));
      this.place = this.worker.place(talk.prompt);
      const { before, again } = this.place;
      this.apply(this.rules.start(this.number, talk.maxTurns, before.length, again));
    });
    this.telling = false;
    this.tellAll();
  }

  // ── telling ───────────────────────────────────────────────────────────────────────────────────

  /** Something has happened; without words, maybe that it is to end. */
  private tell(what?: number, which: number | boolean = 0): void {
    if (this.frame.signal.aborted && !this.stopTold) {
      this.stopTold = true;
      this.told.push([TELL.stop, 0]);
    }
    if (what !== undefined) this.told.push([what, Number(which)]);
    this.tellAll();
  }

  /** One after the other: what an effect causes is told after all that it came with is done. */
  private tellAll(): void {
    if (this.telling) return;
    this.telling = true;
    while (this.told.length > 0 && engineFailure === undefined) {
      const round = this.told;
      this.told = [];
      for (const [what, which] of round) this.guarded(() => this.apply(this.rules.tell(this.number, what, which)));
    }
    this.telling = false;
  }

  private guarded(call: () => void): void {
    if (engineFailure !== undefined) return;
    try {
      call();
    } catch (error) {
      unexpected(error);
    }
  }

  private apply(count: number): void {
    for (const word of effectsOf(this.rules, count)) this.do(word & ((1 << EFFECT_BITS) - 1), word >>> EFFECT_BITS);
  }

  private do(effect: number, which: number): void {
    switch (effect) {
      case EFFECT.enter:
        this.enter(STATES[which]!);
        break;
      case EFFECT.prompt:
        this.worker.prompt(which, this.talk!.prompt, this.place!);
        break;
      case EFFECT.ask:
        void this.ask();
        break;
      case EFFECT.take:
        this.give(this.answering.take());
        break;
      case EFFECT.accept:
        this.answering.accept();
        break;
      case EFFECT.refuse:
        this.answering.refuse();
        break;
      case EFFECT.overrun:
        this.answering.overrun();
        break;
      case EFFECT.abort:
        this.controller.abort(this.failureOf(which));
        break;
      case EFFECT.give:
        this.give(this.answering.part(which));
        break;
      case EFFECT.answer:
        this.answered(which === 1, this.answering.reply!);
        break;
      case EFFECT.keep:
        this.worker.answer(which === 1);
        break;
      case EFFECT.look:
        this.tell(TELL.looked, this.look(this.worker.openCall()));
        break;
      case EFFECT.confirm:
        void this.confirm(this.worker.openCall());
        break;
      case EFFECT.use:
        void this.use(this.worker.openCall());
        break;
      case EFFECT.result:
        this.result(which);
        break;
      case EFFECT.run:
        void this.runTask();
        break;
      case EFFECT.conclude:
        this.tell(TELL.over, this.frame.timedOut());
        break;
      case EFFECT.fail:
        this.isDecided = true;
        this.failure = this.failureOf(which);
        break;
      case EFFECT.end:
        this.isDecided = true;
        this.finish!(which);
        break;
    }
  }

  private failureOf(cause: number): unknown {
    switch (cause) {
      case CAUSE.turns: {
        const most = this.talk!.maxTurns;
        const message = `the model still calls tools after ${most} answers, which is what maxTurns allows in one run`;
        return new AgentError(message, "E_MAX_TURNS");
      }
      case CAUSE.overrun:
        return overrun();
      case CAUSE.timeout:
        return abortReason(this.frame.signal);
      case CAUSE.empty: {
        const { stopReason } = this.answering.reply!;
        const message = `the model's answer is empty; why it stopped: ${stopReason}`;
        return new AgentError(message, "E_EMPTY", { stopReason });
      }
      default:
        return this.thrown[cause];
    }
  }

  // ── the host ──────────────────────────────────────────────────────────────────────────────────

  private enter(state: WorkerState): void {
    try {
      this.frame.entered(state, state === "failed" ? this.failure : undefined);
    } catch {
      // Only where the page is out of stack: the run goes on without.
    }
    const failed = (error: unknown) => {
      if (this.isDecided) this.failsWith(error);
      else this.stateFaults.push(error);
    };
    try {
      const told: unknown = this.talk?.host.workerStateChange(this.worker.id, state);
      // Nobody waits for it: it may itself wait for the job's end.
      if (told !== undefined) whenSettled(told, () => {}, failed);
    } catch (error) {
      failed(error);
    }
    const fatal = this.stateFaults.splice(0).map((error) => this.failsWith(error));
    this.tell(TELL.told, !fatal.includes(true));
  }

  private give(chunk: ModelResponseChunk): void {
    if (chunk.type !== "tool_call") this.worker.receive(chunk.type, chunk.text);
    const failed = (error: unknown) => this.hostFailed(error, TELL.taken);
    try {
      const taken = this.talk!.host.responseChunkReceived(this.worker.id, chunk);
      if (taken === undefined) this.tell(TELL.taken, true);
      else whenSettled(taken, () => this.tell(TELL.taken, true), failed);
    } catch (error) {
      failed(error);
    }
  }

  private answered(some: boolean, response: ModelResponse): void {
    this.worker.answer(some, response);
    try {
      const told: unknown = this.talk!.host.responseReceived?.(this.worker.id, response);
      if (told !== undefined) whenSettled(told, () => {}, report);
    } catch (error) {
      report(error);
    }
  }

  private async confirm(call: ToolCall): Promise<void> {
    try {
      const { host } = this.talk!;
      const answer: unknown = await promiseOf(host.getToolConfirmation(this.worker.id, call, this.signal));
      if (answer === "approve" || answer === "deny") return this.tell(TELL.decided, DECISION[answer]);
      throw new TypeError(`getToolConfirmation must answer "approve" or "deny", got ${errorText(answer)}`);
    } catch (error) {
      this.hostFailed(error, TELL.decided);
    }
  }

  private hostFailed(error: unknown, what: number): void {
    this.failsWith(error);
    this.tell(what, false);
  }

  /** Whether the run does so, with what the host threw: where it has another end already, that is reported. */
  private failsWith(error: unknown): boolean {
    const { signal } = this.frame;
    if (!this.isDecided && !signal.aborted) {
      this.isDecided = true;
      this.thrown[CAUSE.host] = error;
      return true;
    }
    // That it has heard of the end is no fault of it.
    if (!signal.aborted || error !== abortReason(signal)) report(error);
    return false;
  }

  private async ask(): Promise<void> {
    const { messages, provider } = this.worker;
    const request = Object.freeze({ messages, tools: this.talk!.specs });
    let answered: Answered;
    try {
      answered = await this.answering.ask(provider, request);
    } catch (error) {
      this.isDecided = true;
      this.thrown[CAUSE.provider] = error;
      return this.tell(TELL.unanswered);
    }
    this.guarded(() => {
      for (const id of answered.calls) this.rules.answerCalls(id);
    });
    this.tell(TELL.answered, answered.says);
  }

  // ── tools ─────────────────────────────────────────────────────────────────────────────────────

  private look({ name, arguments: args }: ToolCall): number {
    const { tools } = this.talk!;
    const tool = tools.get(name);
    this.outcome = faultOf(tool, name, args, tools);
    if (tool === undefined || this.outcome !== "") return VERDICT.refused;
    return tool.spec.confirm === false ? VERDICT.free : VERDICT.confirm;
  }

  private async use({ name, arguments: args }: ToolCall): Promise<void> {
    let ok = true;
    try {
      // The tool's own, which it may change.
      const given = JSON.parse(JSON.stringify(args));
      const used = this.talk!.tools.get(name)!.run(given, { signal: this.signal });
      this.outcome = resultText(await promiseOf(used));
    } catch (error) {
      ok = false;
      this.outcome = `Error: ${errorText(error)}`;
    }
    this.tell(TELL.used, ok);
  }

  private result(outcome: number): void {
    const text = outcome === OUTCOME.known ? this.outcome : WasmWorker.resultWords(outcome)!;
    this.worker.result(text);
  }

  private async runTask(): Promise<void> {
    let ok = true;
    try {
      // Whoever is asked to stop before it is called never is: it would wait for an abort that has been.
      throwIfAborted(this.frame.signal);
      await promiseOf(this.task!({ worker: this.worker, signal: this.signal }));
    } catch (error) {
      ok = false;
      this.thrown[CAUSE.task] = error;
    }
    this.tell(TELL.settled, ok);
  }
}
