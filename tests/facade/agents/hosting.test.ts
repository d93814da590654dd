import { type ModelProvider, type ModelResponseChunk, scriptedProvider, type WorkerState } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { catchReports, watchRejections } from "../support/reports.js";
import { turn } from "../support/turns.js";
import { deferred } from "../support/work.js";
import { Host } from "./support/host.js";
import { bytes, newModel, sse } from "./support/model.js";
import { calling, faultOf, HeldProvider, newTool, newWorker, saying } from "./support/session.js";

/** Sends so many chunks, and counts what it has sent and the host has not taken. */
class Torrent implements ModelProvider {
  readonly name = "torrent";
  most = 0;
  private waiting = 0;

  constructor(
    private readonly count: number,
    private readonly awaits: boolean,
  ) {}

  async request(...[, { send }]: Parameters<ModelProvider["request"]>) {
    for (let at = 0; at < this.count; at++) {
      this.most = Math.max(this.most, ++this.waiting);
      const sent = send({ type: "text", text: "x" }).then(() => this.waiting--);
      if (this.awaits) await sent;
      else sent.catch(() => {});
    }
    return saying("x".repeat(this.count));
  }
}

describe("a slow host", () => {
  it("slows a provider that could send 10,000 chunks at once: never more than one waits", async () => {
    const torrent = new Torrent(10_000, true);
    const { session, worker } = newWorker(torrent);
    const host = new Host();
    let [taken, open, most] = [0, 0, 0];
    host.take = async () => {
      most = Math.max(most, ++open);
      // Now and then a turn of the event loop: whoever could run ahead has the time to.
      if (++taken % 500 === 0) await new Promise((resolve) => setTimeout(resolve));
      open--;
    };
    expect((await session.run(worker, { prompt: "go" }, host).job.wait()).type).toBe("Normal");
    expect([host.text.length, torrent.most, most]).toEqual([10_000, 1, 1]);
  });

  it("with 50 ms a chunk holds it back, too", async () => {
    const torrent = new Torrent(10_000, true);
    const { session, worker } = newWorker(torrent);
    const host = new Host();
    host.take = () => new Promise((resolve) => setTimeout(resolve, 50));
    const { job } = session.run(worker, { prompt: "go" }, host);
    await host.until(() => host.chunks.length === 5);
    job.cancel();
    await job.wait();
    expect([torrent.most, host.chunks.length]).toEqual([1, 5]);
  });

  it("bounds a provider that does not await: the run fails", async () => {
    const torrent = new Torrent(10_000, false);
    const { session, worker } = newWorker(torrent);
    const completion = await session.run(worker, { prompt: "go" }, new Host()).job.wait();
    expect(completion).toMatchObject({ type: "Failed", error: { code: "E_PROVIDER" } });
    expect(String(completion.type === "Failed" && completion.error)).toContain("await send()");
  });

  it("takes in order what a provider sends without awaiting", async () => {
    const { session, worker } = newWorker({
      name: "hasty",
      async request(_, { send }) {
        for (const text of ["a", "b", "c"]) send({ type: "text", text });
        return saying("abc");
      },
    });
    const host = new Host();
    await session.run(worker, { prompt: "go" }, host).job.wait();
    expect(host.text).toBe("abc");
    expect(host.chunks).toHaveLength(3);
  });

  it("leaves what it has not taken to the network", async () => {
    const body = bytes(sse.text("x".repeat(10_000)));
    // Firefox and WebKit take a whole response into memory of their own, whoever reads it: what they hold back is not
    // ours to say.
    const holdsBack = navigator.userAgent.includes("Chrome");
    // The buffers of the system alone take up to some 40 MB before they hold back (Linux: tcp_rmem, tcp_wmem).
    const repeat = holdsBack ? 15_000 : 500;
    const most = holdsBack ? (body.length * repeat) / 2 : Infinity;
    const model = await newModel([{ body, repeat, after: "hang" }]);
    const { session, worker } = newWorker(model.provider);
    const host = new Host();
    host.take = () => new Promise(() => {});
    const { job } = session.run(worker, { prompt: "go" }, host);
    await host.until(() => host.chunks.length === 1);
    // It sends until every buffer on the way is full.
    let [before, sent] = [-1, 0];
    while (sent > before) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      [before, sent] = [sent, (await model.log()).sent];
    }
    expect(sent).toBeLessThan(most);
    job.cancel();
    await job.wait();
    expect(host.chunks).toHaveLength(1);
    expect((await model.closed(1)).closed).toBe(1);
  });
});

