import { type ModelProvider, openAiCompatible, type Tool, type WorkerToHostInterface } from "jobgate/agents";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Host } from "./support/host.js";
import { ask, delta, served, well } from "./support/served.js";
import { calling, faultOf, newSession, newTool, newWorker, saying } from "./support/session.js";

const thrown = new Error("do not look");
const look = (): never => {
  throw thrown;
};
function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
const otherRealm = document.body.appendChild(document.createElement("iframe")).contentWindow as Window &
  typeof globalThis;

/** Values that throw when they are looked at, or are not what they look like. */
const hostile: Record<string, () => unknown> = {
  "a revoked proxy": revoked,
  "a proxy whose traps throw": () => new Proxy({}, { get: look, has: look, getPrototypeOf: look, ownKeys: look }),
  "an error whose message throws": () => Object.defineProperty(new Error(), "message", { get: look }),
  "an error whose message is no text": () => Object.assign(new Error(), { message: { toString: look } }),
  "an object without a prototype": () => Object.create(null),
  "a symbol": () => Symbol("x"),
  "a bigint": () => 7n,
  "a cycle": () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    return cycle;
  },
  "an object whose toJSON throws": () => ({ toJSON: look }),
  undefined: () => undefined,
  null: () => null,
};

const THEN = "then";
const thenable = (descriptor: PropertyDescriptor) => Object.defineProperty({}, THEN, descriptor);
/** Promises that are none. */
const thenables: Record<string, () => unknown> = {
  "a thenable whose then throws": () => thenable({ value: look }),
  "a thenable whose then cannot be read": () => thenable({ get: look }),
  "a thenable that rejects twice": () =>
    thenable({ value: (_: unknown, reject: (error: unknown) => void) => [reject(thrown), reject(7)] }),
  "a promise that has no state": () => Object.create(Promise.prototype),
  "a promise whose constructor cannot be read": () =>
    Object.defineProperty(Promise.resolve(), "constructor", { get: look }),
};

const each = (...kinds: Record<string, () => unknown>[]) => kinds.flatMap((kind) => Object.entries(kind));

/** Another session that must notice nothing. */
async function checkOthers(): Promise<void> {
  const { provider } = served([well]);
  const { session, worker } = newWorker(provider);
  const host = new Host();
  expect((await session.run(worker, { prompt: "go" }, host).job.wait()).type).toBe("Normal");
  expect([host.text, host.states.at(-1)]).toEqual(["well", "inactive"]);
}

afterEach(() => vi.restoreAllMocks());

/** Runs once with these parts; the run has an end, the worker goes on after it. */
async function runWith(parts: {
  tool?: Tool["run"];
  host?: Partial<WorkerToHostInterface>;
  provider?: ModelProvider["request"];
}) {
  let asked = 0;
  const fallback: ModelProvider["request"] = async ({ messages }) =>
    messages.at(-1)?.role === "tool" || parts.tool === undefined ? saying("well") : calling("tool");
  const provider: ModelProvider = {
    name: "own",
    request: (request, context) => (asked++ === 0 && parts.provider ? parts.provider : fallback)(request, context),
  };
  const tool = newTool("tool", parts.tool ?? (async () => ""), {
    confirm: parts.host?.getToolConfirmation !== undefined,
  });
  const { session, worker } = newWorker(provider, { tools: [tool] });
  const plain = new Host();
  const host: WorkerToHostInterface = {
    workerStateChange: plain.workerStateChange.bind(plain),
    responseChunkReceived: plain.responseChunkReceived.bind(plain),
    getToolConfirmation: plain.getToolConfirmation.bind(plain),
    ...parts.host,
  };
  const completion = await session.run(worker, { prompt: "go" }, host).job.wait();
  expect(session.jobs).toEqual([]);
  expect(faultOf(worker.messages)).toBeUndefined();
  const told = worker.messages.find(({ role }) => role === "tool")?.content;
  const after = new Host();
  after.answer = "approve";
  const again = await session.run(worker, { prompt: "again" }, after).job.wait();
  expect(again.type).toBe("Normal");
  await checkOthers();
  return { completion, told };
}

describe("a tool", () => {
  it.each(each(hostile))("may throw %s: the model is told something, and the run goes on", async (_, value) => {
    const { completion, told } = await runWith({ tool: () => Promise.reject(value()) });
    expect([completion.type, told]).toEqual(["Normal", expect.stringMatching(/^Error: ./)]);
  });

  it.each(each(hostile, thenables))("may return %s: the run goes on", async (_, value) => {
    const { completion, told } = await runWith({ tool: () => value() as Promise<unknown> });
    expect([completion.type, typeof told]).toEqual(["Normal", "string"]);
  });

  it("may throw another realm's error: the model is told its message", async () => {
    for (const [error, text] of [
      [new otherRealm.Error("out of order"), "Error: out of order"],
      [new otherRealm.DOMException("out of order", "DataError"), "Error: out of order"],
      [new DOMException("out of order"), "Error: out of order"],
      [new otherRealm.TypeError(), "Error: TypeError"],
      [{ name: "Mine", message: "out of order" }, "Error: out of order"],
      [{ code: 7 }, 'Error: {"code":7}'],
    ] as const) {
      expect((await runWith({ tool: () => Promise.reject(error) })).told).toBe(text);
    }
  });
});

