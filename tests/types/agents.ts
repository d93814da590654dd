// Every name of "jobgate/agents", with the type that it is promised to have; then programs that must and must not fit.
import type { Completion, Continuations, ManagedJob, RunJobResult, Unsubscribe } from "jobgate";
import {
  type AgentWorker,
  type Message,
  type ModelProvider,
  type ModelRequest,
  type ModelResponse,
  type ModelResponseChunk,
  openAiCompatible,
  Session,
  scriptedProvider,
  type Tool,
  type ToolCall,
  type ToolSpec,
  type WorkerJob,
  type WorkerState,
  type WorkerTask,
  type WorkerToHostInterface,
} from "jobgate/agents";
import type { Fits, Is, Same } from "./expect.js";

type States = "inactive" | "working" | "requesting" | "receiving" | "waiting" | "using_tool" | "failed";
interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: unknown;
}
type Chunk =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "tool_call"; readonly call: Call };
interface Spec {
  readonly name: string;
  readonly description: string;
  readonly parameters: unknown;
  readonly confirm?: boolean;
}
interface Options {
  signal?: AbortSignal;
  timeout?: number;
  onBusy?: "join" | "queue";
}

export type Agents = [
  Is<Same<WorkerState, States>>,
  Is<Same<ToolCall, Call>>,
  Is<Same<ModelResponseChunk, Chunk>>,
  Is<Same<ToolSpec, Spec>>,
  Is<Same<ModelRequest, { readonly messages: readonly Message[]; readonly tools: readonly ToolSpec[] }>>,
  Is<Fits<ModelResponse, { readonly content: string; readonly toolCalls: readonly ToolCall[]; stopReason: string }>>,
  Is<Fits<Parameters<ModelProvider["request"]>[1], { signal: AbortSignal; send(chunk: Chunk): Promise<void> }>>,
  Is<Same<WorkerToHostInterface["workerStateChange"], (workerId: string, state: WorkerState) => void>>,
  Is<Same<WorkerToHostInterface["responseChunkReceived"], (workerId: string, chunk: Chunk) => void | Promise<void>>>,
  Is<
    Same<
      WorkerToHostInterface["getToolConfirmation"],
      (workerId: string, request: ToolCall, signal: AbortSignal) => Promise<"approve" | "deny">
    >
  >,
  Is<Same<AgentWorker["onStateChange"], (listener: (state: WorkerState) => void) => Unsubscribe>>,
  Is<
    Fits<AgentWorker, { id: string; name: string; state: WorkerState; lastFailure: unknown; provider: ModelProvider }>
  >,
  Is<Same<AgentWorker["messages"], readonly Message[]>>,
  Is<Same<AgentWorker["subscribe"], (listener: () => void) => Unsubscribe>>,
  Is<
    Same<
      ReturnType<AgentWorker["getSnapshot"]>,
      { readonly messages: readonly Message[]; readonly state: WorkerState; readonly lastFailure: unknown }
    >
  >,
  Is<Same<AgentWorker["truncate"], (length: number) => void>>,
  Is<Same<AgentWorker["setMessages"], (messages: readonly Message[]) => void>>,
  Is<Same<Session["subscribe"], (listener: () => void) => Unsubscribe>>,
  Is<Fits<WorkerJob, ManagedJob<string, WorkerState, never, void>>>,
  Is<Same<WorkerJob["worker"], AgentWorker>>,
  Is<Same<WorkerJob["cancel"], (reason?: unknown) => void>>,
  Is<Same<WorkerJob["wait"], () => Promise<Completion<void>>>>,
  Is<Fits<WorkerJob["continuations"], Continuations<WorkerJob>>>,
  Is<Same<Session["workers"], readonly AgentWorker[]>>,
  Is<Same<Session["jobs"], readonly WorkerJob[]>>,
  Is<Same<Session["removeWorker"], (id: string) => Promise<void>>>,
  Is<
    Same<
      Session["run"],
      (
        worker: AgentWorker,
        input: { prompt: string },
        host: WorkerToHostInterface,
        options?: Options,
      ) => RunJobResult<WorkerJob>
    >
  >,
  Is<Same<Session["runTask"], (worker: AgentWorker, task: WorkerTask, options?: Options) => RunJobResult<WorkerJob>>>,
  Is<Same<Session["close"], (reason?: unknown) => Promise<void>>>,
  Is<Same<Session[typeof Symbol.asyncDispose], () => Promise<void>>>,
];

const tool: Tool = {
  name: "add",
  description: "Adds",
  parameters: { type: "object" },
  run: async ({ a, b }: { a: number; b: number }, { signal }) => (signal.aborted ? 0 : a + b),
};
const provider: ModelProvider = {
  name: "mine",
  async request({ messages }, { signal, send }) {
    signal.throwIfAborted();
    await send({ type: "text", text: `${messages.length}` });
    return { content: "x", toolCalls: [], stopReason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
  },
};
const session = new Session({
  providers: [
    provider,
    openAiCompatible({ baseUrl: "https://api.openai.com/v1", model: "m", apiKey: "k", headers: { a: "b" }, name: "n" }),
    openAiCompatible({ baseUrl: "/v1", model: "o", body: { top_k: 5 }, usage: false, sendReasoning: true, fetch }),
    scriptedProvider({ replies: ["a", [{ type: "text", text: "b" }]], chunkDelay: 5, name: "s" }),
  ],
  tools: [tool],
  concurrency: 2,
  maxTurns: 3,
});
const worker = session.createWorker({ name: "w", provider: "mine", system: "Be brief." });
const host: WorkerToHostInterface = {
  workerStateChange() {},
  responseChunkReceived() {},
  getToolConfirmation: async () => "approve",
};
const { type, job } = session.run(worker, { prompt: "x" }, host, { signal: new AbortController().signal, timeout: 5 });
job.continuations.addOrRunNow("x", (ended, completion) => console.log(ended.worker.name, completion.type, type));

// @ts-expect-error a session has providers
new Session({});
// @ts-expect-error nobody else answers
({ ...host, getToolConfirmation: async () => "maybe" }) satisfies WorkerToHostInterface;
// @ts-expect-error a prompt is a text
session.run(worker, { prompt: 7 }, host);
// @ts-expect-error shown, not set
worker.state = "failed";
// @ts-expect-error what was said stays
worker.messages.push({ role: "user", content: "x" });
