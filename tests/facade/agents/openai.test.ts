import { type ModelResponse, type ModelResponseChunk, openAiCompatible } from "jobgate/agents";
import { describe, expect, it, vi } from "vitest";
import { turn } from "../support/turns.js";
import { deferred } from "../support/work.js";
import { Host } from "./support/host.js";
import { bytes, mockAddress, newModel, spoken, sse } from "./support/model.js";
import { faultOf, newTool, newWorker } from "./support/session.js";

const prompt = "hello";

/** Asks without a session. */
async function ask(provider: ReturnType<typeof openAiCompatible>, signal = new AbortController().signal) {
  const chunks: ModelResponseChunk[] = [];
  const send = async (chunk: ModelResponseChunk) => void chunks.push(chunk);
  const messages = [{ role: "user", content: prompt }] as const;
  const response: ModelResponse = await provider.request({ messages, tools: [] }, { signal, send });
  return { response, chunks };
}

describe("openAiCompatible", () => {
  it("asks as the API wants to be asked", async () => {
    const model = await newModel([{ body: spoken("hi") }], { apiKey: "secret", headers: { "X-Title": "test" } });
    const tool = newTool("now", async () => "noon", { parameters: { type: "object", properties: {} } });
    const { session, worker } = newWorker(model.provider, { tools: [tool] });
    await session.run(worker, { prompt }, new Host()).job.wait();
    const { headers, body } = (await model.log()).requests[0]!;
    expect([headers.authorization, headers["x-title"], headers["content-type"]]).toEqual([
      "Bearer secret",
      "test",
      "application/json",
    ]);
    expect(JSON.parse(body)).toEqual({
      model: "test-model",
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: "user", content: prompt }],
      tools: [
        {
          type: "function",
          function: { name: "now", description: "For tests", parameters: { type: "object", properties: {} } },
        },
      ],
    });
    expect(model.provider.name).toBe("test-model");
  });

  it("gives the same answer wherever the network cuts it", async () => {
    const stream = bytes(`${sse.comment}${sse.text("Grüße 🦀")}${sse.finish("stop")}${sse.usage}${sse.done}`);
    const crlf = stream.replaceAll("\n", "\r\n");
    // Of one byte each, and in two at some: a cut at every byte is what tests/engine/agents/streams.rs makes.
    const cuts = [1, 2, 3, 5, ...Array.from({ length: 20 }, (_, n) => [Math.floor((stream.length / 20) * n)])];
    const model = await newModel([...cuts.map((cut) => ({ body: stream, cuts: cut })), { body: crlf, cuts: 1 }]);
    const asked = [...cuts, 1].map(() => ask(model.provider));
    for (const { response, chunks } of await Promise.all(asked)) {
      expect(response.content).toBe("Grüße 🦀");
      expect(response).toMatchObject({ stopReason: "stop", usage: { inputTokens: 9, outputTokens: 12 } });
      expect(chunks).toEqual([{ type: "text", text: "Grüße 🦀" }]);
    }
  });

  it("puts calls together from fragments that take turns", async () => {
    const body = [
      sse.text("Let me see. "),
      sse.fragment(1, "b", "time", ""),
      sse.fragment(0, "a", "weather", '{"ci'),
      sse.fragment(1, undefined, undefined, '{"zone":'),
      sse.fragment(0, undefined, undefined, 'ty":"Köln"}'),
      sse.fragment(1, undefined, undefined, "1}"),
      sse.finish("tool_calls"),
      sse.done,
    ].join("");
    const { provider } = await newModel([{ body: bytes(body), cuts: 7 }]);
    const { response, chunks } = await ask(provider);
    expect(response.toolCalls).toEqual([
      { id: "a", name: "weather", arguments: { city: "Köln" } },
      { id: "b", name: "time", arguments: { zone: 1 } },
    ]);
    expect(chunks.map(({ type }) => type)).toEqual(["text", "tool_call", "tool_call"]);
  });

  it("tells of an error status with the message of its body", async () => {
    const error = { error: { message: "The model `x` does not exist", code: "model_not_found" } };
    const model = await newModel([{ status: 404, body: JSON.stringify(error) }]);
    const { session, worker } = newWorker(model.provider);
    const host = new Host();
    const completion = await session.run(worker, { prompt }, host).job.wait();
    const message = "the model's server answered 404: The model `x` does not exist";
    expect(completion).toMatchObject({ type: "Failed", error: { code: "E_HTTP", status: 404, message } });
    expect(host.states).toEqual(["working", "requesting", "failed"]);
    expect((await model.log()).requests).toHaveLength(1);
    // A retry asks the same again, and the prompt stands there once.
    const again = await session.run(worker, { prompt }, host).job.wait();
    expect([again.type, worker.messages]).toEqual(["Failed", [{ role: "user", content: prompt }]]);
  });

  it.each([
    ["seconds", () => "1", (first: number) => first + 1000],
    ["a date", () => new Date(Date.now() + 2500).toUTCString(), (_: number, date: string) => Date.parse(date)],
  ])("waits as long as Retry-After asks for, given as %s, and asks again", async (_, retryAfter, due) => {
    const header = retryAfter();
    const busy = { status: 429, headers: { "Retry-After": header }, body: "{}" };
    const model = await newModel([busy, { body: spoken("at last") }]);
    const { response } = await ask(model.provider);
    expect(response.content).toBe("at last");
    const [first, second] = (await model.log()).requests;
    expect(second!.at).toBeGreaterThan(due(first!.at, header) - 10);
  });

  it("gives up after two retries, with the server's words", async () => {
    const busy = { status: 503, headers: { "Retry-After": "0" }, body: '{"error":"busy"}' };
    const model = await newModel([busy]);
    await expect(ask(model.provider)).rejects.toMatchObject({ code: "E_HTTP", status: 503 });
    expect((await model.log()).requests).toHaveLength(3);
  });

  it("stops waiting for a retry at once when it is cancelled", async () => {
    const waiting = deferred();
    const native = Headers.prototype.get;
    vi.spyOn(Headers.prototype, "get").mockImplementation(function (this: Headers, name) {
      if (name === "retry-after") waiting.resolve();
      return native.call(this, name);
    });
    const model = await newModel([{ status: 429, headers: { "Retry-After": "50" }, body: "{}" }]);
    const { session, worker } = newWorker(model.provider);
    const { job } = session.run(worker, { prompt }, new Host());
    // The answer has been read by then, to its end: what is left is the wait.
    await waiting.promise;
    vi.restoreAllMocks();
    await turn();
    const reason = new Error("enough");
    job.cancel(reason);
    const completion = await job.wait();
    expect(completion.type === "Cancelled" && completion.reason).toBe(reason);
    expect((await model.log()).requests).toHaveLength(1);
  });

  it("never asks again once the answer has begun", async () => {
    const error = `data: ${JSON.stringify({ error: { message: "overloaded", code: 429 } })}\n\n`;
    const model = await newModel([{ body: bytes(sse.text("He") + error) }]);
    const { session, worker } = newWorker(model.provider);
    const completion = await session.run(worker, { prompt }, new Host()).job.wait();
    expect(completion).toMatchObject({ type: "Failed", error: { code: "E_STREAM" } });
    expect(completion.type === "Failed" && String(completion.error)).toContain("overloaded");
    expect((await model.log()).requests).toHaveLength(1);
  });

  it.each(["end", "reset"] as const)("reports a stream that breaks off (%s) as such", async (after) => {
    const model = await newModel([{ body: bytes(sse.text("half an ")), after }]);
    const { session, worker } = newWorker(model.provider);
    const host = new Host();
    const completion = await session.run(worker, { prompt }, host).job.wait();
    expect(completion).toMatchObject({ type: "Failed", error: { code: "E_STREAM" } });
    // A reset may throw away what the browser had not read yet.
    if (after === "end") expect(host.text).toBe("half an ");
    expect(worker.messages).toEqual([
      { role: "user", content: prompt },
      ...(host.text === "" ? [] : [{ role: "assistant", content: host.text }]),
    ]);
    expect(worker.lastFailure).toBe(completion.type === "Failed" && completion.error);
    expect(faultOf(worker.messages)).toBeUndefined();
  });

  it("never hangs on a fetch that throws", async () => {
    const error = new Error("not from this page");
    vi.spyOn(globalThis, "fetch").mockImplementation(() => {
      throw error;
    });
    const provider = openAiCompatible({ baseUrl: "http://127.0.0.1:9/v1", model: "x" });
    await expect(ask(provider)).rejects.toMatchObject({ code: "E_NETWORK", cause: error });
    vi.restoreAllMocks();
  });

  it.each<[unknown, string]>([
    [new Error("not from this page"), "not from this page"],
    ["no way", "no way"],
    [{ message: 7 }, "fetch failed"],
  ])("says why there is no answer where fetch throws %j", async (cause, why) => {
    const provider = openAiCompatible({
      baseUrl: "http://model.test/v1",
      model: "x",
      fetch: () => Promise.reject(cause),
    });
    const message = `no answer from http://model.test/v1/chat/completions: ${why}`;
    await expect(ask(provider)).rejects.toMatchObject({ code: "E_NETWORK", message, cause });
  });

  const json = { "Content-Type": "application/json; charset=utf-8" };

  it("takes an answer that is not streamed", async () => {
    const message = { role: "assistant", content: "whole", tool_calls: [{ id: "x", function: { name: "now" } }] };
    const body = JSON.stringify({ choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
    const { provider } = await newModel([{ headers: json, body: bytes(body), cuts: 5 }]);
    const { response, chunks } = await ask(provider);
    const call = { id: "x", name: "now", arguments: {} };
    expect(response).toEqual({ content: "whole", toolCalls: [call], stopReason: "tool_calls" });
    expect(chunks).toEqual([
      { type: "text", text: "whole" },
      { type: "tool_call", call },
    ]);
  });

  it.each([
    ["an error with status 200", json, '{"error":{"message":"no credit"}}', /reported an error: no credit/],
    ["an error without that name", json, '{"object":"error","message":"no credit"}', /reported an error: no credit/],
    ["half an answer", json, '{"choices":[{"message"', /not a chunk of an answer/],
    ["a page", { "Content-Type": "text/html" }, "<p>Hello", /not a chunk of an answer: text\/html/],
  ])("tells of %s", async (_, headers, body, message) => {
    const { provider } = await newModel([{ headers, body }]);
    await expect(ask(provider)).rejects.toMatchObject({ code: "E_STREAM", message: expect.stringMatching(message) });
  });

  it("reads no more of an error's body than a message takes", async () => {
    const model = await newModel([{ status: 400, body: "x".repeat(400_000), after: "hang" }]);
    await expect(ask(model.provider)).rejects.toMatchObject({ code: "E_HTTP", status: 400 });
  });

  it("sends the address's query along", async () => {
    const model = await newModel([{ body: spoken("hi") }]);
    const { response } = await ask(openAiCompatible({ baseUrl: `${model.baseUrl}/?api-version=7`, model: "x" }));
    expect(response.content).toBe("hi");
    expect((await model.log()).requests[0]!.query).toBe("?api-version=7");
  });

  it("says when there is no server", async () => {
    const provider = openAiCompatible({ baseUrl: "http://127.0.0.1:9/v1", model: "x" });
    await expect(ask(provider)).rejects.toMatchObject({ code: "E_NETWORK", cause: expect.any(TypeError) });
  });

  it("closes the connection when it is cancelled mid-stream, and keeps what arrived", async () => {
    const model = await newModel([{ body: bytes(sse.text("one ") + sse.text("two")), after: "hang" }]);
    const { session, worker } = newWorker(model.provider);
    const host = new Host();
    const { job } = session.run(worker, { prompt }, host);
    await host.until(() => host.text === "one two");
    job.cancel("enough");
    expect(await job.wait()).toEqual({ type: "Cancelled", reason: "enough" });
    expect((await model.closed(1)).closed).toBe(1);
    expect(worker.messages[1]).toEqual({ role: "assistant", content: "one two" });
    expect(host.states).toEqual(["working", "requesting", "receiving", "inactive"]);
  });

  it("closes the connection of a server that does not answer", async () => {
    const controller = new AbortController();
    const model = await newModel([{ after: "hang" }]);
    const asked = ask(model.provider, controller.signal);
    await model.requested(1);
    controller.abort(new Error("enough"));
    await expect(asked).rejects.toBe(controller.signal.reason);
    expect((await model.closed(1)).closed).toBe(1);
  });

  describe("a fetch that stands in for the page's own", () => {
    /** One whose body does not end; `closed` says why it was cancelled. */
    function openResponse(kind: string) {
      const { promise: closed, resolve: cancel } = deferred<unknown>();
      const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)), cancel });
      return { response: new Response(body, { headers: { "content-type": kind } }), closed };
    }

    it("has its response closed where that is a page", async () => {
      const { response, closed } = openResponse("text/html");
      const provider = openAiCompatible({ baseUrl: "http://x/v1", model: "m", fetch: async () => response });
      await expect(ask(provider)).rejects.toMatchObject({ code: "E_STREAM" });
      expect(await closed).toBeUndefined();
    });

    it("has its response closed where it comes after the end was asked for", async () => {
      const { response, closed } = openResponse("text/event-stream");
      const [called, given] = [deferred(), deferred<Response>()];
      const fetch = () => {
        called.resolve();
        return given.promise;
      };
      const provider = openAiCompatible({ baseUrl: "http://x/v1", model: "m", fetch });
      const controller = new AbortController();
      const asked = ask(provider, controller.signal);
      await called.promise;
      controller.abort("enough");
      given.resolve(response);
      await expect(asked).rejects.toBe("enough");
      expect(await closed).toBeUndefined();
    });
  });

  it("leaves nothing on the signal of a request that it refuses", async () => {
    const provider = openAiCompatible({ baseUrl: "http://x/v1", model: "m" });
    const { signal } = new AbortController();
    const [listened, left] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")];
    const asked = provider.request({ messages: [], tools: [null as never] }, { signal, send: async () => {} });
    await expect(asked).rejects.toThrow("tools[0] must be an object");
    expect(listened.mock.calls.length).toBe(left.mock.calls.length);
  });

  it("refuses what cannot be sent", () => {
    const make = (options: object) => () => openAiCompatible({ baseUrl: "/v1", model: "m", ...options });
    expect(make({ baseUrl: "ftp://x" })).toThrow(/baseUrl must be an http or https address/);
    expect(make({ model: 7 })).toThrow(/model must be a string, got number/);
    expect(make({ apiKey: "a\nb" })).toThrow(/apiKey has characters/);
    expect(make({ headers: { "bad name": "x" } })).toThrow(TypeError);
  });
});

