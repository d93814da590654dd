// One run as the loop sees it: the host, the tools and the provider, behind JSON.

import { checkEngine } from "../engine.js";
import { report } from "../errors.js";
import { AgentError } from "./errors.js";
import { checkChunk, checkResponse, errorText, frozen, toJson, wholeLetters } from "./json.js";
import type { ReadyTool } from "./tools.js";
import type { ModelProvider, ModelResponseChunk, ToolCall, WorkerState, WorkerToHostInterface } from "./types.js";
import { orFailure, untilAborted } from "./wasm.js";

/** What of a run does not depend on what it does. */
export interface Frame {
  readonly signal: AbortSignal;
  timedOut(): boolean;
  entered(state: WorkerState, failure: unknown): void;
}

/** Of the loop. */
export interface Parts {
  readonly id: string;
  readonly host: WorkerToHostInterface;
  readonly provider: ModelProvider;
  readonly tools: readonly ReadyTool[];
}

/** Its methods are named as src/bindings/agents/bridge.rs calls them. */
export class Bridge {
  readonly signal: AbortSignal;
  readonly timedOut: Frame["timedOut"];
  readonly entered: Frame["entered"];
  private readonly parts: Parts;

  constructor(frame: Frame, parts: Parts) {
    this.signal = frame.signal;
    this.timedOut = frame.timedOut;
    this.entered = frame.entered;
    this.parts = parts;
  }

  get tools(): string {
    return JSON.stringify(this.parts.tools.map(({ spec }) => spec));
  }

  state(state: WorkerState): void {
    try {
      this.parts.host.workerStateChange(this.parts.id, state);
    } catch (error) {
      // The run has an end already, and cannot fail with this.
      if (state === "failed" || this.signal.aborted) report(error);
      throw error;
    }
  }

  chunk(json: string): void | Promise<void> {
    const taken = this.parts.host.responseChunkReceived(this.parts.id, frozen<ModelResponseChunk>(json));
    if (taken === undefined) return;
    Promise.resolve(taken).catch((error) => reportLate(error, this.signal));
    return untilAborted(taken, this.signal);
  }

  confirm(json: string, signal: AbortSignal): Promise<string> {
    return untilAborted(this.decision(json, signal), signal);
  }

  private async decision(json: string, signal: AbortSignal): Promise<string> {
    let answer: unknown;
    try {
      answer = await this.parts.host.getToolConfirmation(this.parts.id, frozen<ToolCall>(json), signal);
    } catch (error) {
      reportLate(error, signal);
      throw error;
    }
    if (answer !== "approve" && answer !== "deny") {
      throw new TypeError(`getToolConfirmation must answer "approve" or "deny", got ${errorText(answer)}`);
    }
    return answer;
  }

  async request(json: string, signal: AbortSignal, take: (chunk: string) => Promise<void>): Promise<string> {
    let over = false;
    const whole = wholeLetters();
    const pass = (chunk: string) => orFailure(take(chunk));
    const sendText = (given: string) => {
      const text = whole(given);
      return text === "" && given !== "" ? Promise.resolve() : pass(toJson({ type: "text", text }));
    };
    const send = (chunk: ModelResponseChunk): Promise<void> => {
      if (over) return quiet(Promise.reject(new AgentError("The request is over: it takes no more chunks", "E_OVER")));
      try {
        checkEngine();
        const checked = checkChunk("chunk", chunk);
        return quiet(checked.type === "text" ? sendText(checked.text) : pass(toJson(checked)));
      } catch (error) {
        return Promise.reject(error);
      }
    };
    try {
      return toJson(checkResponse(await this.parts.provider.request(frozen(json), { signal, send })));
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
