import type { Message } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { Host } from "./support/host.js";
import { calling, HeldProvider, newSession, newTool, newWorker, saying } from "./support/session.js";

const user = (content: string): Message => ({ role: "user", content });
const said = (content: string): Message => ({ role: "assistant", content });

describe("a worker's snapshot", () => {
  it("is the same object until something has changed, and every change is told", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider, {
      tools: [newTool("now", async () => "noon", { confirm: false })],
    });
    const host = new Host();
    const seen = [worker.getSnapshot()];
    expect(seen[0]).toEqual({ messages: [], state: "inactive", lastFailure: undefined });
    const off = worker.subscribe(() => seen.push(worker.getSnapshot()));
    const { job } = session.run(worker, { prompt: "go" }, host);
    const first = await provider.requested(1);
    await first.context.send({ type: "text", text: "He" });
    expect(worker.getSnapshot()).toBe(worker.getSnapshot());
    expect(worker.getSnapshot().messages.at(-1)).toEqual(said("He"));
    first.answer.resolve(calling("now"));
    (await provider.requested(2)).answer.resolve(saying("Hello"));
    await job.wait();
    // Whatever could be seen at any time was told.
    expect(seen.at(-1)).toBe(worker.getSnapshot());
    expect(seen.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1])).toEqual([
      "inactive",
      ...host.states,
    ]);
    const lengths = seen.map(({ messages }) => messages.length);
    expect(lengths.filter((length, at) => length !== lengths[at - 1])).toEqual([0, 1, 2, 3, 4]);
    expect(Object.isFrozen(seen.at(-1)) && Object.isFrozen(worker.messages)).toBe(true);
    // What does not change is the same message.
    expect(seen.at(-1)!.messages[0]).toBe(seen.find(({ messages }) => messages.length === 1)!.messages[0]);
    const count = seen.length;
    off();
    off();
    worker.truncate(0);
    expect(seen).toHaveLength(count);
  });

  it("a listener that throws disturbs no other, one that is no function is refused", () => {
    const { session, worker } = newWorker(new HeldProvider());
    expect(() => worker.subscribe(7 as never)).toThrow(/listener must be a function/);
    expect(() => session.subscribe(undefined as never)).toThrow(/listener must be a function/);
  });

  it("a session tells of workers that come, change and go", async () => {
    const session = newSession({ providers: [new HeldProvider()] });
    let told = 0;
    session.subscribe(() => {
      told += 1;
    });
    const worker = session.createWorker({ name: "one" });
    expect([told, session.workers]).toEqual([1, [worker]]);
    worker.setMessages([user("hello")]);
    expect(told).toBe(2);
    await session.removeWorker(worker.id);
    expect([told, session.workers]).toEqual([3, []]);
    await session.removeWorker(worker.id);
    worker.setMessages([]);
    expect(told).toBe(3);
  });
});

describe("a conversation is changed", () => {
  const messages: readonly Message[] = [
    { role: "system", content: "Be brief." },
    user("go"),
    { role: "assistant", content: "", toolCalls: [{ id: "a", name: "now", arguments: {} }] },
    { role: "tool", toolCallId: "a", content: "noon" },
    said("It is noon."),
  ];

  it("to make an answer anew", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    worker.setMessages(messages);
    expect(worker.messages).toEqual(messages);
    worker.truncate(4);
    expect(worker.messages).toEqual(messages.slice(0, 4));
    worker.truncate(2);
    const { job } = session.run(worker, { prompt: "go" }, new Host());
    const { request, answer } = await provider.requested();
    expect(request.messages).toEqual(messages.slice(0, 2));
    answer.resolve(saying("Noon."));
    await job.wait();
    expect(worker.messages).toEqual([...messages.slice(0, 2), said("Noon.")]);
  });

  it("only to one that servers accept, else nothing has changed", () => {
    const { worker } = newWorker(new HeldProvider());
    worker.setMessages(messages);
    const before = worker.getSnapshot();
    expect(() => worker.truncate(3)).toThrow(RangeError);
    for (const length of [-1, 1.5, Number.NaN, "2" as never]) expect(() => worker.truncate(length)).toThrow(RangeError);
    expect(() => worker.setMessages([said("alone")])).toThrow(/messages\[0\] must follow a prompt/);
    expect(() => worker.setMessages([{ role: "user" } as never])).toThrow(/messages\[0\]\.content must be a string/);
    expect(() => worker.setMessages("hi" as never)).toThrow(/messages must be an array/);
    worker.truncate(9);
    expect(worker.getSnapshot()).toBe(before);
  });

  it("not while the worker is busy", async () => {
    const { session, worker } = newWorker(new HeldProvider());
    const { job } = session.run(worker, { prompt: "go" }, new Host());
    const busy = expect.objectContaining({ name: "AgentError", code: "E_BUSY" });
    expect(() => worker.truncate(0)).toThrow(busy);
    expect(() => worker.setMessages([])).toThrow(busy);
    job.cancel();
    expect(() => worker.setMessages([])).toThrow(busy);
    await job.wait();
    worker.setMessages([]);
    expect(worker.messages).toEqual([]);
  });
});

