import { type ModelProvider, type OpenAiOptions, openAiCompatible } from "jobgate/agents";
import type { Log, Reply } from "./site.js";

const site = (path: string) => new URL(`/model-site/${path}`, location.href).href;

/** A server that answers as planned, and the provider that asks it. */
export interface Model {
  readonly provider: ModelProvider;
  readonly baseUrl: string;
  log(): Promise<Log>;
  /** Resolves once so many requests have arrived there. */
  requested(count: number): Promise<Log>;
  /** Resolves once so many connections have been closed from this end. */
  closed(count: number): Promise<Log>;
  /** Resolves once the connection of that request, counted from 0, has been closed from this end. */
  cut(index: number): Promise<Log>;
}

export async function newModel(replies: readonly Reply[], options: Partial<OpenAiOptions> = {}): Promise<Model> {
  const name = crypto.randomUUID();
  await fetch(site(`plan/${name}`), { method: "POST", body: JSON.stringify(replies) });
  const log = async (query = ""): Promise<Log> => (await fetch(site(`log/${name}${query}`))).json();
  return {
    baseUrl: site(name),
    provider: openAiCompatible({ baseUrl: site(name), model: "test-model", ...options }),
    log: () => log(),
    requested: (count) => log(`?requests=${count}`),
    closed: (count) => log(`?closed=${count}`),
    cut: (index) => log(`?cut=${index}`),
  };
}

export const mockAddress = async (): Promise<string> => `${await (await fetch(site("aimock"))).text()}/v1`;

/** UTF-8 with a Latin letter for each byte, as `Reply.body` wants it. */
export function bytes(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

const event = (data: unknown) => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
const chunk = (delta: object, finish_reason: string | null = null) =>
  event({ id: "chatcmpl-1", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] });

/** The stream's parts, as servers send them. */
export const sse = {
  comment: ": keep-alive\n\n",
  text: (content: string) => chunk({ content }),
  fragment: (index: number, id: string | undefined, name: string | undefined, args: string) =>
    chunk({ tool_calls: [{ index, ...(id && { id, type: "function" }), function: { name, arguments: args } }] }),
  finish: (reason: string) => chunk({}, reason),
  usage: event({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 12 } }),
  done: event("[DONE]"),
};

/** A whole answer of these texts. */
export function spoken(...texts: string[]): string {
  return bytes([...texts.map(sse.text), sse.finish("stop"), sse.usage, sse.done].join(""));
}
