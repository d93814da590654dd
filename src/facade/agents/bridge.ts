// One run as the loop sees it: the host, the tools and the provider, behind JSON.

import { report } from "../errors.js";
import { checkEngine } from "../wasm/engine.js";
import { AgentError } from "./errors.js";
import { checkChunk, checkResponse, errorText, frozen, toJson, wholeLetters } from "./json.js";
import type { ReadyTool } from "./tools.js";
import type {
  ModelProvider,
  ModelResponseChunk,
  ToolCall,
  ToolSpec,
  WorkerState,
  WorkerToHostInterface,
} from "./types.js";
import { orFailure, promiseOf, untilAborted } from "./wasm.js";
import type { SessionWorker } from "./worker.js";

/** What of a run does not depend on what it does. */
export interface Frame {
  readonly signal: AbortSignal;
  timedOut(): boolean;
  entered(state: WorkerState, failure: unknown): void;
  changed(): void;
}

/** Of the loop. */
export interface Parts {
  readonly worker: SessionWorker;
  readonly host: WorkerToHostInterface;
  readonly provider: ModelProvider;
  readonly tools: readonly ReadyTool[];
  /** The same for every request of a session. */
  readonly specs: readonly ToolSpec[];
}

/** Its methods are named as src/bindings/agents/bridge.rs calls them. */
export class Bridge {
  readonly signal: AbortSignal;
  readonly timedOut: Frame["timedOut"];
  readonly entered: Frame["entered"];
  readonly changed: Frame["changed"];
  private readonly parts: Parts;

  constructor(frame: Frame, parts: Parts) {
    this.signal = frame.signal;
    this.timedOut = frame.timedOut;
    this.entered = frame.entered;
    this.changed = frame.changed;
    this.parts = parts;
  }

  get tools(): string {
    return JSON.stringify(this.parts.specs);
  }

  state(state: WorkerState): void {
    try {
      this.parts.host.workerStateChange(this.parts.worker.id, state);
    } catch (error) {
      // The run has an end already, and cannot fail with this.
      if (state === "failed" || this.signal.aborted) report(error);
      throw error;
    }
  }

  chunk(json: string): void | Promise<void> {
    const chunk = frozen<ModelResponseChunk>(json);
    const taken = this.parts.host.responseChunkReceived(this.parts.worker.id, chunk);
    if (taken === undefined) return;
    const settled = promiseOf(taken);
    settled.catch((error) => reportLate(error, this.signal));
    return untilAborted(settled, this.signal);
  }

  confirm(json: string, signal: AbortSignal): Promise<string> {
    return untilAborted(this.decision(json, signal), signal);
  }

  private async decision(json: string, signal: AbortSignal): Promise<string> {
    let answer: unknown;
    try {
      answer = await this.parts.host.getToolConfirmation(this.parts.worker.id, frozen<ToolCall>(json), signal);
    } catch (error) {
      reportLate(error, signal);
      throw error;
    }
    if (answer !== "approve" && answer !== "deny") {
      throw new TypeError(`getToolConfirmation must answer "approve" or "deny", got ${errorText(answer)}`);
    }
    return answer;
  }

  async request(signal: AbortSignal, take: (chunk: string) => Promise<void>): Promise<string> {
    let over = false;
    const whole = { text: wholeLetters(), reasoning: wholeLetters() };
    const pass = (chunk: string) => orFailure(take(chunk));
    const sendText = (type: "text" | "reasoning", given: string) => {
      const text = whole[type](given);
      return text === "" && given !== "" ? Promise.resolve() : pass(toJson({ type, text }));
    };
    const send = (chunk: ModelResponseChunk): Promise<void> => {
      if (over) return quiet(Promise.reject(new AgentError("The request is over: it takes no more chunks", "E_OVER")));
      try {
        checkEngine();
        const checked = checkChunk("chunk", chunk);
        return quiet(checked.type === "tool_call" ? pass(toJson(checked)) : sendText(checked.type, checked.text));
      } catch (error) {
        return Promise.reject(error);
      }
    };
    const { worker, specs, provider } = this.parts;
    const request = Object.freeze({ messages: worker.messages, tools: specs });
    try {
      return toJson(checkResponse(await provider.request(request, { signal, send })));
    } finally {
      over = true;
    }
  }

  check(tool: number, args: string): string | undefined {
    try {
      return this.parts.tools[tool]!.check(JSON.parse(args));
    } catch (error) {
      return `they cannot be checked: ${errorText(error)}`;
    }
  }

  async useTool(tool: number, args: string, signal: AbortSignal): Promise<string> {
    try {
      return resultText(await this.parts.tools[tool]!.run(JSON.parse(args), { signal }));
    } catch (error) {
      return Promise.reject(errorText(error));
    }
  }
}

/** Where the run waits for the host no more. That it has heard of the end is no fault of it. */
function reportLate(error: unknown, signal: AbortSignal): void {
  if (signal.aborted && error !== signal.reason) report(error);
}

/** Whoever does not await it does not want to know. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function resultText(result: unknown): string {
  if (typeof result === "string") return result;
  return result === undefined ? "" : (JSON.stringify(result) ?? "");
}