describe("confirmations", () => {
  it("come one at a time, and an answer given twice counts once", async () => {
    const provider = new HeldProvider();
    const ran: string[] = [];
    const tools = ["a", "b"].map((name) => newTool(name, async () => ran.push(name)));
    const { session, worker } = newWorker(provider, { tools });
    const host = new Host();
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested()).answer.resolve(calling("a", "b"));
    await host.until(() => host.confirmations.length === 1);
    host.confirmations[0]?.answer.resolve("deny");
    host.confirmations[0]?.answer.resolve("approve");
    await host.until(() => host.confirmations.length === 2);
    host.confirmations[1]?.answer.resolve("approve");
    const { answer } = await provider.requested(2);
    answer.resolve(saying("done"));
    await job.wait();
    expect(ran).toEqual(["b"]);
    expect(host.states.filter((state) => state === "waiting")).toHaveLength(2);
  });

  it("are left out for a tool that wants none", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider, { tools: [newTool("a", async () => "", { confirm: false })] });
    const host = new Host();
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested()).answer.resolve(calling("a"));
    (await provider.requested(2)).answer.resolve(saying("done"));
    await job.wait();
    expect([host.confirmations, host.states.includes("waiting")]).toEqual([[], false]);
  });
});

describe("a host that throws", () => {
  const error = new Error("no");
  const fail = () => {
    throw error;
  };
  const ways: Record<string, (host: Host) => void> = {
    "at a state": (host) => {
      const tell = host.workerStateChange.bind(host);
      host.workerStateChange = (id, state) => (state === "requesting" ? fail() : tell(id, state));
    },
    "at a chunk": (host) => {
      host.take = fail;
    },
    "by rejecting a chunk": (host) => {
      host.take = () => Promise.reject(error);
    },
    "by rejecting a state": (host) => {
      const tell = host.workerStateChange.bind(host);
      const rejected = async (state: WorkerState) => state === "requesting" && fail();
      host.workerStateChange = (id, state) => {
        tell(id, state);
        return rejected(state);
      };
    },
    "at a confirmation": (host) => {
      host.getToolConfirmation = fail;
    },
  };

  it.each(Object.entries(ways))("%s: the run fails with that error, and its request ends", async (_, set) => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider, { tools: [newTool("a", async () => "")] });
    const host = new Host();
    set(host);
    const { job } = session.run(worker, { prompt: "go" }, host);
    void provider.requested().then(({ context, answer }) => {
      const call = () => answer.resolve(calling("a"));
      // Where the chunk is not taken, the run ends.
      context.send({ type: "text", text: "hm" }).then(call, () => {});
    });
    const completion = await job.wait();
    expect(completion.type === "Failed" && completion.error).toBe(error);
    expect([worker.state, worker.lastFailure, host.states.at(-1)]).toEqual(["failed", error, "failed"]);
    expect(faultOf(worker.messages)).toBeUndefined();
  });

  it("after the end was clear, it is reported", async () => {
    const reports = catchReports();
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const host = new Host();
    host.workerStateChange = (_, state) => (state === "inactive" ? fail() : undefined);
    const { job } = session.run(worker, { prompt: "go" }, host);
    await provider.requested();
    job.cancel();
    expect((await job.wait()).type).toBe("Cancelled");
    expect(await reports.reached(1)).toEqual([error]);
  });

  it("by rejecting more than once: the run fails with the first, the others are reported", async () => {
    const reports = catchReports();
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const host = new Host();
    const faults: Error[] = [];
    host.workerStateChange = async () => {
      faults.push(new Error(`fault ${faults.length}`));
      throw faults.at(-1);
    };
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested()).answer.resolve(saying("done"));
    expect(await job.wait()).toEqual({ type: "Failed", error: faults[0] });
    expect(faults.length).toBeGreaterThan(2);
    expect(await reports.reached(faults.length - 1)).toEqual(faults.slice(1));
  });

  it("may wait for the end of its run at any state", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const host = new Host();
    const ends: Promise<string>[] = [];
    host.workerStateChange = () => {
      const end = job.wait().then(({ type }) => type);
      ends.push(end);
      return end as never;
    };
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested()).answer.resolve(saying("done"));
    expect((await job.wait()).type).toBe("Normal");
    expect(new Set(await Promise.all(ends))).toEqual(new Set(["Normal"]));
  });

  it("by rejecting what it is told of an answer is reported, and the run goes on", async () => {
    const reports = catchReports();
    const { session, worker } = newWorker(scriptedProvider({ replies: ["done"] }));
    const host = Object.assign(new Host(), { responseReceived: async () => fail() });
    expect((await session.run(worker, { prompt: "go" }, host).job.wait()).type).toBe("Normal");
    expect(await reports.reached(1)).toEqual([error]);
  });

  it("an answer that is none fails the run", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider, { tools: [newTool("a", async () => "")] });
    const host = new Host();
    host.answer = "yes" as "approve";
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested()).answer.resolve(calling("a"));
    const completion = await job.wait();
    expect(String(completion.type === "Failed" && completion.error)).toContain('must answer "approve" or "deny"');
  });
});

