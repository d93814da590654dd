// One run as the loop sees it: the host, the tools and the provider, behind JSON.

import { report } from "../errors.js";
import { AgentError } from "./errors.js";
import { checkChunk, checkResponse, errorText, frozen } from "./json.js";
import type { ReadyTool } from "./tools.js";
import type { ModelProvider, ModelResponseChunk, ToolCall, WorkerState, WorkerToHostInterface } from "./types.js";

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
    return this.parts.host.responseChunkReceived(this.parts.id, frozen<ModelResponseChunk>(json));
  }

  async confirm(json: string, signal: AbortSignal): Promise<string> {
    const answer: unknown = await this.parts.host.getToolConfirmation(this.parts.id, frozen<ToolCall>(json), signal);
    if (answer !== "approve" && answer !== "deny") {
      throw new TypeError(`getToolConfirmation must answer "approve" or "deny", got ${errorText(answer)}`);
    }
    return answer;
  }

  async request(json: string, signal: AbortSignal, pass: (chunk: string) => Promise<void>): Promise<string> {
    let over = false;
    const send = (chunk: ModelResponseChunk): Promise<void> => {
      if (over) return quiet(Promise.reject(new AgentError("The request is over: it takes no more chunks", "E_OVER")));
      try {
        return quiet(pass(JSON.stringify(checkChunk("chunk", chunk))));
      } catch (error) {
        return Promise.reject(error);
      }
    };
    try {
      return JSON.stringify(checkResponse(await this.parts.provider.request(frozen(json), { signal, send })));
    } finally {
      over = true;
    }
  }

  check(tool: number, args: string): string | undefined {
    return this.parts.tools[tool]!.check(JSON.parse(args));
  }

  async useTool(tool: number, args: string, signal: AbortSignal): Promise<string> {
    try {
      return resultText(await this.parts.tools[tool]!.run(JSON.parse(args), { signal }));
    } catch (error) {
      return Promise.reject(errorText(error));
    }
  }
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
