import * as agents from "jobgate-panic/agents";
import { beforeAll, describe, it } from "vitest";
import { breakEngine, engineFailure, laterCallsFail } from "../support/panic.js";
import { deferred } from "../support/work.js";
import { newModel } from "./support/model.js";
import { calling, newTool } from "./support/session.js";

const { openAiCompatible, Session, scriptedProvider, __panic: panic } = agents as typeof agents & { __panic(): void };
type Context = Parameters<agents.ModelProvider["request"]>[1];

const never = new Promise<never>(() => {});
const text = (text: string) => ({ type: "text", text }) as const;
const request = { messages: [{ role: "user", content: "go" }], tools: [] } as const;
const context = { signal: new AbortController().signal, send: async () => {} };

const streaming = deferred<Context>();
const taken = deferred();
const confirming = deferred();
const host: agents.WorkerToHostInterface = {
  workerStateChange: () => {},
  responseChunkReceived(_, chunk) {
    if (chunk.type === "tool_call") return;
    taken.resolve();
    return never;
  },
  getToolConfirmation() {
    confirming.resolve();
    return never;
  },
};
const streams: agents.ModelProvider = {
  name: "streams",
  request(_, context) {
    streaming.resolve(context);
    return never;
  },
};
const calls: agents.ModelProvider = { name: "calls", request: async () => calling("tool") };
const scripted = scriptedProvider({ replies: ["a b"], chunkDelay: 60_000 });
const options = { providers: [streams, calls, scripted], tools: [newTool("tool", async () => "")] };
const session = new Session(options);
const closing = new Session(options);
const start = (provider: string) => {
  const worker = session.createWorker({ name: provider, provider });
  return session.run(worker, { prompt: "go" }, host).job;
};
const midStream = start("streams");
const midConfirmation = start("calls");
const midDelay = start("scripted");
/** They do not end when they are asked to. */
const [task, stopped, removed] = ["task", "stopped", "removed"].map(
  (name) => session.runTask(session.createWorker({ name }), { run: () => never }).job,
) as [agents.WorkerJob, agents.WorkerJob, agents.WorkerJob];
closing.runTask(closing.createWorker({ name: "task" }), { run: () => never });
const { send } = await streaming.promise;
const model = await newModel([{ silent: true }]);
const openAi = openAiCompatible({ baseUrl: model.baseUrl, model: "x" });

/** Every promise that a session or a provider can owe: nobody may wait for ever. */
const owed: Record<string, Promise<unknown>> = {
  "wait mid-stream": midStream.wait(),
  "wait mid-confirmation": midConfirmation.wait(),
  "wait of a scripted answer": midDelay.wait(),
  "wait of a task": task.wait(),
  "result mid-stream": midStream.result,
  "stop of a task": stopped.stop(),
  removeWorker: session.removeWorker(removed.worker.id),
  close: closing.close(),
  "send of a chunk that is being taken": send(text("a")),
  "send of a chunk that waits": send(text("b")),
  "request of openAiCompatible": openAi.request(request, context),
  "request of scriptedProvider": scripted.request(request, context),
};
const outcomes = Object.fromEntries(
  Object.entries(owed).map(([name, promise]) => [
    name,
    promise.then(
      (value) => (value as { readonly error?: unknown } | undefined)?.error,
      (error: unknown) => error,
    ),
  ]),
);

describe("after a panic in the agents' wasm", () => {
  beforeAll(async () => {
    await Promise.all([taken.promise, confirming.promise, model.requested(1)]);
    breakEngine(panic);
  });

  it.each(Object.keys(owed))("the promise of %s settles with an error that says so", async (name) =>
    engineFailure(await outcomes[name]),
  );

  const { worker } = midStream;
  const later: Record<string, () => unknown> = {
    "new Session": () => new Session(options),
    createWorker: () => session.createWorker({ name: "x" }),
    run: () => session.run(worker, { prompt: "x" }, host),
    runTask: () => session.runTask(worker, { run: () => never }),
    removeWorker: () => session.removeWorker(worker.id),
    close: () => session.close(),
    jobs: () => session.jobs,
    messages: () => worker.messages,
    send: () => send(text("c")),
    openAiCompatible: () => openAiCompatible({ baseUrl: "/v1", model: "x" }),
    scriptedProvider: () => scriptedProvider({ replies: ["x"] }),
    "request of openAiCompatible": () => openAi.request(request, context),
    "request of scriptedProvider": () => scripted.request(request, context),
  };
  laterCallsFail(later);
});