describe("a provider that breaks its contract", () => {
  const chunk = { type: "text", text: "late" } as const satisfies ModelResponseChunk;

  it("is told that its request is over", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const { job } = session.run(worker, { prompt: "go" }, new Host());
    const { context, answer } = await provider.requested();
    answer.resolve(saying("done"));
    await job.wait();
    await expect(context.send(chunk)).rejects.toMatchObject({ code: "E_OVER" });
  });

  it.each([
    ["content", { content: 7 }],
    ["toolCalls", { toolCalls: "none" }],
    ["toolCalls[0].name", { toolCalls: [{ id: "x" }] }],
    ["stopReason", { stopReason: undefined }],
  ])("fails the run with the field's name: %s", async (field, wrong) => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const { job } = session.run(worker, { prompt: "go" }, new Host());
    const { context, answer } = await provider.requested();
    await expect(context.send({ type: "text" } as never)).rejects.toThrow("chunk.text must be a string");
    answer.resolve({ ...saying("x"), ...wrong } as never);
    const completion = await job.wait();
    expect(completion).toMatchObject({ type: "Failed", error: expect.any(TypeError) });
    expect(String(completion.type === "Failed" && completion.error)).toContain(`response.${field} must be`);
  });

  it("need not await a chunk that is none: it is left out, and nobody hears of it", async () => {
    const rejections = watchRejections();
    const { session, worker } = newWorker({
      name: "careless",
      async request(_, { send }) {
        void send({ type: "text", text: 5 } as never);
        void send({ type: "text", text: "well" });
        return saying("well");
      },
    });
    const host = new Host();
    expect((await session.run(worker, { prompt: "go" }, host).job.wait()).type).toBe("Normal");
    expect(host.text).toBe("well");
    expect(await rejections.seen()).toEqual([]);
  });

  it("gives the host at the end what it did not send", async () => {
    const provider = new HeldProvider();
    const tool = newTool("a", async () => "", { confirm: false });
    const { session, worker } = newWorker(provider, { tools: [tool] });
    const host = new Host();
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested()).answer.resolve({ ...calling("a"), content: "So." });
    (await provider.requested(2)).answer.resolve(saying(""));
    await job.wait();
    expect(host.chunks.map(({ type }) => type)).toEqual(["text", "tool_call"]);
    expect(host.states.filter((state) => state === "receiving")).toHaveLength(1);
  });
});

describe("text that is cut between the halves of a letter", () => {
  const cut = ["a🦀b", "🦀", "c\ud83e"].join("").split("");

  it("arrives whole, and half a letter is shown as such", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider, {
      tools: [newTool("a", async () => "\udd80!", { confirm: false })],
    });
    const host = new Host();
    const { job } = session.run(worker, { prompt: "x\ud83e" }, host);
    const first = await provider.requested(1);
    for (const text of cut) await first.context.send({ type: "text", text });
    const toolCalls = [{ id: "\ud83e", name: "a", arguments: { "\ud83e": "\\ud83e\ud83e" } }];
    first.answer.resolve({ content: cut.join(""), toolCalls, stopReason: "stop" });
    (await provider.requested(2)).answer.resolve(saying("done"));
    expect((await job.wait()).type).toBe("Normal");
    expect(host.chunks.flatMap((chunk) => (chunk.type === "text" ? [chunk.text] : []))).toEqual([
      "a",
      "🦀",
      "b",
      "🦀",
      "c",
      "done",
    ]);
    expect(worker.messages).toEqual([
      { role: "user", content: "x\ufffd" },
      {
        role: "assistant",
        content: "a🦀b🦀c\ufffd",
        toolCalls: [{ id: "\ufffd", name: "a", arguments: { "\ufffd": "\\ud83e\ufffd" } }],
      },
      { role: "tool", toolCallId: "\ufffd", content: "\ufffd!" },
      { role: "assistant", content: "done" },
    ]);
  });

  it("is taken from scripts and stored conversations, too", async () => {
    const provider = scriptedProvider({ replies: [cut.map((text) => ({ type: "text", text }) as const)] });
    const { session } = newWorker(provider);
    const messages = [
      { role: "user", content: "\udd80" },
      { role: "assistant", content: "\ud83e" },
    ] as const;
    const worker = session.createWorker({ name: "x", messages });
    await session.run(worker, { prompt: "go" }, new Host()).job.wait();
    expect(worker.messages.map(({ content }) => content)).toEqual(["\ufffd", "\ufffd", "go", "a🦀b🦀c"]);
  });
});

