import { AgentError, type AgentWorker, type Message, type ModelResponse } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { Host } from "./support/host.js";
import { calling, HeldProvider, newTool, newWorker, saying } from "./support/session.js";

const said = (messages: readonly Message[]) => messages.map(({ content }) => content);
const user = (content: string): Message => ({ role: "user", content });

function newTalk() {
  const provider = new HeldProvider();
  const { session, worker } = newWorker(provider, { tools: [newTool("tool", async () => "used", { confirm: false })] });
  const run = (prompt: string) => session.run(worker, { prompt }, new Host()).job;
  const asked = async (count: number) => said((await provider.requested(count)).request.messages);
  return { provider, worker, run, asked };
}

describe("a prompt whose run failed before an answer", () => {
  it.each<readonly [string, (worker: AgentWorker) => void, readonly string[]]>([
    ["as they are", (worker) => worker.setMessages(worker.messages), ["hi", "hello", "stopped\n\nnext"]],
    [
      "copies of them",
      (worker) => worker.setMessages(structuredClone(worker.messages)),
      ["hi", "hello", "stopped\n\nnext"],
    ],
    ["the last alone", (worker) => worker.setMessages(worker.messages.slice(-1)), ["stopped\n\nnext"]],
    ["another prompt", (worker) => worker.setMessages([user("another")]), ["another\n\nnext"]],
  ])("gives way to the next while it is the last message, also one set anew: %s", async (_, change, sent) => {
    const { provider, worker, run, asked } = newTalk();
    let job = run("hi");
    (await provider.requested(1)).answer.resolve(saying("hello"));
    await job.wait();
    job = run("stopped");
    await provider.requested(2);
    await job.stop();
    job = run("failed");
    (await provider.requested(3)).answer.reject(new Error("out of order"));
    expect((await job.wait()).type).toBe("Failed");
    expect(said(worker.messages)).toEqual(["hi", "hello", "stopped\n\nfailed"]);
    change(worker);
    run("next");
    expect(await asked(4)).toEqual(sent);
  });
});

describe("an answer without text and calls", () => {
  const empty = (stopReason: string): ModelResponse => ({ ...saying(""), stopReason });

  it.each(["content_filter", "length", "stop"])("fails the run with why the model stopped: %s", async (stopReason) => {
    const { provider, worker, run, asked } = newTalk();
    const job = run("one");
    (await provider.requested(1)).answer.resolve(empty(stopReason));
    const completion = await job.wait();
    const error = completion.type === "Failed" && completion.error;
    expect(error).toBeInstanceOf(AgentError);
    expect(error).toMatchObject({ code: "E_EMPTY", stopReason, message: expect.stringContaining(stopReason) });
    expect([worker.state, worker.lastFailure]).toEqual(["failed", error]);
    run("two");
    expect(await asked(2)).toEqual(["two"]);
  });

  it("ends a run well that has used a tool", async () => {
    const { provider, worker, run } = newTalk();
    const job = run("one");
    (await provider.requested(1)).answer.resolve(calling("tool"));
    (await provider.requested(2)).answer.resolve(empty("stop"));
    expect((await job.wait()).type).toBe("Normal");
    expect(said(worker.messages)).toEqual(["one", "", "used"]);
  });
});