describe("a provider", () => {
  it.each(each(hostile))("may throw %s: the run fails with it", async (_, value) => {
    const error = value();
    const { completion } = await runWith({ provider: () => Promise.reject(error) });
    expect(completion.type).toBe("Failed");
    expect(Object.is(completion.type === "Failed" && completion.error, error)).toBe(true);
  });

  it.each(each(hostile, thenables))("may answer %s: the run fails", async (_, value) => {
    expect((await runWith({ provider: () => value() as never })).completion.type).toBe("Failed");
  });

  it.each<[string, object]>([
    [
      "content",
      {
        get content() {
          return look();
        },
      },
    ],
    ["toolCalls", { toolCalls: revoked() }],
    ["a call", { toolCalls: [revoked()] }],
    ["arguments", { toolCalls: [{ id: "a", name: "tool", arguments: { n: 1n } }] }],
    [
      "deep arguments",
      { toolCalls: [{ id: "a", name: "tool", arguments: JSON.parse("[".repeat(5000) + "]".repeat(5000)) }] },
    ],
    ["a list of calls that is said to be long", { toolCalls: new Array(4e9) }],
    ["a list of calls", { toolCalls: new Proxy([], { get: look }) }],
  ])("may answer with hostile %s: the run fails", async (_, part) => {
    const provider = async () => Object.defineProperties({ ...saying("x") }, Object.getOwnPropertyDescriptors(part));
    expect((await runWith({ provider })).completion.type).toBe("Failed");
  });

  it.each(each(hostile))("may send %s: that is refused, and the answer counts", async (_, value) => {
    let refused: unknown;
    const { completion } = await runWith({
      async provider(_, { send }) {
        await send(value() as never).catch((error: unknown) => {
          refused = error;
        });
        return saying("well");
      },
    });
    expect([completion.type, refused instanceof Error]).toEqual(["Normal", true]);
  });
});

describe("a host", () => {
  it.each(each(hostile, thenables))("may answer a chunk with %s: the run has an end", async (_, value) => {
    let once = true;
    const responseChunkReceived = () => {
      if (!once) return undefined;
      once = false;
      return value() as never;
    };
    expect(["Normal", "Failed"]).toContain((await runWith({ host: { responseChunkReceived } })).completion.type);
  });

  it.each(each(hostile, thenables))("may confirm with %s: the run fails", async (_, value) => {
    const getToolConfirmation = () => value() as never;
    const { completion } = await runWith({ tool: async () => "done", host: { getToolConfirmation } });
    expect(completion.type).toBe("Failed");
  });

  it.each(["workerStateChange", "responseChunkReceived", "getToolConfirmation"] as const)(
    "may throw anything in %s",
    async (method) => {
      const report = vi.spyOn(globalThis, "reportError").mockImplementation(() => {});
      for (const [, value] of each(hostile)) {
        const error = value();
        const { completion } = await runWith({
          tool: async () => "done",
          host: {
            getToolConfirmation: async () => "approve",
            [method]: () => {
              throw error;
            },
          },
        });
        expect(completion.type === "Failed" && Object.is(completion.error, error)).toBe(true);
      }
      // Only of the last state, "failed": the run has failed already.
      expect(report.mock.calls.length).toBe(method === "workerStateChange" ? Object.keys(hostile).length : 0);
    },
  );

  it("whose methods cannot be read is refused", () => {
    const { session, worker } = newWorker(served([well]).provider);
    for (const host of [
      revoked(),
      {
        get workerStateChange() {
          return look();
        },
      },
    ]) {
      expect(() => session.run(worker, { prompt: "x" }, host as never)).toThrow();
    }
    expect([session.jobs, worker.messages]).toEqual([[], []]);
  });
});

