import { type Message, openAiCompatible } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { Host } from "./support/host.js";
import { bytes, newModel, spoken } from "./support/model.js";
import { ask, delta, refusing, served, streaming, well } from "./support/served.js";
import { faultOf, newTool, newWorker } from "./support/session.js";

/** One run against it, with a tool that says what it was given. */
async function run(...answers: readonly (() => Response)[]) {
  const { provider, asked } = served(answers);
  const used: unknown[] = [];
  const tool = newTool("roll", async (args) => `rolled ${used.push(args)}`, { confirm: false });
  const { session, worker } = newWorker(provider, { tools: [tool] });
  const host = new Host();
  const completion = await session.run(worker, { prompt: "go" }, host).job.wait();
  expect(faultOf(worker.messages)).toBeUndefined();
  return { completion, used, host, worker, asked };
}

const call = (fields: object, name: string, args: unknown) =>
  delta({ tool_calls: [{ ...fields, function: { name, arguments: args } }] });

describe("the run goes on where a server", () => {
  it.each<[string, unknown[], unknown[]]>([
    [
      "puts two calls under one index",
      [call({ index: 0, id: "a" }, "roll", '{"n":1}'), call({ index: 0, id: "b" }, "roll", '{"n":2}')],
      [{ n: 1 }, { n: 2 }],
    ],
    [
      "gives parallel calls no index and no id",
      [call({}, "roll", '{"n":1}'), call({}, "roll", '{"n":2}')],
      [{ n: 1 }, { n: 2 }],
    ],
    ["gives arguments as an object", [call({ index: 0, id: "a" }, "roll", { n: 1 })], [{ n: 1 }]],
    ["numbers its calls", [call({ index: 0, id: 0 }, "roll", '{"n":1}')], [{ n: 1 }]],
    ["writes an index as text", [call({ index: "0", id: "a" }, "roll", '{"n":1}')], [{ n: 1 }]],
    ["writes no index", [call({ index: null, id: "a" }, "roll", '{"n":1}')], [{ n: 1 }]],
  ])("%s", async (_, events, args) => {
    const { completion, used, worker, asked } = await run(streaming(...events, delta({}, "tool_calls")), well);
    expect([completion.type, used, worker.messages.at(-1)?.content]).toEqual(["Normal", args, "well"]);
    // The server is answered call by call.
    const sent = asked[1]!.body.messages as { tool_calls?: { id: string }[]; tool_call_id?: string }[];
    expect(sent.slice(2).map(({ tool_call_id }) => tool_call_id)).toEqual(sent[1]!.tool_calls!.map(({ id }) => id));
    expect(new Set(sent[1]!.tool_calls!.map(({ id }) => id)).size).toBe(args.length);
  });

  it.each<[string, unknown[]]>([
    [
      "sends its content in parts",
      [
        delta({
          content: [
            { type: "text", text: "we" },
            { type: "text", text: "ll" },
          ],
        }),
      ],
    ],
    ["counts in text", [delta({ content: "well" }), { choices: [], usage: { prompt_tokens: "7" } }]],
    [
      "parts its events by one newline",
      [`data: ${JSON.stringify(delta({ content: "we" }))}\ndata: `, `${JSON.stringify(delta({ content: "ll" }))}\n`],
    ],
    ["sends signs of life", [": alive\n\n", "data: alive\n\n", { type: "ping" }, delta({ content: "well" })]],
  ])("%s", async (_, events) => {
    const end = delta({}, "stop");
    expect((await run(streaming(...events, end))).host.text).toBe("well");
    // Its last event without the blank line after it.
    expect((await run(streaming(...events, `data: ${JSON.stringify(end)}`))).host.text).toBe("well");
  });

  it("says something unreadable after it has finished", async () => {
    const { completion } = await run(
      streaming(delta({ content: "well" }, "stop"), { usage: 7 }, 'data: {"choices":\n\n'),
    );
    expect(completion.type).toBe("Normal");
  });
});

describe("the run fails with the server's words where it", () => {
  it.each<[string, () => Response, object]>([
    [
      "reports an error as the end of an answer",
      streaming(
        delta({ content: "He" }),
        { choices: [{ finish_reason: "error", error: { message: "overloaded" } }] },
        "data: [DONE]\n\n",
      ),
      { code: "E_STREAM", message: "the model's server reported an error: overloaded" },
    ],
    [
      "answers with a list of errors",
      refusing(400, [{ error: { message: "bad key" } }]),
      { code: "E_HTTP", message: "the model's server answered 400: bad key" },
    ],
    [
      "answers with what a validator says",
      refusing(422, { detail: [{ msg: "Field required" }] }),
      { code: "E_HTTP", message: "the model's server answered 422: Field required" },
    ],
    [
      "answers with JSON of another kind",
      refusing(400, { success: false, code: 7 }),
      { code: "E_HTTP", message: 'the model\'s server answered 400: {"success":false,"code":7}' },
    ],
    [
      "says it in an event of that name",
      streaming('event: error\ndata: {"message":"no credit"}\n\n'),
      { code: "E_STREAM", message: "the model's server reported an error: no credit" },
    ],
  ])("%s", async (_, answer, error) => {
    const { completion, worker } = await run(answer);
    expect(completion).toMatchObject({ type: "Failed", error });
    expect(worker.lastFailure).toBe(completion.type === "Failed" && completion.error);
  });
});

