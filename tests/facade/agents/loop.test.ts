import { scriptedProvider } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { Host } from "./support/host.js";
import { calling, faultOf, HeldProvider, newSession, newTool, newWorker, saying } from "./support/session.js";

describe("the loop", () => {
  it("streams a scripted answer word by word, states in order", async () => {
    const { session, worker } = newWorker(scriptedProvider({ replies: ["lorem ipsum dolor"] }));
    const host = new Host();
    const shown: string[] = [];
    worker.onStateChange((state) => shown.push(state));
    const { type, job } = session.run(worker, { prompt: "lorem ipsum please" }, host);
    expect(type).toBe("JOB_CREATED");
    expect(session.jobs).toEqual([job]);
    expect(job.worker).toBe(worker);
    expect(await job.wait()).toEqual({ type: "Normal", result: undefined });
    expect(host.states).toEqual(["working", "requesting", "receiving", "inactive"]);
    expect(shown).toEqual(host.states);
    expect(host.chunks.map((chunk) => chunk.type === "text" && chunk.text)).toEqual(["lorem ", "ipsum ", "dolor"]);
    expect(worker.messages).toEqual([
      { role: "user", content: "lorem ipsum please" },
      { role: "assistant", content: "lorem ipsum dolor" },
    ]);
    expect([worker.state, job.state, worker.lastFailure]).toEqual(["inactive", "inactive", undefined]);
    expect(session.jobs).toEqual([]);
  });

  it("asks again with the result of a tool that was approved", async () => {
    const provider = new HeldProvider();
    const tool = newTool("add", async ({ a, b }: { a: number; b: number }) => a + b);
    const { session, worker } = newWorker(provider, { tools: [tool] });
    const host = new Host();
    const { job } = session.run(worker, { prompt: "2 + 3?" }, host);
    const call = { id: "c1", name: "add", arguments: { a: 2, b: 3 } };
    (await provider.requested(1)).answer.resolve({ content: "", toolCalls: [call], stopReason: "tool_calls" });
    await host.entered("waiting");
    expect(host.confirmations[0]?.call).toEqual(call);
    host.confirmations[0]?.answer.resolve("approve");
    const { request, answer } = await provider.requested(2);
    expect(request.messages).toEqual([
      { role: "user", content: "2 + 3?" },
      { role: "assistant", content: "", toolCalls: [call] },
      { role: "tool", toolCallId: "c1", content: "5" },
    ]);
    answer.resolve(saying("5"));
    expect((await job.wait()).type).toBe("Normal");
    expect(host.states).toEqual([
      ..."working requesting receiving waiting using_tool requesting receiving inactive".split(" "),
    ]);
    expect(faultOf(worker.messages)).toBeUndefined();
  });

  it("leaves the keys of schemas and arguments in their order", async () => {
    const provider = new HeldProvider();
    const args = { why: "b", answer: { z: 1, a: 2 } };
    const ran: string[] = [];
    const parameters = { type: "object", properties: { why: { type: "string" }, answer: { type: "object" } } };
    const tool = newTool("add", async (given) => ran.push(JSON.stringify(given)), { parameters, confirm: false });
    const { session, worker } = newWorker(provider, { tools: [tool] });
    const { job } = session.run(worker, { prompt: "go" }, new Host());
    const { request, answer } = await provider.requested(1);
    expect(JSON.stringify(request.tools[0]?.parameters)).toBe(JSON.stringify(parameters));
    const toolCalls = [{ id: "c1", name: "add", arguments: args }];
    answer.resolve({ content: "", toolCalls, stopReason: "tool_calls" });
    const again = await provider.requested(2);
    expect(ran).toEqual([JSON.stringify(args)]);
    for (const messages of [again.request.messages, worker.messages]) {
      expect(JSON.stringify(messages[1])).toContain(JSON.stringify(args));
    }
    again.answer.resolve(saying("5"));
    expect((await job.wait()).type).toBe("Normal");
  });

  it("tells the model of a tool that was denied, is unknown, throws, or got what does not fit its schema", async () => {
    const provider = new HeldProvider();
    const ran: string[] = [];
    const throwing = newTool("throwing", () => Promise.reject(new Error("out of order")), { confirm: false });
    const denied = newTool("denied", async () => ran.push("denied"));
    const strict = newTool("strict", async () => ran.push("strict"), {
      parameters: { type: "object", properties: { n: { type: "integer", maximum: 3 } }, required: ["n"] },
    });
    const { session, worker } = newWorker(provider, { tools: [throwing, denied, strict] });
    const host = new Host();
    host.answer = "deny";
    const { job } = session.run(worker, { prompt: "all of them" }, host);
    const response = calling("throwing", "denied", "nonsense", "strict", "strict");
    const toolCalls = response.toolCalls.map((call, at) => (at === 4 ? { ...call, arguments: '{"n": ' } : call));
    (await provider.requested(1)).answer.resolve({ ...response, toolCalls });
    const { request, answer } = await provider.requested(2);
    expect(request.messages.slice(2).map(({ content }) => content)).toEqual([
      "Error: out of order",
      "The user denied this call. It was not made.",
      'There is no tool "nonsense". There are: throwing, denied, strict.',
      expect.stringMatching(/^The arguments do not fit the tool's schema: .*"n"[^.]*\. Nothing was run\.$/),
      expect.stringMatching(/^The arguments are not valid JSON: /),
    ]);
    expect([ran, host.confirmations.length]).toEqual([[], 1]);
    answer.resolve(saying("done"));
    expect((await job.wait()).type).toBe("Normal");
  });

  it("tells the model, too, when a tool's schema cannot be applied", async () => {
    const provider = new HeldProvider();
    // In order, and endless.
    const parameters = { $ref: "#/$defs/a", $defs: { a: { allOf: [{ $ref: "#/$defs/a" }] } } };
    const { session, worker } = newWorker(provider, { tools: [newTool("endless", async () => "", { parameters })] });
    const { job } = session.run(worker, { prompt: "go" }, new Host());
    (await provider.requested(1)).answer.resolve(calling("endless"));
    const { request, answer } = await provider.requested(2);
    expect(request.messages.at(-1)?.content).toMatch(
      /^The arguments do not fit the tool's schema: they cannot be checked/,
    );
    answer.resolve(saying("well"));
    expect((await job.wait()).type).toBe("Normal");
  });

  it("fails after maxTurns, with a valid conversation that can go on", async () => {
    const provider = new HeldProvider();
    let ran = 0;
    const tool = newTool("again", async () => ++ran, { confirm: false });
    const { session, worker } = newWorker(provider, { tools: [tool], maxTurns: 2 });
    const host = new Host();
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested(1)).answer.resolve(calling("again"));
    (await provider.requested(2)).answer.resolve(calling("again"));
    const completion = await job.wait();
    expect(completion).toMatchObject({ type: "Failed", error: { code: "E_MAX_TURNS", name: "AgentError" } });
    expect([worker.state, ran, provider.asked.length]).toEqual(["failed", 1, 2]);
    expect(worker.lastFailure).toBe(completion.type === "Failed" && completion.error);
    expect(faultOf(worker.messages)).toBeUndefined();
    const next = session.run(worker, { prompt: "go on" }, host);
    expect(next.type).toBe("JOB_CREATED");
    (await provider.requested(3)).answer.resolve(saying("done"));
    expect((await next.job.wait()).type).toBe("Normal");
    expect(worker.lastFailure).toBeUndefined();
    expect(faultOf(worker.messages)).toBeUndefined();
  });

  it.each([Infinity, 2 ** 40])("goes on for as many turns as it takes where maxTurns is %d", async (maxTurns) => {
    const provider = new HeldProvider();
    const tool = newTool("again", async () => "", { confirm: false });
    const { session, worker } = newWorker(provider, { tools: [tool], maxTurns });
    const { job } = session.run(worker, { prompt: "go" }, new Host());
    for (let turn = 1; turn < 20; turn++) (await provider.requested(turn)).answer.resolve(calling("again"));
    (await provider.requested(20)).answer.resolve(saying("done"));
    expect((await job.wait()).type).toBe("Normal");
  });

  it("runs workers side by side; a busy one answers JOB_ALREADY_RUNNING", async () => {
    const provider = new HeldProvider();
    const session = newSession({ providers: [provider] });
    const [one, two] = [
      session.createWorker({ name: "one" }),
      session.createWorker({ name: "two", system: "Be two." }),
    ];
    const host = new Host();
    const first = session.run(one, { prompt: "1" }, host);
    const second = session.run(two, { prompt: "2" }, host);
    const again = session.run(one, { prompt: "ignored" }, host);
    expect(again.type).toBe("JOB_ALREADY_RUNNING");
    expect(again.job).toBe(first.job);
    expect(session.jobs).toEqual([first.job, second.job]);
    await provider.requested(2);
    for (const { answer } of provider.asked) answer.resolve(saying("ok"));
    await Promise.all([first.job.wait(), second.job.wait()]);
    expect(two.messages[0]).toEqual({ role: "system", content: "Be two." });
    expect(one.messages).toHaveLength(2);
  });
});