describe("openAiCompatible", () => {
  it.each(each(hostile, thenables))("fails with E_NETWORK where fetch gives %s", async (_, value) => {
    const fetch = () => value() as Promise<Response>;
    const provider = openAiCompatible({ baseUrl: "http://model.test/v1", model: "m", fetch });
    await expect(ask(provider)).rejects.toMatchObject({ name: "AgentError", code: "E_NETWORK" });
    await checkOthers();
  });

  it.each(each(hostile))("fails with E_NETWORK where fetch throws %s", async (_, value) => {
    const error = value();
    for (const fetch of [
      () => Promise.reject(error),
      () => {
        throw error;
      },
    ]) {
      const provider = openAiCompatible({ baseUrl: "http://model.test/v1", model: "m", fetch });
      const fault = await ask(provider).catch((fault: unknown) => fault);
      expect(fault).toMatchObject({ name: "AgentError", code: "E_NETWORK" });
      expect(Object.is((fault as Error).cause, error)).toBe(true);
    }
    await checkOthers();
  });

  const body = `data: ${JSON.stringify(delta({ content: "hi" }, "stop"))}\n\n`;
  const reader = (read: () => unknown) => ({ getReader: () => ({ read, cancel: look }) });

  it.each<[string, () => unknown]>([
    ["another realm's", () => new otherRealm.Response(body)],
    ["one that stands in for it, with a text alone", () => ({ ok: true, status: 200, text: async () => body })],
    ["one whose headers cannot be read", () => Object.defineProperty(new Response(body), "headers", { get: look })],
    [
      "one whose stream gives text",
      () => ({
        status: 200,
        body: new ReadableStream({
          start(to) {
            to.enqueue(body);
            to.close();
          },
        }),
      }),
    ],
  ])("reads a response: %s", async (_, response) => {
    const fetch = async () => response() as Response;
    expect((await ask(openAiCompatible({ baseUrl: "http://model.test/v1", model: "m", fetch }))).response.content).toBe(
      "hi",
    );
  });

  it.each<[string, () => unknown]>([
    [
      "cannot be read",
      () => ({
        status: 200,
        get body() {
          return look();
        },
      }),
    ],
    ["has no reader", () => ({ status: 200, body: {} })],
    ["throws", () => ({ status: 200, body: reader(look) })],
    ["gives no object", () => ({ status: 200, body: reader(() => 7) })],
    ["gives a number", () => ({ status: 200, body: reader(() => ({ done: false, value: 1e12 })) })],
    ["gives a revoked proxy", () => ({ status: 200, body: reader(() => ({ done: false, value: revoked() })) })],
    ["is a misbehaving thenable", () => ({ status: 200, body: reader(() => thenable({ value: look })) })],
  ])("fails where the body %s", async (_, response) => {
    const fetch = async () => response() as Response;
    await expect(ask(openAiCompatible({ baseUrl: "http://model.test/v1", model: "m", fetch }))).rejects.toBeDefined();
    await checkOthers();
  });

  it("refuses or follows signals that are none of this realm's", async () => {
    const { provider } = served([well]);
    for (const signal of [
      null,
      {},
      {
        get aborted() {
          return look();
        },
        addEventListener() {},
      },
      revoked(),
    ]) {
      await expect(ask(provider, signal as never)).rejects.toBeDefined();
    }
    const controller = new otherRealm.AbortController();
    const held = served([() => new Response(new ReadableStream())]).provider;
    const asked = ask(held, controller.signal);
    controller.abort("enough");
    await expect(asked).rejects.toBe("enough");
    // Without a way to stop listening it is listened to all the same.
    const bare = { aborted: false, addEventListener() {} };
    vi.spyOn(globalThis, "reportError").mockImplementation(() => {});
    expect((await ask(provider, bare as never)).response.content).toBe("well");
    await checkOthers();
  });
});

describe("options", () => {
  it("that throw when they are read change nothing", () => {
    const provider = served([well]).provider;
    const session = newSession({ providers: [provider] });
    const worker = session.createWorker({ name: "x" });
    const traps = new Proxy({}, { get: look });
    expect(() => session.createWorker(traps as never)).toThrow(thrown);
    expect(() => session.createWorker({ name: "y", messages: [revoked()] as never })).toThrow(TypeError);
    expect(() => session.run(worker, traps as never, new Host())).toThrow(thrown);
    expect(() => session.run(worker, { prompt: "x" }, new Host(), traps as never)).toThrow(thrown);
    expect(() => session.run(traps as never, { prompt: "x" }, new Host())).toThrow(thrown);
    expect(() => session.runTask(worker, traps as never)).toThrow(thrown);
    expect(() => worker.setMessages(revoked() as never)).toThrow(TypeError);
    expect(() => worker.setMessages(new Array(4e9))).toThrow(/messages\[0\] must be an object/);
    for (const field of ["tools", "providers"]) {
      expect(() => newSession({ providers: [provider], [field]: new Array(4e9) })).toThrow(
        `${field}[0] must be an object`,
      );
    }
    expect([session.workers, session.jobs, worker.messages]).toEqual([[worker], [], []]);
  });

  it("that change between two looks count as they were at the first", async () => {
    let looks = 0;
    const message = {
      role: "user",
      get content() {
        return looks++ === 0 ? "go" : (7 as never);
      },
    } as const;
    const { session, worker } = newWorker(served([well]).provider);
    worker.setMessages([message]);
    expect(worker.messages).toEqual([{ role: "user", content: "go" }]);
    const input = {
      get prompt() {
        return looks++ < 2 ? "go" : (7 as never);
      },
    };
    expect((await session.run(worker, input, new Host()).job.wait()).type).toBe("Normal");
  });

  it.each(each(hostile, thenables))("a task may throw or return %s", async (_, value) => {
    const { session, worker } = newWorker(served([well]).provider);
    const returned = await session.runTask(worker, { run: () => value() as never }).job.wait();
    expect(["Normal", "Failed"]).toContain(returned.type);
    const error = value();
    const failed = await session.runTask(worker, { run: () => Promise.reject(error) }).job.wait();
    expect(failed.type === "Failed" && Object.is(failed.error, error)).toBe(true);
    expect(worker.state).toBe("failed");
    await checkOthers();
  });
});
