import { type ModelProvider, type ModelResponse, type ModelResponseChunk, openAiCompatible } from "jobgate/agents";

/** The answers of a server that is not there, one after the other, the last again and again; and what it was asked. */
export function served(
  answers: readonly (() => Response)[],
  options: Partial<Parameters<typeof openAiCompatible>[0]> = {},
) {
  const asked: { readonly url: string; readonly body: Record<string, unknown> }[] = [];
  const fetch = async (url: unknown, init?: RequestInit) => {
    const answer = answers[asked.length] ?? answers.at(-1)!;
    asked.push({ url: String(url), body: JSON.parse(String(init?.body)) });
    return answer();
  };
  const provider = openAiCompatible({ baseUrl: "http://model.test/v1", model: "m", fetch, ...options });
  return { provider, asked };
}

/** A stream of these chunks, or of text as it is. */
export function streaming(...chunks: readonly unknown[]): () => Response {
  const lines = chunks.map((chunk) => (typeof chunk === "string" ? chunk : `data: ${JSON.stringify(chunk)}\n\n`));
  return () => new Response(lines.join(""), { headers: { "Content-Type": "text/event-stream" } });
}

export function refusing(status: number, body: unknown): () => Response {
  return () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
}

export const delta = (delta: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
});

/** A whole answer. */
export const well = streaming(delta({ content: "well" }), delta({}, "stop"), "data: [DONE]\n\n");

/** Asks without a session. */
export async function ask(provider: ModelProvider, signal = new AbortController().signal) {
  const chunks: ModelResponseChunk[] = [];
  const send = async (chunk: ModelResponseChunk) => void chunks.push(chunk);
  const messages = [{ role: "user", content: "go" }] as const;
  const response: ModelResponse = await provider.request({ messages, tools: [] }, { signal, send });
  return { response, chunks };
}
