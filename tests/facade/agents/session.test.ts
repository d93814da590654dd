import { Session, scriptedProvider, type ToolCall } from "jobgate/agents";
import { describe, expect, it, vi } from "vitest";
import { asyncDispose } from "../support/dispose.js";
import { catchReports } from "../support/reports.js";
import { Host } from "./support/host.js";
import { calling, HeldProvider, newSession, newTool, newWorker, saying } from "./support/session.js";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const prompt = "go";

describe("a session", () => {
  it("knows its workers, oldest first, each with an id of its own and the provider it names", async () => {
    const [one, two] = [scriptedProvider({ replies: ["1"], name: "one" }), scriptedProvider({ replies: ["2"] })];
    const session = newSession({ providers: [one, two] });
    const first = session.createWorker({ name: "first" });
    const second = session.createWorker({ name: "second", provider: "scripted" });
    expect(session.workers).toEqual([first, second]);
    for (const { id } of session.workers) expect(id).toMatch(uuid);
    expect(first.id).not.toBe(second.id);
    expect([first.provider, second.provider]).toEqual([one, two]);
    for (const worker of session.workers) await session.run(worker, { prompt }, new Host()).job.wait();
    expect(session.workers.map(({ messages }) => messages[1]?.content)).toEqual(["1", "2"]);
    await session.removeWorker(first.id);
    await session.removeWorker("nobody");
    expect(session.workers).toEqual([second]);
  });

  it("names the worker in everything that it tells and asks", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider, { tools: [newTool("a", async () => "")] });
    const ids = new Set<string>();
    const count = { state: 0, chunk: 0, confirmation: 0 };
    const { job } = session.run(
      worker,
      { prompt },
      {
        workerStateChange(id) {
          ids.add(id);
          count.state++;
        },
        responseChunkReceived(id) {
          ids.add(id);
          count.chunk++;
        },
        async getToolConfirmation(id) {
          ids.add(id);
          count.confirmation++;
          return "deny";
        },
      },
    );
    (await provider.requested(1)).answer.resolve(calling("a"));
    (await provider.requested(2)).answer.resolve(saying("well"));
    await job.wait();
    expect([[...ids], job.key, count]).toEqual([[worker.id], worker.id, { state: 7, chunk: 2, confirmation: 1 }]);
  });

  it("is closed at the end of an `await using`", async () => {
    const provider = new HeldProvider();
    const session = new Session({ providers: [provider] });
    const { job } = session.run(session.createWorker({ name: "x" }), { prompt }, new Host());
    await provider.requested();
    await session[asyncDispose]();
    expect(job.completion?.type).toBe("Cancelled");
    expect(() => session.createWorker({ name: "y" })).toThrow(expect.objectContaining({ code: "E_CLOSED" }));
  });

  it("does not begin a run whose signal has aborted", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const reason = new Error("before");
    const host = new Host();
    const { type, job } = session.run(worker, { prompt }, host, { signal: AbortSignal.abort(reason) });
    expect([type, await job.wait()]).toEqual(["JOB_CREATED", { type: "Cancelled", reason }]);
    expect([host.told, worker.messages, worker.state, provider.asked]).toEqual([[], [], "inactive", []]);
  });

  it("has methods that work detached", async () => {
    const { createWorker, run, runTask, removeWorker, close } = newSession({
      providers: [scriptedProvider({ replies: ["hi"] })],
    });
    const worker = createWorker({ name: "x" });
    const { onStateChange } = worker;
    const states: string[] = [];
    onStateChange((state) => states.push(state));
    const { cancel, wait } = run(worker, { prompt }, new Host()).job;
    expect((await wait()).type).toBe("Normal");
    cancel();
    expect((await runTask(worker, { run: async () => {} }).job.wait()).type).toBe("Normal");
    expect(states).toEqual(["working", "requesting", "receiving", "inactive", "working", "inactive"]);
    await removeWorker(worker.id);
    await close();
  });

  it("shows its jobs in the Performance panel where it is asked to", async () => {
    const measure = vi.spyOn(performance, "measure");
    for (const trace of [true, false]) {
      const session = newSession({ providers: [scriptedProvider({ replies: ["hi"] })], trace });
      await session.run(session.createWorker({ name: "traced" }), { prompt }, new Host()).job.wait();
      await session.close();
    }
    const names = measure.mock.calls.map(([name]) => name);
    measure.mockRestore();
    expect(names.some((name) => name.includes("traced"))).toBe(true);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("onStateChange", () => {
  it("tells until it is given up; who throws is reported and disturbs nobody", async () => {
    const reports = catchReports();
    const { session, worker } = newWorker(scriptedProvider({ replies: ["hi"] }));
    const error = new Error("no");
    worker.onStateChange((state) => {
      if (state === "requesting") throw error;
    });
    const seen: string[] = [];
    const unsubscribe = worker.onStateChange((state) => {
      seen.push(state);
      if (state === "receiving") unsubscribe();
    });
    const host = new Host();
    expect((await session.run(worker, { prompt }, host).job.wait()).type).toBe("Normal");
    expect([seen, host.states.at(-1)]).toEqual([["working", "requesting", "receiving"], "inactive"]);
    unsubscribe();
    await session.run(worker, { prompt }, host).job.wait();
    expect([seen.length, await reports.reached(2)]).toEqual([3, [error, error]]);
  });
});

describe("scriptedProvider", () => {
  const call: ToolCall = { id: "x", name: "a", arguments: { n: 1 } };

  it("answers in chunks, calls tools, and begins anew after the last reply", async () => {
    const replies = ["one two", [{ type: "tool_call", call } as const, { type: "text", text: "and" } as const]];
    const { session, worker } = newWorker(scriptedProvider({ replies }), {
      tools: [newTool("a", async ({ n }) => n, { confirm: false })],
    });
    const host = new Host();
    const run = async () => (await session.run(worker, { prompt }, host).job.wait()).type;
    expect([await run(), await run()]).toEqual(["Normal", "Normal"]);
    expect(worker.messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      "user: go",
      "assistant: one two",
      "user: go",
      "assistant: and",
      "tool: 1",
      "assistant: one two",
    ]);
    expect(host.chunks.slice(2, 4)).toEqual(replies[1]);
    const { send, signal } = { send: async () => {}, signal: new AbortController().signal };
    const request = { messages: [{ role: "user", content: prompt }], tools: [] } as const;
    const answer = await worker.provider.request(request, { send, signal });
    expect(answer).toEqual({ content: "and", toolCalls: [call], stopReason: "tool_calls" });
  });

  it("waits before each chunk, and stops waiting when it is cancelled", async () => {
    const { session, worker } = newWorker(scriptedProvider({ replies: ["a b", "c"], chunkDelay: 40 }));
    const host = new Host();
    const begun = performance.now();
    await session.run(worker, { prompt }, host).job.wait();
    // Browsers round their clocks.
    expect(performance.now() - begun).toBeGreaterThan(2 * 40 - 5);
    const slow = newWorker(scriptedProvider({ replies: ["never"], chunkDelay: 2 ** 31 - 1 }));
    const { job } = slow.session.run(slow.worker, { prompt }, host);
    await host.until(() => host.states.filter((state) => state === "requesting").length === 2);
    job.cancel("enough");
    expect(await job.wait()).toEqual({ type: "Cancelled", reason: "enough" });
    expect(host.text).toBe("a b");
  });
});
