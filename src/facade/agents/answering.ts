// One answer on its way from the model to the host.

import { abortReason } from "../support/abort.js";
import { promiseOf } from "../support/settling.js";
import { checkEngine } from "../wasm/engine.js";
import { reserveStack } from "../wasm/stack.js";
import { AgentError } from "./errors.js";
import { checkChunk, checkResponse, wholeLetters } from "./json.js";
import type { ModelProvider, ModelRequest, ModelResponse, ModelResponseChunk, ToolCall } from "./types.js";
import { orFailure } from "./wasm.js";
import { PIECE } from "./wire.js";

/** A piece of an answer, and who waits until it is taken. */
interface Sent {
  readonly chunk: ModelResponseChunk;
  resolve(): void;
  reject(error: unknown): void;
}

/** What the rules are told of an answer; calls are numbered by their ids. */
export interface Answered {
  readonly says: boolean;
  readonly calls: readonly number[];
}

export class Answering {
  /** The whole answer. */
  reply: ModelResponse | undefined = undefined;
  private waiting: Sent[] = [];
  private taken: Sent | undefined = undefined;
  private readonly callIds = new Map<string, number>();

  /** `signal`: of the run. `sent`: the rules are told of a piece. */
  constructor(
    private readonly signal: AbortSignal,
    private readonly sent: (piece: number) => void,
  ) {}

  /** Rejects with what the provider failed with. */
  async ask(provider: ModelProvider, request: ModelRequest): Promise<Answered> {
    let over = false;
    const whole = { text: wholeLetters(), reasoning: wholeLetters() };
    const send = (chunk: ModelResponseChunk): Promise<void> => {
      if (over) return quiet(Promise.reject(requestOver()));
      try {
        checkEngine();
        const checked = checkChunk("chunk", chunk);
        if (checked.type === "tool_call") return quiet(this.send(checked, PIECE.firstCall + this.callId(checked.call)));
        const { type } = checked;
        const text = whole[type](checked.text);
        if (text === "" && checked.text !== "") return Promise.resolve();
        return quiet(this.send(Object.freeze({ type, text }), PIECE[type] + Number(text !== "")));
      } catch (error) {
        return quiet(Promise.reject(error));
      }
    };
    this.reply = undefined;
    this.callIds.clear();
    try {
      this.reply = checkResponse(await promiseOf(provider.request(request, { signal: this.signal, send })));
    } finally {
      over = true;
    }
    const { content, toolCalls } = this.reply;
    return { says: content !== "", calls: toolCalls.map((call) => this.callId(call)) };
  }

  private callId({ id }: ToolCall): number {
    const known = this.callIds.get(id);
    if (known !== undefined) return known;
    this.callIds.set(id, this.callIds.size);
    return this.callIds.size - 1;
  }

  private send(chunk: ModelResponseChunk, piece: number): Promise<void> {
    if (this.signal.aborted) return Promise.reject(abortReason(this.signal));
    reserveStack();
    return orFailure(
      new Promise((resolve, reject) => {
        this.waiting.push({ chunk, resolve, reject });
        this.sent(piece);
      }),
    );
  }

  /** The oldest that waits. */
  take(): ModelResponseChunk {
    this.taken = this.waiting.shift()!;
    return this.taken.chunk;
  }

  accept(): void {
    this.taken?.resolve();
    this.taken = undefined;
  }

  refuse(): void {
    const reason = this.signal.aborted ? abortReason(this.signal) : requestOver();
    this.taken?.reject(reason);
    this.taken = undefined;
    for (const { reject } of this.waiting.splice(0)) reject(reason);
  }

  overrun(): void {
    this.waiting.pop()?.reject(overrun());
  }

  /** Of the whole answer: 0 is its text, 1 its first call. */
  part(place: number): ModelResponseChunk {
    const { content, toolCalls } = this.reply!;
    if (place === 0) return Object.freeze({ type: "text", text: content });
    return Object.freeze({ type: "tool_call", call: toolCalls[place - 1]! });
  }
}

export function overrun(): AgentError {
  return new AgentError("1024 chunks wait for the host: await send()", "E_PROVIDER");
}

/** Whoever does not await it does not want to know. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function requestOver(): AgentError {
  return new AgentError("The request is over: it takes no more chunks", "E_OVER");
}
