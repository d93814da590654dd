import { beforeAll, expect, it } from "vitest";
import { fewer, grownBy, usedHeap } from "../support/heap.js";
import { countedSignal } from "../support/signals.js";
import { turn } from "../support/turns.js";
import { wasmBytes } from "../support/wasm-memory.js";
import { deferred } from "../support/work.js";

// Not a static import: the watcher of wasm instances has to be there first.
let agents: typeof import("jobgate/agents");
beforeAll(async () => {
  agents = await import("jobgate/agents");
});

type Host = import("jobgate/agents").WorkerToHostInterface;
type Provider = import("jobgate/agents").ModelProvider;
type Session = import("jobgate/agents").Session;
type WorkerJob = import("jobgate/agents").WorkerJob;

const megabyte = 1024 * 1024;
const patience = 300_000;
const batch = 100;

const tool = { name: "tool", description: "", parameters: { type: "object" }, run: async () => "done" };
const answer = { content: "hello", toolCalls: [], stopReason: "stop" };
const calling = { ...answer, toolCalls: [{ id: "x", name: "tool", arguments: {} }] };
const quietHost: Host = {
  workerStateChange: () => {},
  responseChunkReceived: () => {},
  getToolConfirmation: async () => "approve",
};

/** The run under way. */
let job: WorkerJob;
let hangs = deferred();

function hang(): Promise<never> {
  hangs.resolve();
  return new Promise(() => {});
}

interface Kind {
  readonly request: Provider["request"];
  readonly host?: Partial<Host>;
  /** Called when it hangs. */
  readonly end?: (session: Session) => unknown;
}

const kinds: Record<string, Kind> = {
  answer: {
    async request(_, { send }) {
      await send({ type: "text", text: "hello" });
      return answer;
    },
  },
  "use a tool": {
    request: async ({ messages }) => (messages.at(-1)?.role === "tool" ? answer : calling),
  },
  // In Chromium an error's stack knows the worker.
  fail: {
    request: async () => Promise.reject(new Error("broken off")),
  },
  "are cancelled": {
    request: (_, { signal }) =>
      Promise.race([
        hang(),
        new Promise<never>((_, reject) => signal.addEventListener("abort", reject, { once: true })),
      ]),
    end: () => job.cancel(),
  },
  "are removed while their chunk is never taken": {
    async request(_, { send }) {
      await send({ type: "text", text: "hello" });
      return answer;
    },
    host: { responseChunkReceived: hang },
    end: (session) => session.removeWorker(job.worker.id),
  },
  "are cancelled while their confirmation is never answered": {
    request: async () => calling,
    host: { getToolConfirmation: hang },
    end: () => job.cancel(),
  },
};

it.each(Object.entries(kinds))(
  "1,000 workers whose runs on one signal %s: memory returns to where it was",
  async (name, { request, host, end }) => {
    const session = new agents.Session({ providers: [{ name, request }], tools: [tool] });
    const caller = countedSignal();
    const runs = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        const worker = session.createWorker({ name: "helper" });
        worker.onStateChange(() => {});
        hangs = deferred();
        const options = { signal: caller.signal, timeout: 60_000 };
        ({ job } = session.run(worker, { prompt: "go" }, { ...quietHost, ...host }, options));
        job.continuations.addOrRunNow("end", () => {});
        if (end !== undefined) {
          await hangs.promise;
          end(session);
        }
        await job.wait();
        await session.removeWorker(worker.id);
      }
      return await usedHeap();
    };
    // More than will ever wait to be collected later.
    await runs(2 * batch);
    const heap = await usedHeap();
    const wasm = wasmBytes();
    const more = fewer(10 * batch);
    for (let count = batch; count < more; count += batch) await runs(batch);
    expect(grownBy(heap, await runs(batch))).toBeLessThan(megabyte);
    expect(wasmBytes()).toBe(wasm);
    expect([caller.listeners, caller.added]).toEqual([0, 2 * batch + more]);
    expect([session.workers, session.jobs]).toEqual([[], []]);
    await session.close();
  },
  patience,
);

it(
  "3,000 runs of one worker on one signal: memory returns to where it was",
  async () => {
    const session = new agents.Session({ providers: [agents.scriptedProvider({ replies: [[]] })] });
    const worker = session.createWorker({ name: "helper" });
    const caller = countedSignal();
    const runs = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        await session.run(worker, { prompt: "go" }, quietHost, { signal: caller.signal }).job.wait();
      }
      return await usedHeap();
    };
    const heap = await runs(1000);
    const wasm = wasmBytes();
    expect(grownBy(heap, await runs(2000))).toBeLessThan(megabyte);
    expect(wasmBytes()).toBe(wasm);
    expect([caller.listeners, caller.added]).toEqual([0, 3000]);
    expect(worker.messages).toEqual([{ role: "user", content: "go" }]);
    await session.close();
  },
  patience,
);

it.each(Object.entries(kinds))(
  "sessions and workers that nobody holds are collected: their runs %s",
  async (name, { request, host, end }) => {
    const references: WeakRef<object>[] = [];
    for (let n = 0; n < 20; n += 1) {
      const session = new agents.Session({ providers: [{ name, request }], tools: [tool] });
      const worker = session.createWorker({ name: "helper" });
      hangs = deferred();
      ({ job } = session.run(worker, { prompt: "go" }, { ...quietHost, ...host }));
      if (end !== undefined) {
        await hangs.promise;
        end(session);
      }
      await job.wait();
      references.push(new WeakRef(session), new WeakRef(worker));
    }
    await turn();
    await usedHeap();
    const heap = await usedHeap();
    const alive = references.filter((reference) => reference.deref() !== undefined).length;
    expect(Number.isNaN(heap) ? 0 : alive).toBeLessThan(5);
  },
  patience,
);