describe("a prompt without an answer", () => {
  it("whose run failed is not asked again with the next", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const failed = session.run(worker, { prompt: "one" }, new Host()).job;
    (await provider.requested(1)).answer.reject(new Error("no network"));
    expect((await failed.wait()).type).toBe("Failed");
    expect(worker.messages).toEqual([user("one")]);
    session.run(worker, { prompt: "two" }, new Host());
    expect((await provider.requested(2)).request.messages).toEqual([user("two")]);
    expect(worker.messages).toEqual([user("two")]);
  });
});

describe("a busy worker", () => {
  it("lets runs wait their turn, in order", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const host = new Host();
    const run = (prompt: string) => session.run(worker, { prompt }, host, { onBusy: "queue" });
    const runs = ["one", "two", "three"].map(run);
    expect(runs.map(({ type }) => type)).toEqual(["JOB_CREATED", "JOB_CREATED", "JOB_CREATED"]);
    expect(runs.map(({ job }) => job.key)).toEqual([worker.id, worker.id, worker.id]);
    expect(session.jobs).toEqual(runs.map(({ job }) => job));
    const joined = session.run(worker, { prompt: "no" }, host);
    expect([joined.type, joined.job]).toEqual(["JOB_ALREADY_RUNNING", runs[0]!.job]);
    for (const at of [1, 2, 3]) {
      expect(runs.map(({ job }) => job.status === "running").indexOf(true)).toBe(at - 1);
      (await provider.requested(at)).answer.resolve(saying(`answer ${at}`));
      await runs[at - 1]!.job.wait();
    }
    expect(worker.messages.map(({ content }) => content)).toEqual([
      "one",
      "answer 1",
      "two",
      "answer 2",
      "three",
      "answer 3",
    ]);
  });

  it("goes on after one that failed: its prompt is not sent again, and each job says how it ended", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const [first, second] = ["one", "two"].map(
      (prompt) => session.run(worker, { prompt }, new Host(), { onBusy: "queue" }).job,
    );
    const error = new Error("out of order");
    (await provider.requested(1)).answer.reject(error);
    const { request, answer } = await provider.requested(2);
    expect(request.messages).toEqual([{ role: "user", content: "two" }]);
    answer.resolve(saying("2"));
    expect(await first?.wait()).toMatchObject({ type: "Failed", error });
    expect(await second?.wait()).toMatchObject({ type: "Normal" });
    expect(worker.messages.map(({ content }) => content)).toEqual(["two", "2"]);
  });

  it("has one run join what waits, where the one before was asked to stop", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const host = new Host();
    const first = session.run(worker, { prompt: "one" }, host).job;
    await provider.requested(1);
    first.cancel();
    const second = session.run(worker, { prompt: "two" }, host);
    expect([second.type, second.job.worker]).toEqual(["JOB_CREATED", worker]);
    expect(session.run(worker, { prompt: "three" }, host)).toEqual({ type: "JOB_ALREADY_RUNNING", job: second.job });
    expect((await first.wait()).type).toBe("Cancelled");
    (await provider.requested(2)).answer.resolve(saying("well"));
    expect((await second.job.wait()).type).toBe("Normal");
  });

  it("that is removed has none of them begin", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const jobs = ["one", "two", "three"].map(
      (prompt) => session.run(worker, { prompt }, new Host(), { onBusy: "queue" }).job,
    );
    await provider.requested(1);
    await session.removeWorker(worker.id);
    expect(jobs.map(({ completion }) => completion?.type)).toEqual(["Cancelled", "Cancelled", "Cancelled"]);
    expect([provider.asked.length, session.jobs]).toEqual([1, []]);
  });

  it("refuses other words", () => {
    const { session, worker } = newWorker(new HeldProvider());
    expect(() => session.run(worker, { prompt: "x" }, new Host(), { onBusy: "wait" as never })).toThrow(
      /onBusy must be/,
    );
  });
});