describe("a provider that fails", () => {
  it("takes nothing back: what it sent arrives before the run has failed", async () => {
    const error = new Error("broken off");
    const { session, worker } = newWorker({
      name: "hasty",
      async request(_, { send }) {
        for (const text of ["a", "b", "c"]) send({ type: "text", text });
        throw error;
      },
    });
    const host = new Host();
    host.take = () => new Promise((resolve) => setTimeout(resolve));
    expect(await session.run(worker, { prompt: "go" }, host).job.wait()).toEqual({ type: "Failed", error });
    expect([host.text, worker.messages[1]?.content]).toEqual(["abc", "abc"]);
  });

  it("is what the run fails with; what the host then does not take is reported", async () => {
    const reports = catchReports();
    const error = new Error("broken off");
    const { session, worker } = newWorker({
      name: "hasty",
      async request(_, { send }) {
        void send({ type: "text", text: "a" });
        throw error;
      },
    });
    const host = new Host();
    const taking = deferred<never>();
    host.take = () => taking.promise;
    const { job } = session.run(worker, { prompt: "go" }, host);
    await host.until(() => host.text === "a");
    await turn();
    const late = new Error("late");
    taking.reject(late);
    expect(await job.wait()).toEqual({ type: "Failed", error });
    expect(await reports.reached(1)).toEqual([late]);
  });

  it("does not wait for a host that takes nothing once it is cancelled", async () => {
    const { session, worker } = newWorker({
      name: "hasty",
      async request(_, { send }) {
        send({ type: "text", text: "a" });
        throw new Error("broken off");
      },
    });
    const host = new Host();
    host.take = () => new Promise(() => {});
    const { job } = session.run(worker, { prompt: "go" }, host);
    await host.until(() => host.text === "a");
    job.cancel("enough");
    expect(await job.wait()).toEqual({ type: "Cancelled", reason: "enough" });
  });
});

describe("what a host rejects after the run was asked to stop", () => {
  it.each(["chunk", "confirmation"])("is reported, unless it is the reason: a %s", async (kind) => {
    const reports = catchReports();
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider, { tools: [newTool("a", async () => "")] });
    const late = new Error("late");
    for (const given of [late, undefined]) {
      const host = new Host();
      const taking = deferred<never>();
      if (kind === "chunk") host.take = () => taking.promise;
      const { job } = session.run(worker, { prompt: "go" }, host);
      const { context, answer } = await provider.requested(given === late ? 1 : 2);
      if (kind === "chunk") context.send({ type: "text", text: "x" });
      else answer.resolve(calling("a"));
      await host.until(() => (kind === "chunk" ? host.chunks : host.confirmations).length === 1);
      const reason = new Error("enough");
      job.cancel(reason);
      await job.wait();
      for (const waiting of [taking, ...host.confirmations.map((one) => one.answer)]) waiting.reject(given ?? reason);
      taking.promise.catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve));
    expect(reports.errors).toEqual([late]);
  });
});

describe("another task on a worker", () => {
  it("is not called where it was called off first", async () => {
    const { session, worker } = newWorker(new HeldProvider());
    let calls = 0;
    const run = () => {
      calls += 1;
      return new Promise<void>(() => {});
    };
    const { job } = session.runTask(worker, { run });
    job.cancel("enough");
    expect(await job.wait()).toEqual({ type: "Cancelled", reason: "enough" });
    expect(calls).toBe(0);
    await session.close();
  });

  it("runs under the same rules", async () => {
    const { session, worker } = newWorker(new HeldProvider());
    const work = deferred();
    const states: string[] = [];
    worker.onStateChange((state) => states.push(state));
    const { job } = session.runTask(worker, { run: () => work.promise });
    expect(session.run(worker, { prompt: "x" }, new Host()).job).toBe(job);
    await new Promise((resolve) => setTimeout(resolve));
    expect([worker.state, job.state]).toEqual(["working", "working"]);
    work.resolve();
    expect((await job.wait()).type).toBe("Normal");
    const error = new Error("no");
    const failed = await session.runTask(worker, { run: () => Promise.reject(error) }).job.wait();
    expect(failed).toEqual({ type: "Failed", error });
    expect(worker.lastFailure).toBe(error);
    const reason = new Error("enough");
    const held = session.runTask(worker, {
      run: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    }).job;
    await new Promise((resolve) => setTimeout(resolve));
    held.cancel(reason);
    expect(await held.wait()).toEqual({ type: "Cancelled", reason });
    expect(states).toEqual(["working", "inactive", "working", "failed", "working", "inactive"]);
  });
});