describe("stream_options", () => {
  const refusal = refusing(400, { error: { message: "Unrecognized request argument supplied: stream_options" } });
  const options = (asked: { readonly body: Record<string, unknown> }[]) => asked.map(({ body }) => body.stream_options);

  it("are left out for good once they were refused", async () => {
    const { provider, asked } = served([refusal, well]);
    expect((await ask(provider)).response.content).toBe("well");
    expect((await ask(provider)).response.content).toBe("well");
    expect(options(asked)).toEqual([{ include_usage: true }, undefined, undefined]);
  });

  it("are left out where a field was refused and it went well without, and asked for again where it did not", async () => {
    const vague = refusing(422, { message: "Extra inputs are not permitted" });
    const good = served([vague, well]);
    await ask(good.provider);
    await ask(good.provider);
    expect(options(good.asked)).toEqual([{ include_usage: true }, undefined, undefined]);
    const bad = served([vague, vague, well]);
    await expect(ask(bad.provider)).rejects.toMatchObject({ code: "E_HTTP", status: 422 });
    await ask(bad.provider);
    expect(options(bad.asked)).toEqual([{ include_usage: true }, undefined, { include_usage: true }]);
  });

  it("are not sent with usage: false, and no other refusal is asked again", async () => {
    const { provider, asked } = served([refusing(400, { error: "the conversation is too long" })], { usage: false });
    await expect(ask(provider)).rejects.toMatchObject({ code: "E_HTTP" });
    expect(options(asked)).toEqual([undefined]);
  });
});

describe("what a model thinks", () => {
  const thinking = (name: string) =>
    streaming(delta({ [name]: "H" }), delta({ [name]: "m" }), delta({ content: "well" }), delta({}, "stop"));

  it.each(["reasoning_content", "reasoning"])("is told apart from what it says, and goes back as %s", async (name) => {
    const { provider, asked } = served([thinking(name)], { sendReasoning: true });
    const { session, worker } = newWorker(provider);
    const host = new Host();
    await session.run(worker, { prompt: "go" }, host).job.wait();
    expect(host.chunks.map(({ type }) => type)).toEqual(["reasoning", "reasoning", "text"]);
    expect(worker.messages[1]).toEqual({ role: "assistant", content: "well", reasoning: "Hm" });
    await session.run(worker, { prompt: "again" }, host).job.wait();
    expect((asked[1]!.body.messages as unknown[])[1]).toEqual({ role: "assistant", content: "well", [name]: "Hm" });
  });

  it("is not sent back unless that is asked for", async () => {
    const { provider, asked } = served([thinking("reasoning")]);
    const { session, worker } = newWorker(provider);
    for (const prompt of ["go", "again"]) await session.run(worker, { prompt }, new Host()).job.wait();
    expect((asked[1]!.body.messages as unknown[])[1]).toEqual({ role: "assistant", content: "well" });
  });

  it("is shown while it arrives, and is no answer by itself", async () => {
    const { provider } = served([streaming(delta({ reasoning: "Hm" }), delta({}, "length"))]);
    const { session, worker } = newWorker(provider);
    const host = new Host();
    const seen: Message[] = [];
    host.take = () => void seen.push(worker.messages.at(-1)!);
    const completion = await session.run(worker, { prompt: "go" }, host).job.wait();
    expect(completion).toMatchObject({ type: "Failed", error: { code: "E_EMPTY", stopReason: "length" } });
    expect([seen, worker.messages.length]).toEqual([[{ role: "assistant", content: "", reasoning: "Hm" }], 1]);
  });
});

describe("options", () => {
  it("merges the body, and keeps a copy of it", async () => {
    const body = { temperature: 0.5, nested: { a: 1 } };
    const { provider, asked } = served([well], { body });
    body.nested.a = 2;
    await ask(provider);
    expect(asked[0]!.body).toMatchObject({ model: "m", temperature: 0.5, nested: { a: 1 }, stream: true });
  });

  it("takes an address relative to the page", async () => {
    const model = await newModel([{ body: spoken("hi") }]);
    const { pathname, host } = new URL(model.baseUrl);
    for (const baseUrl of [pathname, `//${host}${pathname}`]) {
      expect((await ask(openAiCompatible({ baseUrl, model: "x" }))).response.content).toBe("hi");
    }
  });

  it("gives its own fetch an absolute address", async () => {
    const { provider, asked } = served([well], { baseUrl: "/v1?key=7" });
    await ask(provider);
    expect(asked[0]!.url).toBe(`${location.origin}/v1/chat/completions?key=7`);
  });

  it("refuses what makes no sense", () => {
    const make = (options: object) => () => openAiCompatible({ baseUrl: "/v1", model: "m", ...options });
    expect(make({ body: [] })).toThrow(/body must be an object/);
    expect(make({ body: { seed: 1n } })).toThrow(/body must be an object that JSON can carry/);
    expect(make({ body: { messages: [] } })).toThrow(/body\.messages/);
    expect(make({ usage: 1 })).toThrow(/usage must be a boolean/);
    expect(make({ sendReasoning: "yes" })).toThrow(/sendReasoning must be a boolean/);
    expect(make({ fetch: "fetch" })).toThrow(/fetch must be a function/);
    expect(make({ baseUrl: "localhost:11434/v1" })).toThrow(/baseUrl must be an http or https address/);
  });

  it("takes a stream whose type says otherwise", async () => {
    const body = bytes(`data: ${JSON.stringify(delta({ content: "hi" }, "stop"))}\n\n`);
    for (const kind of ["application/json", "text/plain", "application/x-ndjson"]) {
      const { provider } = await newModel([{ headers: { "Content-Type": kind }, body }]);
      expect((await ask(provider)).response.content).toBe("hi");
    }
  });
});
