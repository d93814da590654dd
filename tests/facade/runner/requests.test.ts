import { InvalidParamsError, JobgateError, ManagerClosedError, QueueFullError, UnknownJobTypeError } from "jobgate";
import { type JobRunner, QueueClient, type QueuePort } from "jobgate/runner";
import { describe, expect, it, onTestFinished } from "vitest";
import { newClient, rawPort, until } from "./support/ports.js";
import { heldType, newRunner } from "./support/runner.js";
import { FakeSocket } from "./support/socket.js";

const anyType = {
  name: "any",
  description: "",
  params: [{ name: "rows", type: "array", required: false } as const],
  execute: () => 1,
};

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** A client of the same runner over each kind of port: one takes objects, one takes JSON. */
function clientsOf(runner: JobRunner): QueueClient[] {
  const socket = new FakeSocket();
  const client = new QueueClient(socket.otherEnd);
  runner.serve(socket);
  onTestFinished(() => client.close());
  return [newClient(runner), client];
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { value };
  return value;
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("what no port can carry", () => {
  it("is refused by a client exactly as the runner itself refuses it", async () => {
    const runner = newRunner({ types: [anyType] });
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const throws = {
      get x(): never {
        throw new Error("looked at");
      },
    };
    const given: [string, unknown][] = [
      ["countdown", { seconds: 5n }],
      ["countdown", { seconds: new Date() }],
      ["countdown", { seconds: new Map([[1, 2]]) }],
      ["countdown", { seconds: () => 5 }],
      ["countdown", { seconds: Symbol("5") }],
      ["countdown", { seconds: Number.NaN }],
      ["countdown", { seconds: Number.POSITIVE_INFINITY }],
      ["countdown", { seconds: revoked() }],
      ["countdown", cyclic],
      ["countdown", { seconds: throws }],
      ["countdown", new Date()],
      ["any", { rows: [1, undefined, { deep: undefined }, [1n]] }],
      ["any", { rows: [cyclic] }],
      ["any", { rows: [nested(65)] }],
      ["any", { rows: new Array(3) }],
      ["any", { rows: new Set() }],
      ["any", nested(65)],
      ["any", throws],
      ["any", revoked()],
    ];
    for (const client of clientsOf(runner)) {
      for (const [type, params] of given) {
        const own = (await thrownBy(() => runner.createJob(type, params as never))) as InvalidParamsError;
        const asked = (await thrownBy(() => client.createJob(type, params as never))) as InvalidParamsError;
        expect(own).toBeInstanceOf(InvalidParamsError);
        expect(asked).toBeInstanceOf(InvalidParamsError);
        expect(asked.errors).toEqual(own.errors);
      }
    }
    expect(runner.getAllJobs()).toEqual([]);
  });

  it("what is data arrives as it is, however it is called", async () => {
    const runner = newRunner({ types: [anyType] });
    const rows = [JSON.parse('{"__proto__": 1, "constructor": [null, "", 0, false]}'), Object.create(null), nested(60)];
    for (const client of clientsOf(runner)) {
      const { id, params } = await client.createJob("any", { rows });
      expect(JSON.stringify(params)).toBe(JSON.stringify({ rows }));
      expect(JSON.stringify(runner.getJob(id)?.params)).toBe(JSON.stringify({ rows }));
    }
  });

  it("numbers that JSON has no word for arrive in free data", async () => {
    const runner = newRunner({ types: [anyType] });
    for (const client of clientsOf(runner)) {
      const { id } = await client.createJob("any", { rows: [Number.NaN, Number.NEGATIVE_INFINITY] });
      expect(runner.getJob(id)?.params).toEqual({ rows: [Number.NaN, Number.NEGATIVE_INFINITY] });
    }
  });

  it("params that are too large for a message are refused, and nothing waits", async () => {
    const runner = newRunner();
    for (const client of clientsOf(runner)) {
      const asked = client.createJob("echo", { message: "x".repeat(1_100_000), delay: 1 });
      await expect(asked).rejects.toMatchObject({ code: "E_REFUSED", message: expect.stringContaining("1000000") });
    }
    expect(runner.getAllJobs()).toEqual([]);
  });
});

describe("a request with a number", () => {
  it("is answered by ok or error with the same number", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const port = rawPort(runner);
    await port.next("queue_state");
    const ask = async (message: object, answer: "ok" | "error") => {
      const told = port.next(answer);
      port.send({ ...message, request: 7 });
      const { request, ...more } = await told;
      expect(request).toBe(7);
      return more;
    };
    const { job } = (await ask({ type: "create_job", job_type: "held" }, "ok")) as { job?: { id: string } };
    expect(job).toEqual(runner.getAllJobs()[0]);
    await ask({ type: "cancel_job", job_id: job?.id }, "ok");
    await expect.poll(() => runner.getAllJobs()[0]?.status).toBe("cancelled");
    await ask({ type: "cancel_job", job_id: job?.id }, "error");
    expect(await ask({ type: "clear_completed" }, "ok")).toMatchObject({ count: 1 });
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const large = "x".repeat(1_000_001);
    for (const message of [
      { type: "create_job", job_type: "nonsense" },
      { type: "create_job" },
      { type: "create_job", job_type: "held", params: 3 },
      { type: "create_job", job_type: "held", params: { label: large } },
      { type: "create_job", job_type: "held", params: { label: cyclic } },
      { type: "cancel_job" },
      { type: "cancel_job", job_id: "nobody" },
      { type: "drop_tables" },
      { type: "ack" },
    ]) {
      await ask(message, "error");
    }
    const told = port.next("error");
    port.send(JSON.stringify({ request: 9, type: "create_job", job_type: "held", params: { label: large } }));
    expect(await told).toMatchObject({ code: 413, request: 9 });
  });

  it("a number that is none is no number: the message counts all the same", async () => {
    const runner = newRunner();
    const port = rawPort(runner);
    for (const request of ["7", 7.5, Number.NaN, {}, null]) {
      const told = port.next("error");
      port.send({ type: "cancel_job", job_id: "nobody", request });
      expect(await told).not.toHaveProperty("request");
    }
  });
});