describe("against a mock of the OpenAI API that is not ours", () => {
  const newMocked = async () => openAiCompatible({ baseUrl: await mockAddress(), model: "gpt-4o" });

  it("streams an answer", async () => {
    const { session, worker } = newWorker(await newMocked());
    const host = new Host();
    const { job } = session.run(worker, { prompt: "introduce yourself" }, host);
    expect((await job.wait()).type).toBe("Normal");
    expect(host.text).toBe("I am a mock — grüß Gott 🦀.");
    expect(host.chunks.length).toBeGreaterThan(5);
  });

  it("goes on with a tool's result", async () => {
    const cities: string[] = [];
    const weather = newTool("weather", async ({ city }: { city: string }) => ({ rain: cities.push(city) }), {
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    });
    const { session, worker } = newWorker(await newMocked(), { tools: [weather] });
    const host = new Host();
    host.answer = "approve";
    expect((await session.run(worker, { prompt: "weather?" }, host).job.wait()).type).toBe("Normal");
    expect([cities, worker.messages.at(-1)?.content]).toEqual([["Köln"], "It rains in Köln."]);
    expect(worker.messages[2]?.content).toBe('{"rain":1}');
    expect(faultOf(worker.messages)).toBeUndefined();
  });

  it("tells of its errors, and of an answer that it breaks off", async () => {
    const { session, worker } = newWorker(await newMocked());
    const broken = await session.run(worker, { prompt: "break off" }, new Host()).job.wait();
    expect(broken).toMatchObject({ type: "Failed", error: { code: "E_STREAM" } });
    const other = session.createWorker({ name: "other" });
    const refused = await session.run(other, { prompt: "too much" }, new Host()).job.wait();
    expect(refused).toMatchObject({ type: "Failed", error: { code: "E_HTTP", status: 400 } });
    expect(String(refused.type === "Failed" && refused.error)).toContain("Slow down");
  });
});
