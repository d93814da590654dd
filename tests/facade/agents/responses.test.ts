import type { ModelResponse } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { catchReports } from "../support/reports.js";
import { Host } from "./support/host.js";
import { newModel, spoken } from "./support/model.js";
import { calling, HeldProvider, newTool, newWorker, saying } from "./support/session.js";

/** Writes down each response, beside what else it is told. */
class Meter extends Host {
  readonly responses: ModelResponse[] = [];
  readonly #workers = new Set<string>();

  responseReceived(workerId: string, response: ModelResponse): void {
    this.#workers.add(workerId);
    this.responses.push(response);
  }

  get workers(): readonly string[] {
    return [...this.#workers];
  }
}

const usage = { inputTokens: 9, outputTokens: 12 };

describe("responseReceived of a host", () => {
  it("is told what each answer took and why the model stopped, before its tools are used", async () => {
    const provider = new HeldProvider();
    const host = new Meter();
    const seen: number[] = [];
    const tool = newTool("tool", async () => String(seen.push(host.responses.length)), { confirm: false });
    const { session, worker } = newWorker(provider, { tools: [tool] });
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested(1)).answer.resolve({ ...calling("tool"), usage });
    (await provider.requested(2)).answer.resolve({ ...saying("cut sh"), stopReason: "length" });
    expect((await job.wait()).type).toBe("Normal");
    expect(host.responses).toEqual([
      { ...calling("tool"), usage },
      { content: "cut sh", toolCalls: [], stopReason: "length" },
    ]);
    expect([seen, host.workers]).toEqual([[1], [worker.id]]);
    expect(host.responses.every((response) => Object.isFrozen(response))).toBe(true);
    expect(Object.isFrozen(host.responses[0]!.usage)).toBe(true);
  });

  it("has what an OpenAI-compatible server counts", async () => {
    const { provider } = await newModel([{ body: spoken("well") }]);
    const { session, worker } = newWorker(provider);
    const host = new Meter();
    await session.run(worker, { prompt: "go" }, host).job.wait();
    expect(host.responses).toEqual([{ content: "well", toolCalls: [], stopReason: "stop", usage }]);
  });

  it("is not told of an answer that was cut short or failed, and is of one that is empty", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const host = new Meter();
    const run = (prompt: string) => session.run(worker, { prompt }, host).job;
    const stopped = run("one");
    await provider.requested(1);
    await stopped.stop();
    const failed = run("two");
    (await provider.requested(2)).answer.reject(new Error("out of order"));
    await failed.wait();
    expect(host.responses).toEqual([]);
    const empty = run("three");
    (await provider.requested(3)).answer.resolve({ ...saying(""), stopReason: "content_filter", usage });
    expect((await empty.wait()).type).toBe("Failed");
    expect(host.responses).toMatchObject([{ stopReason: "content_filter", usage }]);
  });

  it("disturbs nothing where it throws, and may stop the run", async () => {
    const reports = catchReports();
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider, {
      tools: [newTool("tool", async () => "used", { confirm: false })],
    });
    const fault = new Error("no such counter");
    const host = new Meter();
    host.responseReceived = () => {
      throw fault;
    };
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested(1)).answer.resolve(saying("well"));
    expect((await job.wait()).type).toBe("Normal");
    expect(reports.errors).toEqual([fault]);
    const next = session.run(worker, { prompt: "on" }, host).job;
    host.responseReceived = () => next.cancel("too dear");
    (await provider.requested(2)).answer.resolve(calling("tool"));
    expect(await next.wait()).toEqual({ type: "Cancelled", reason: "too dear" });
    expect(worker.messages.at(-1)?.content).toBe("The run ended before this call had a result.");
  });

  it.each([
    ["usage must be an object", "many"],
    ["usage.inputTokens must be a number", { outputTokens: 1 }],
    ["usage.outputTokens must be a number", { inputTokens: 1, outputTokens: "2" }],
  ])("is given nothing that is none: %s", async (message, wrong) => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const { job } = session.run(worker, { prompt: "go" }, new Meter());
    (await provider.requested()).answer.resolve({ ...saying("well"), usage: wrong } as never);
    const completion = await job.wait();
    expect(String(completion.type === "Failed" && completion.error)).toContain(`response.${message}`);
  });

  it("is refused where it is no function", () => {
    const { session, worker } = newWorker(new HeldProvider());
    const host = Object.assign(new Host(), { responseReceived: 7 as never });
    expect(() => session.run(worker, { prompt: "go" }, host)).toThrow(/host\.responseReceived must be a function/);
    expect(session.jobs).toEqual([]);
  });
});