/** As large as a client's become: see `Calls`. */
const REAL_NUMBERS = [1, 2 ** 32 - 1].map((first) => first * 2 ** 20 + 7);

describe("a call whose message is not read for its size", () => {
  it("is refused by the number that it has, as large as clients' are", async () => {
    const socket = new FakeSocket();
    newRunner().serve(socket);
    for (const request of REAL_NUMBERS) {
      socket.hear({ request, type: "create_job", job_type: "echo", params: { message: "x".repeat(1_000_001) } });
      await socket.until((message) => message.type === "error" && message.request === request);
    }
    expect(socket.sent.filter(({ type }) => type === "error")).toMatchObject(
      REAL_NUMBERS.map((request) => ({ code: 413, request })),
    );
  });

  it.each([
    ["numbers", { rows: new Array(200_000).fill(0.123456789) }],
    ["characters that JSON escapes", { rows: ["\u0001".repeat(200_000)] }],
    ["characters of three bytes", { rows: ["€".repeat(340_000)] }],
  ])("is refused by a client where it goes as text, and not sent: %s", async (_, params) => {
    const sent: string[] = [];
    const nothing = () => {};
    const port: QueuePort = {
      send: (data) => sent.push(data),
      addEventListener: nothing,
      removeEventListener: nothing,
    };
    const client = new QueueClient(port);
    onTestFinished(() => client.close());
    const before = sent.length;
    await expect(client.createJob("any", params)).rejects.toMatchObject({ code: "E_REFUSED" });
    expect(sent.length).toBe(before);
  });

  it("goes over a port that takes objects, where none is text", async () => {
    const runner = newRunner({ types: [anyType] });
    const { id } = await newClient(runner).createJob("any", { rows: new Array(200_000).fill(0.123456789) });
    expect(runner.getJob(id)?.params).toHaveProperty("rows.length", 200_000);
  });
});

