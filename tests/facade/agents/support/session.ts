import {
  type AgentWorker,
  type Message,
  type ModelProvider,
  type ModelRequest,
  type ModelResponse,
  type RequestContext,
  Session,
  type SessionOptions,
  type Tool,
} from "jobgate/agents";
import { onTestFinished } from "vitest";
import { type Deferred, deferred } from "../../support/work.js";
import { Host } from "./host.js";

/** A session that is closed when its test ends. Its hosts know their jobs. */
export function newSession(options: SessionOptions): Session {
  const session = new Session(options);
  const { run } = session;
  session.run = (worker, input, host, given) => {
    const ran = run(worker, input, host, given);
    if (host instanceof Host && ran.type === "JOB_CREATED") host.jobs.push(ran.job);
    return ran;
  };
  onTestFinished(async () => {
    await session.close();
  });
  return session;
}

/** A session of one provider, and a worker in it. */
export function newWorker(
  provider: ModelProvider,
  options: Omit<SessionOptions, "providers"> = {},
): { readonly session: Session; readonly worker: AgentWorker } {
  const session = newSession({ providers: [provider], ...options });
  return { session, worker: session.createWorker({ name: "helper" }) };
}

export interface Asked {
  readonly request: ModelRequest;
  readonly context: RequestContext;
  readonly answer: Deferred<ModelResponse>;
}

/** A provider whose answers the test gives. Asked to end, its requests reject as `fetch` does. */
export class HeldProvider implements ModelProvider {
  readonly name = "held";
  readonly asked: Asked[] = [];
  readonly #waiting: { readonly count: number; readonly done: Deferred<Asked> }[] = [];

  request(request: ModelRequest, context: RequestContext): Promise<ModelResponse> {
    const answer = deferred<ModelResponse>();
    context.signal.addEventListener("abort", () => answer.reject(context.signal.reason), { once: true });
    const asked = { request, context, answer };
    this.asked.push(asked);
    for (const { count, done } of this.#waiting) if (count === this.asked.length) done.resolve(asked);
    return answer.promise;
  }

  /** Resolves with the `count`-th request. */
  requested(count = 1): Promise<Asked> {
    const asked = this.asked[count - 1];
    if (asked !== undefined) return Promise.resolve(asked);
    const done = deferred<Asked>();
    this.#waiting.push({ count, done });
    return done.promise;
  }
}

export const saying = (content: string): ModelResponse => ({ content, toolCalls: [], stopReason: "stop" });

/** An answer that calls tools by name, without arguments. */
export function calling(...names: string[]): ModelResponse {
  const toolCalls = names.map((name, at) => ({ id: `call_${at}`, name, arguments: {} }));
  return { content: "", toolCalls, stopReason: "tool_calls" };
}

/** A tool without arguments. */
export function newTool(name: string, run: Tool["run"], options: Partial<Tool> = {}): Tool {
  return { name, description: "For tests", parameters: { type: "object" }, run, ...options };
}

/** What makes servers refuse a conversation, or nothing; between runs there must be nothing. */
export function faultOf(messages: readonly Message[]): string | undefined {
  let before = "start";
  let open: string[] = [];
  for (const [at, message] of messages.entries()) {
    const { role } = message;
    if (role === "system" && at !== 0) return `a system message at ${at}`;
    if (role === "user" && !["start", "system", "assistant", "tool"].includes(before))
      return `a prompt after ${before}`;
    if (role === "assistant" && !["user", "tool"].includes(before)) return `an answer after ${before}`;
    if (role === "tool") {
      if (message.toolCallId !== open.shift()) return `a result of no call at ${at}`;
    } else if (open.length > 0) return `calls without results before ${at}`;
    if (role === "assistant") {
      open = (message.toolCalls ?? []).map(({ id }) => id);
      if (message.content === "" && open.length === 0) return `an empty answer at ${at}`;
    }
    before = role;
  }
  return open.length > 0 ? "calls without results at the end" : undefined;
}
