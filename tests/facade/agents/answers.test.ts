import { openAiCompatible } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import cases from "../../engine/agents/servers.json" with { type: "json" };
import { ask, refusing, served } from "./support/served.js";

/** A response whose bytes come in pieces of that size. */
function cut(body: string, size: number): Response {
  const bytes = new TextEncoder().encode(body);
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(to) {
      if (at < bytes.length) to.enqueue(bytes.slice(at, at + size));
      else to.close();
      at += size;
    },
  });
  return new Response(stream, { headers: { "Content-Type": "text/event-stream" } });
}

async function read(response: Response) {
  const provider = openAiCompatible({ baseUrl: "http://model.test/v1", model: "m", fetch: async () => response });
  try {
    const { response: answer, chunks } = await ask(provider);
    const thought = chunks.map((chunk) => (chunk.type === "reasoning" ? chunk.text : "")).join("");
    const text = chunks.map((chunk) => (chunk.type === "text" ? chunk.text : "")).join("");
    expect([text, chunks.filter(({ type }) => type === "tool_call").length]).toEqual([
      answer.content,
      answer.toolCalls.length,
    ]);
    return { answer, thought };
  } catch (error) {
    expect(error).toMatchObject({ name: "AgentError", code: "E_STREAM" });
    return { fault: (error as Error).message };
  }
}

// The crate reads the same cases with a parser of its own: tests/engine/agents/servers.rs.
describe("what a server streams is read as it is meant, wherever it is cut", () => {
  it.each(cases.streams.map(({ name, body, says }) => [name, body, says] as const))("%s", async (_, body, says) => {
    for (const size of [1, 3, 7, 1_000_000]) {
      const said = await read(cut(body, size));
      // How a parser says what is wrong with JSON is its own affair.
      if (says.fault !== undefined && said.fault !== undefined) expect(said.fault.startsWith(says.fault)).toBe(true);
      else expect(said).toEqual(says);
    }
  });
});

describe("a refusal is told in the server's words", () => {
  it.each(cases.refusals.map(({ body, told }) => [body.slice(0, 80), body, told]))("%s", async (_, body, told) => {
    const { provider } = served([refusing(400, body)], { usage: false });
    const refused = await ask(provider).catch((error: Error) => error);
    // A response that stands in for one has no status text of its own.
    const expected = told!.replace("Bad Request", "");
    expect(refused).toMatchObject({ code: "E_HTTP", status: 400, message: expected });
  });
});
