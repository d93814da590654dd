// "jobgate/agents": a chat session's workers, run as jobs. Stop works mid-stream, mid-tool and during a confirmation.

export { AgentError } from "./agents/errors.js";
export { openAiCompatible } from "./agents/openai/provider.js";
export { scriptedProvider } from "./agents/scripted.js";
export { Session } from "./agents/session.js";
export type {
  AgentRunOptions,
  AgentWorker,
  Message,
  ModelProvider,
  ModelRequest,
  ModelResponse,
  ModelResponseChunk,
  OpenAiOptions,
  RequestContext,
  ScriptedOptions,
  SessionOptions,
  Tool,
  ToolCall,
  ToolSpec,
  WorkerJob,
  WorkerOptions,
  WorkerSnapshot,
  WorkerState,
  WorkerTask,
  WorkerToHostInterface,
} from "./agents/types.js";