describe("a client's calls", () => {
  it("reject with the runner's own class of error", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], maxPending: 1, concurrency: 1 });
    const client = newClient(runner);
    await expect(client.createJob("nonsense")).rejects.toBeInstanceOf(UnknownJobTypeError);
    await client.createJob("held");
    await client.createJob("held");
    await expect(client.createJob("held")).rejects.toBeInstanceOf(QueueFullError);
    const closed = runner.manager.close();
    await expect(client.createJob("held")).rejects.toBeInstanceOf(ManagerClosedError);
    await closed;
    await expect(client.createJob("held", {}, { priority: "urgent" as never })).rejects.toBeInstanceOf(JobgateError);
    await expect(client.createJob(3 as never)).rejects.toBeInstanceOf(TypeError);
  });

  it("say whether a job was asked to end, with the reason, and how many were cleared", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const client = newClient(runner);
    const reasons: unknown[] = [];
    runner.onEvent((event) => event.type === "job_cancelled" && reasons.push(event.reason));
    const { id } = await client.createJob("held");
    expect(await client.cancelJob(id, new Error("not needed"))).toBe(true);
    await until(client, ({ jobs }) => jobs[0]?.status === "cancelled");
    expect(reasons).toEqual(["not needed"]);
    expect([await client.cancelJob(id), await client.cancelJob("nobody")]).toEqual([false, false]);
    expect(await client.clearCompleted()).toBe(1);
  });

  it("wait for a socket that is still connecting, and go out in their order", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const socket = new FakeSocket();
    const listeners = new Map<string, (event: { data: unknown }) => void>();
    let readyState = 0;
    const port: QueuePort = {
      get readyState() {
        return readyState;
      },
      send(data) {
        if (readyState === 0) throw new DOMException("still connecting", "InvalidStateError");
        socket.otherEnd.send?.(data);
      },
      addEventListener(type, listener) {
        listeners.set(type, listener);
        socket.otherEnd.addEventListener(type, listener);
      },
      removeEventListener: (type, listener) => socket.otherEnd.removeEventListener(type, listener),
    };
    const client = new QueueClient(port);
    const created = client.createJob("held", {});
    const cancelled = client.cancelJob("nobody");
    const cleared = client.clearCompleted();
    runner.serve(socket);
    readyState = 1;
    listeners.get("open")?.({ data: undefined });
    expect((await created).type).toBe("held");
    expect([await cancelled, await cleared]).toEqual([false, 0]);
    client.close();
  });

  it("never end in a raw error of the platform: a WebSocket nobody answers at", async () => {
    // A reserved port, so nobody is there; of one that is blocked, as the first are, WebKit never says that it is closed.
    const client = new QueueClient(new WebSocket("ws://127.0.0.1:49151/"));
    const codes = await Promise.all(
      [client.createJob("countdown"), client.cancelJob("1"), client.clearCompleted()].map((call) =>
        call.catch(({ code }) => code),
      ),
    );
    expect(codes).toEqual(["E_CLOSED", "E_CLOSED", "E_CLOSED"]);
    expect(client.getSnapshot().connected).toBe(false);
    await expect(client.cancelJob("1")).rejects.toMatchObject({ code: "E_CLOSED" });
  });

  it("reject with E_DISCONNECTED where no answer comes in time", async () => {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const client = new QueueClient(port2, { timeout: 20 });
    const calls = [client.createJob("countdown"), client.cancelJob("1"), client.clearCompleted()];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "E_DISCONNECTED" });
    client.close();
    for (const timeout of [-1, Number.NaN]) expect(() => new QueueClient(port2, { timeout })).toThrow(RangeError);
    expect(() => new QueueClient(port2, { timeout: "20" as never })).toThrow(TypeError);
  });

  it("reject where the port throws, and the next is asked all the same", async () => {
    const socket = new FakeSocket();
    const runner = newRunner();
    let broken = false;
    const port: QueuePort = {
      ...socket.otherEnd,
      send(data) {
        if (broken) throw new Error("not now");
        socket.otherEnd.send?.(data);
      },
    };
    const client = new QueueClient(port);
    runner.serve(socket);
    broken = true;
    await expect(client.clearCompleted()).rejects.toMatchObject({ code: "E_DISCONNECTED" });
    broken = false;
    expect(await client.clearCompleted()).toBe(0);
    client.close();
  });

  it("of two clients at one channel are not taken for each other's", async () => {
    const name = crypto.randomUUID();
    const channels = [new BroadcastChannel(name), new BroadcastChannel(name), new BroadcastChannel(name)] as const;
    onTestFinished(() => {
      for (const channel of channels) channel.close();
    });
    const { type } = heldType();
    newRunner({ types: [type] }).serve(channels[0]);
    const clients = [new QueueClient(channels[1]), new QueueClient(channels[2])];
    const made = await Promise.all(clients.map((client, who) => client.createJob("held", { label: `${who}` })));
    expect(made.map(({ params }) => (params as { label: string }).label)).toEqual(["0", "1"]);
  });
});
