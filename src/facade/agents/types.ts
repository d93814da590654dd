// The public shapes of agent sessions. Times are milliseconds.

import type { Completion, Continuations, ManagedJob, Millis, Unsubscribe } from "../types.js";

/**
 * "working": a run has begun; "requesting": the model was asked and has not begun to answer; "receiving": its answer
 * arrives; "waiting": the host was asked whether a tool may run; "using_tool": a tool runs; then "inactive", or "failed".
 */
export type WorkerState = "inactive" | "working" | "requesting" | "receiving" | "waiting" | "using_tool" | "failed";

/** What was said by whom. */
export type Message =
  | { readonly role: "system" | "user"; readonly content: string }
  | {
      readonly role: "assistant";
      readonly content: string;
      readonly toolCalls?: readonly ToolCall[];
      /** What the model thought before, where its server tells. */
      readonly reasoning?: string;
    }
  | { readonly role: "tool"; readonly toolCallId: string; readonly content: string };

/** A tool that the model wants used. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** As the tool's schema describes them. A string is what the model wrote where it should have written JSON. */
  readonly arguments: unknown;
}

/** A piece of an answer: more text, more of what the model thinks, or a whole call. */
export type ModelResponseChunk =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "tool_call"; readonly call: ToolCall };

/** All that was said, and what the model may call. */
export interface ModelRequest {
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
}

/** The whole answer. */
export interface ModelResponse {
  readonly content: string;
  readonly toolCalls: readonly ToolCall[];
  /** In the model's own word: "stop", "tool_calls", "length". */
  readonly stopReason: string;
  readonly usage?: { inputTokens: number; outputTokens: number };
}

/** What a provider's request is given. */
export interface RequestContext {
  /** Aborts when the answer is not wanted any more. The run has not ended before `request` has settled. */
  readonly signal: AbortSignal;
  /**
   * Resolves when the host has taken the chunk: await it, and a slow screen slows the stream instead of filling memory.
   * Chunks arrive in the order of the calls. Rejects with `signal.reason` once asked to end; then stop. Not awaited, it
   * never causes an unhandled rejection, but with more than 1,024 chunks waiting the run fails.
   */
  send(chunk: ModelResponseChunk): Promise<void>;
}

/** A model, and the way to it. */
export interface ModelProvider {
  readonly name: string;
  /**
   * Sends the answer in chunks and returns it whole. What it returns counts: what of it was not sent is given to the
   * host at the end; without text, the text that was sent stays. A rejection fails the run; so does, unless a tool's
   * result was what it answers, an answer that leaves neither text nor calls: AgentError E_EMPTY.
   */
  request(request: ModelRequest, context: RequestContext): Promise<ModelResponse>;
}

/** Where an OpenAI-compatible server is, and what it wants to know. */
export interface OpenAiOptions {
  /**
   * Up to and including the version: "https://api.openai.com/v1", or "/v1" on the page's own server. A query in it is
   * sent along.
   */
  baseUrl: string;
  model: string;
  /** Sent as a bearer token. */
  apiKey?: string;
  /** Sent along; they win over the ones made here. */
  headers?: Record<string, string>;
  /**
   * What sessions know it by.
   * @default the model's name
   */
  name?: string;
  /**
   * Merged into each request's body: temperature, max_tokens, tool_choice, response_format, whatever the server takes. It
   * wins over what is sent otherwise, but for `tools`, which are added to the session's; `messages` are refused. Copied.
   */
  body?: Record<string, unknown>;
  /**
   * Asks for token counts with `stream_options`. Where a server refuses a request for that, it is asked again without,
   * and that is left out from then on.
   * @default true
   */
  usage?: boolean;
  /**
   * Sends what the model thought along with each answer, by the name that the server gave it.
   * @default false
   */
  sendReasoning?: boolean;
  /** Called in place of the global `fetch`, with an absolute address where there is a page. */
  fetch?: typeof fetch;
}

/** What to answer. */
export interface ScriptedOptions {
  /** Each request takes the next, and after the last comes the first again. A string is sent word by word. */
  replies: readonly (string | readonly ModelResponseChunk[])[];
  /**
   * Before each chunk.
   * @default 0
   */
  chunkDelay?: Millis;
  /**
   * What sessions know it by.
   * @default "scripted"
   */
  name?: string;
}

/** A tool as the model is told of it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments; drafts 7, 2019-09 and 2020-12, which is taken where it names none. */
  readonly parameters: unknown;
  /**
   * Whether the host is asked before it runs.
   * @default true
   */
  readonly confirm?: boolean;
}

/** Something that a model can have done. */
export interface Tool extends ToolSpec {
  /**
   * Called with arguments that fit the schema. The model is told the result, as it is if it is a string, else as JSON;
   * or what it throws, and the run goes on. The run has not ended before this has settled: end it when `signal` aborts.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the schema says what they are.
  run(args: any, context: { readonly signal: AbortSignal }): Promise<unknown>;
}

/**
 * What a worker tells and asks the page. Called one at a time for each run, and not after its job has ended. What
 * throws or rejects here fails the run with that error; where the run has been asked to stop or has failed already, it
 * is reported, unless it is the signal's reason.
 */
export interface WorkerToHostInterface {
  /**
   * Called with each state in order; the last of a run is "inactive" or "failed". Not waited for: with what a promise of
   * it rejects with, the run fails at its next state.
   */
  workerStateChange(workerId: string, state: WorkerState): void;
  /** The next chunk is given when the promise has resolved. Asked to stop, the run does not wait for it. */
  responseChunkReceived(workerId: string, chunk: ModelResponseChunk): void | Promise<void>;
  /**
   * Called once for each answer that is whole, after its last chunk and before the tools that it calls: says why the
   * model stopped, and what the answer took where its server counts. What it throws is reported, and the run goes on.
   */
  responseReceived?(workerId: string, response: ModelResponse): void;
  /**
   * "deny" tells the model so and goes on. Aborted while it waits: the signal says so, a late answer is ignored, an
   * answer given twice counts once.
   */
  getToolConfirmation(workerId: string, request: ToolCall, signal: AbortSignal): Promise<"approve" | "deny">;
}

/** One conversation with one model. */
export interface AgentWorker {
  /** A UUID. */
  readonly id: string;
  readonly name: string;
  readonly state: WorkerState;
  /** What the last failed run failed with; undefined again once the next begins. */
  readonly lastFailure: unknown;
  readonly provider: ModelProvider;
  /**
   * What was said so far, with what has arrived of an answer; the same array until it changes. Between runs it is a
   * conversation that servers accept: a cancelled answer keeps the text that arrived, a call without a result has one
   * that says so. A prompt that follows one whose run was cancelled before an answer came is joined to it, one whose run
   * failed gives way to it; the same prompt again stays one.
   */
  readonly messages: readonly Message[];
  /** Before the host is told. */
  onStateChange(listener: (state: WorkerState) => void): Unsubscribe;
  /** Messages, state or failure changed: with `getSnapshot` this is what useSyncExternalStore takes. */
  subscribe(listener: () => void): Unsubscribe;
  /** The same object until something has changed. */
  getSnapshot(): WorkerSnapshot;
  /**
   * Drops the message of that index and all after it, for an answer to be made anew or a prompt to be edited; more than
   * there are drops none. Throws RangeError for a length that is none, or that would part a call from its results;
   * AgentError E_BUSY while a run is under way or waits. Then nothing has changed.
   */
  truncate(length: number): void;
  /**
   * Puts others in the place of all messages, the system's among them. A prompt whose run failed, and which stays the
   * last, gives way to the next as before. Throws as `truncate` does, and TypeError.
   */
  setMessages(messages: readonly Message[]): void;
}

/** What a worker shows, at one moment. */
export interface WorkerSnapshot {
  readonly messages: readonly Message[];
  readonly state: WorkerState;
  readonly lastFailure: unknown;
}

/** Something else that a worker does as a job. */
export interface WorkerTask {
  run(context: { readonly worker: AgentWorker; readonly signal: AbortSignal }): Promise<void>;
}

/** A worker's job: a job as any other. */
export interface WorkerJob extends ManagedJob<string, WorkerState, never, void> {
  readonly worker: AgentWorker;
  readonly continuations: Continuations<this>;
  /** Asks it to end, and does not wait. */
  cancel(reason?: unknown): void;
  /** Resolves when it has ended; never rejects. */
  wait(): Promise<Completion<void>>;
}

/** What a session is made of. */
export interface SessionOptions {
  /** At least one; their names differ. A worker that names none gets the first. */
  providers: readonly ModelProvider[];
  /** What the models may have done; their names differ. An invalid schema is refused, with the tool's name. */
  tools?: readonly Tool[];
  /**
   * Jobs running at once; an integer of at least 1, or Infinity.
   * @default Infinity
   */
  concurrency?: number;
  /**
   * Model calls in one run; an integer of at least 1, or Infinity. A run that would need more fails with E_MAX_TURNS.
   * @default 16
   */
  maxTurns?: number;
  /**
   * Shows its jobs in the browser's Performance panel, as `trace` of a JobManager does; the track is "Session".
   * @default false
   */
  trace?: boolean;
}

/** What a worker is made of. */
export interface WorkerOptions {
  /** For people. */
  name: string;
  /**
   * A provider's name.
   * @default the first
   */
  provider?: string;
  /** How the model is to behave: the first message. */
  system?: string;
  /**
   * What was said before: a conversation that was stored, or one up to an answer that is not wanted. Refused unless it is
   * one that servers accept, as `AgentWorker.messages` is between runs; with a system message in it, leave
   * `system` out.
   */
  messages?: readonly Message[];
}

/** Of one run. */
export interface AgentRunOptions {
  /** Its abort cancels the job, with its reason. */
  signal?: AbortSignal;
  /** Counted from the start. The job fails with a TimeoutError DOMException. */
  timeout?: Millis;
  /**
   * What to do if the worker is busy. "join": answer JOB_ALREADY_RUNNING, and nothing of this is taken; a job
   * that was asked to stop is not joined: the new one waits for its end. "queue": the new one waits until all before it
   * have ended, in whatever way.
   * @default "join"
   */
  onBusy?: "join" | "queue";
}
