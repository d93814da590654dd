import { InvalidParamsError } from "jobgate";
import { type ClientMessage, type JobRunner, QueueClient, type QueuePort, type ServerMessage } from "jobgate/runner";
import { describe, expect, it, onTestFinished } from "vitest";
import { ended, heldType, newRunner } from "./support/runner.js";

type Reply<Type extends ServerMessage["type"]> = Extract<ServerMessage, { type: Type }>;

/** A port that a test speaks the protocol over by hand. */
function rawPort(runner: JobRunner) {
  const { port1, port2 } = new MessageChannel();
  const received: ServerMessage[] = [];
  const waiting: { fits: (message: ServerMessage) => boolean; resolve: (message: ServerMessage) => void }[] = [];
  port2.onmessage = ({ data }) => {
    received.push(data);
    for (const wait of waiting.filter(({ fits }) => fits(data))) {
      waiting.splice(waiting.indexOf(wait), 1);
      wait.resolve(data);
    }
  };
  const stop = runner.serve(port1);
  onTestFinished(() => {
    port2.close();
  });
  return {
    received,
    stop,
    send: (message: unknown) => port2.postMessage(message),
    next<Type extends ServerMessage["type"]>(type: Type): Promise<Reply<Type>> {
      const fits = (message: ServerMessage) => message.type === type;
      return new Promise((resolve) => waiting.push({ fits, resolve: (message) => resolve(message as Reply<Type>) }));
    },
    /** Everything sent before has been heard and answered. */
    async settled(): Promise<void> {
      const pong = this.next("pong");
      port2.postMessage({ type: "ping" } satisfies ClientMessage);
      await pong;
    },
  };
}

function newClient(runner: JobRunner): QueueClient {
  const { port1, port2 } = new MessageChannel();
  runner.serve(port1);
  const client = new QueueClient(port2);
  onTestFinished(() => {
    client.close();
    port2.close();
  });
  return client;
}

/** Resolves when something has changed and it is so. */
function changed(runner: JobRunner, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = runner.subscribe(() => {
      if (!isSo()) return;
      stop();
      resolve();
    });
  });
}

/** Resolves when what the client holds fits. */
function until(client: QueueClient, fits: (snapshot: ReturnType<QueueClient["getSnapshot"]>) => boolean) {
  return new Promise<void>((resolve) => {
    const look = () => {
      if (!fits(client.getSnapshot())) return;
      stop();
      resolve();
    };
    const stop = client.subscribe(look);
    look();
  });
}

describe("the queue protocol", () => {
  it("the initial state is sent on connect, and on get_state", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held", { label: "a" });
    const port = rawPort(runner);
    const state = await port.next("queue_state");
    expect(state.jobs).toEqual([runner.getJob(id)]);
    expect(state.stats).toEqual(runner.getQueueStats());
    port.send({ type: "get_state" });
    expect(await port.next("queue_state")).toEqual(state);
  });

  it("all queue events are broadcast to all clients", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const ports = [rawPort(runner), rawPort(runner)];
    const { id } = runner.createJob("held");
    await Promise.all(ports.map((port) => port.settled()));
    held[0]?.context.progress(50, "half");
    held[0]?.context.log("a line");
    held[0]?.work.resolve({ rows: 1 });
    await ended(runner, id);
    runner.clearCompleted();
    await Promise.all(ports.map((port) => port.settled()));
    for (const { received } of ports) {
      const types = received.map(({ type }) => type).filter((type) => type !== "stats_update" && type !== "pong");
      const events = ["job_created", "job_started", "job_progress", "job_log", "job_completed", "job_removed"];
      expect(types).toEqual(["queue_state", ...events]);
      expect(received.find(({ type }) => type === "job_completed")).toMatchObject({ job_id: id, result: { rows: 1 } });
    }
  });

  it("job creation and cancellation work, as objects and as JSON", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const port = rawPort(runner);
    port.send({ type: "create_job", job_type: "held", params: { label: "x" }, priority: "background" });
    const { job } = await port.next("job_created");
    expect(job).toMatchObject({ type: "held", params: { label: "x" }, priority: -100, status: "pending" });
    port.send(JSON.stringify({ type: "cancel_job", job_id: job.id }));
    expect(await port.next("job_cancelled")).toMatchObject({ job_id: job.id });
  });

  it("what is malformed, oversized, unknown or invalid gets an error and changes nothing", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const done = runner.createJob("held").id;
    runner.cancelJob(done);
    await ended(runner, done);
    const port = rawPort(runner);
    const before = runner.getSnapshot();
    const cyclic: Record<string, unknown> = { type: "create_job", job_type: "held" };
    cyclic.params = { cyclic, again: cyclic };
    const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
    const large = "x".repeat(1_000_001);
    const list: [unknown, number][] = [
      [null, 400],
      ["not JSON", 400],
      [[], 400],
      [{ type: "drop_tables" }, 400],
      [{ type: "create_job" }, 400],
      [{ type: "create_job", job_type: "held", params: "x" }, 400],
      [{ type: "create_job", job_type: "nonsense" }, 400],
      [{ type: "create_job", job_type: "countdown", params: { seconds: 0 } }, 400],
      [{ type: "create_job", job_type: "held", params: JSON.parse('{"__proto__": {"label": "x"}}') }, 400],
      [cyclic, 400],
      [deep, 400],
      [JSON.stringify({ type: "create_job", job_type: "held", params: { label: large } }), 413],
      [{ type: "create_job", job_type: "held", params: { label: large } }, 413],
      [{ type: "ping", more: new Uint8Array(10) }, 0],
      [{ type: "cancel_job", job_id: "nobody" }, 404],
      [{ type: "cancel_job", job_id: done }, 409],
    ];
    for (const [message, code] of list) {
      const answer = code === 0 ? port.next("pong") : port.next("error");
      port.send(message);
      expect(await answer).toMatchObject(code === 0 ? {} : { code, error: expect.stringMatching(/./) });
    }
    expect(runner.getSnapshot()).toBe(before);
    expect(({} as { label?: string }).label).toBeUndefined();
    port.send({ type: "create_job", job_type: "echo", params: { delay: 99 } });
    expect((await port.next("error")).errors).toEqual([
      { param: "message", message: "is required: a string" },
      { param: "delay", message: "must be an integer from 1 to 30, got 99" },
    ]);
  });

  it("two runners at one channel do not talk for ever", async () => {
    const { port1, port2 } = new MessageChannel();
    const [one, other] = [newRunner(), newRunner()];
    const errors = new Promise<void>((resolve) => {
      let count = 0;
      port2.addEventListener("message", ({ data }) => {
        if (data.type === "error" && ++count === 1) resolve();
      });
    });
    one.serve(port1);
    other.serve(port2);
    await errors;
    let more = 0;
    port2.addEventListener("message", () => {
      more += 1;
    });
    const { port1: end, port2: start } = new MessageChannel();
    await new Promise((resolve) => {
      end.onmessage = resolve;
      start.postMessage(null);
    });
    expect(more).toBeLessThan(5);
    port1.close();
  });

  it("a result that JSON can't carry goes as null, and a job_log says so", async () => {
    const runner = newRunner({ types: [{ name: "odd", description: "", params: [], execute: () => () => 1 }] });
    const port = rawPort(runner);
    const { id } = runner.createJob("odd");
    expect(await port.next("job_log")).toMatchObject({ job_id: id });
    await port.settled();
    expect(port.received.find(({ type }) => type === "job_completed")).toMatchObject({ job_id: id, result: null });
    port.send({ type: "get_state" });
    expect((await port.next("queue_state")).jobs[0]).toMatchObject({ id, status: "completed", result: null });
  });

  it("progress is sent at most once a turn, the end always", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const port = rawPort(runner);
    const { id } = runner.createJob("held");
    for (let step = 1; step <= 10_000; step += 1) held[0]?.context.progress(step / 100);
    held[0]?.work.resolve(1);
    await ended(runner, id);
    await port.settled();
    const progress = port.received.filter(({ type }) => type === "job_progress");
    expect(progress.length).toBeLessThan(5);
    expect(progress.at(-1)).toMatchObject({ percent: 100 });
    expect(port.received.some(({ type }) => type === "job_completed")).toBe(true);
  });

  it("a port that is no longer served is told so, then hears nothing and asks in vain", async () => {
    const runner = newRunner();
    const port = rawPort(runner);
    await port.settled();
    const told = port.next("error");
    port.stop();
    port.stop();
    expect(await told).toEqual({ type: "error", code: 410, error: "The runner no longer serves this port" });
    const { length } = port.received;
    port.send({ type: "create_job", job_type: "countdown" });
    const other = rawPort(runner);
    await other.settled();
    runner.createJob("prime");
    await runner.manager.onIdle();
    await other.settled();
    expect(port.received).toHaveLength(length);
    expect(runner.getQueueStats().total).toBe(1);
  });

  it("speaks over a port that has send, as a WebSocket has, and outlives one that breaks", () => {
    const runner = newRunner();
    const sent: string[] = [];
    let listener: (event: { data: unknown }) => void = () => {};
    const socket: QueuePort = {
      send: (data) => {
        sent.push(data);
        if (sent.length > 1) throw new Error("the socket is gone");
      },
      addEventListener: (type, added) => {
        if (type === "message") listener = added;
      },
      removeEventListener: () => {},
    };
    runner.serve(socket);
    listener({ data: '{"type":"ping"}' });
    return new Promise<void>((resolve) => setTimeout(resolve)).then(() => {
      expect(JSON.parse(sent[0] ?? "")).toMatchObject({ type: "queue_state", jobs: [] });
      expect(sent[1]).toBe('{"type":"pong"}');
      expect(() => runner.createJob("prime")).not.toThrow();
    });
  });
});

describe("QueueClient", () => {
  it("holds what the runner holds, and asks it for jobs", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const client = newClient(runner);
    expect(client.getSnapshot()).toMatchObject({ jobs: [], connected: false });
    const record = await client.createJob("held", { label: "mine" }, { priority: 5 });
    expect(record).toMatchObject({ type: "held", params: { label: "mine" }, priority: 5 });
    expect(client.getSnapshot().connected).toBe(true);
    held[0]?.work.resolve("done");
    await until(client, ({ jobs }) => jobs[0]?.status === "completed");
    expect(client.getSnapshot().jobs).toEqual(runner.getSnapshot().jobs);
    client.clearCompleted();
    await until(client, ({ jobs }) => jobs.length === 0);
    expect(runner.getAllJobs()).toEqual([]);
  });

  it("two clients that create at the same time each get their own job", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const clients = [newClient(runner), newClient(runner)];
    const made = await Promise.all(
      clients.flatMap((client, who) => [0, 1, 2].map((n) => client.createJob("held", { label: `${who}.${n}` }))),
    );
    expect(made.map(({ params }) => (params as { label: string }).label)).toEqual([
      "0.0",
      "0.1",
      "0.2",
      "1.0",
      "1.1",
      "1.2",
    ]);
    expect(new Set(made.map(({ id }) => id)).size).toBe(6);
  });

  it("is told why a job was refused", async () => {
    const runner = newRunner({ builtins: true, maxPending: 0, autoStart: false });
    const client = newClient(runner);
    const refused = await client.createJob("countdown", { seconds: 61 }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(InvalidParamsError);
    expect((refused as InvalidParamsError).errors[0]?.param).toBe("seconds");
    await expect(client.createJob("nonsense")).rejects.toMatchObject({ code: "E_REFUSED" });
    await expect(client.createJob("countdown")).rejects.toThrow(/pending|full|wait/i);
  });

  it("closed, it lets nobody wait", async () => {
    const { port2 } = new MessageChannel();
    const client = new QueueClient(port2);
    const asked = client.createJob("countdown");
    client.close();
    await expect(asked).rejects.toMatchObject({ code: "E_CLOSED" });
    await expect(client.createJob("countdown")).rejects.toMatchObject({ code: "E_CLOSED" });
    expect(client.getSnapshot().connected).toBe(false);
  });

  it("is told when the runner closes: nobody waits for an answer that cannot come", async () => {
    const runner = newRunner();
    const client = newClient(runner);
    const { id } = await client.createJob("countdown");
    const closed = runner.close();
    const asked = client.createJob("countdown");
    await expect(asked).rejects.toMatchObject({ code: expect.stringMatching(/E_REFUSED|E_CLOSED/) });
    await closed;
    await until(client, ({ connected }) => !connected);
    expect(client.getSnapshot().jobs).toMatchObject([{ id, status: "cancelled" }]);
    await expect(client.createJob("countdown")).rejects.toMatchObject({ code: "E_CLOSED" });
    expect(() => client.cancelJob(id)).toThrow("closed");
  });

  it("passes over what no runner says", async () => {
    const { port1, port2 } = new MessageChannel();
    const client = new QueueClient(port1);
    onTestFinished(() => client.close());
    const record = { id: "1", type: "x", params: {}, status: "pending", progress: { percent: 0, message: "" } };
    const stats = { pending: 1, running: 0, completed: 0, failed: 0, cancelled: 0, total: 1 };
    for (const message of [
      null,
      "{",
      { type: "toString" },
      { type: "queue_state" },
      { type: "queue_state", jobs: [null], stats },
      { type: "queue_state", jobs: [{ ...record, progress: 3 }], stats },
      { type: "job_created", job: { id: 3 } },
      { type: "job_removed", job_id: {} },
      { type: "stats_update", stats: 3 },
      { type: "error", error: {}, code: 410 },
      { type: "create_job", job_type: "x" },
    ]) {
      port2.postMessage(message);
    }
    let changes = 0;
    client.subscribe(() => {
      changes += 1;
    });
    port2.postMessage({ type: "queue_state", jobs: [record], stats });
    await until(client, ({ connected }) => connected);
    expect(changes).toBe(1);
    expect(client.getSnapshot()).toEqual({ jobs: [record], stats, connected: true });
  });

  it("over a BroadcastChannel, begun before or after the runner", async () => {
    const name = crypto.randomUUID();
    const channels = [new BroadcastChannel(name), new BroadcastChannel(name), new BroadcastChannel(name)] as const;
    onTestFinished(() => {
      for (const channel of channels) channel.close();
    });
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const early = new QueueClient(channels[0]);
    runner.serve(channels[1]);
    const late = new QueueClient(channels[2]);
    await late.createJob("held", { label: "late" });
    await until(early, ({ jobs }) => jobs[0]?.status === "running");
    expect(early.getSnapshot().jobs).toEqual(runner.getSnapshot().jobs);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "multiple clients stay in sync after a random sequence of messages (%i)",
    async (seed) => {
      let state = seed * 2_654_435_761;
      const random = (below: number) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const { type, held } = heldType();
      const runner = newRunner({ types: [type], concurrency: 2, retain: 5 });
      const clients = [newClient(runner), newClient(runner)];
      const live = () => held.filter(({ context }) => runner.getRunningJobs().includes(context.id));
      const idOfAny = () => {
        const all = runner.getAllJobs();
        return all.length === 0 ? "nobody" : (all[random(all.length)]?.id ?? "nobody");
      };
      const turn = () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            port1.close();
            resolve(undefined);
          };
          port2.postMessage(null);
        });
      for (let step = 0; step < 150; step += 1) {
        const client = clients[random(2)] as QueueClient;
        const one = live()[random(2)];
        const act = [
          () => client.createJob("held", { label: String(step) }, { priority: random(3) }).catch(() => {}),
          () => client.createJob("held", { label: 3 }).catch(() => {}),
          () => client.cancelJob(idOfAny()),
          () => random(4) === 0 && client.clearCompleted(),
          () => one?.context.progress(random(101), `at ${step}`),
          () => one?.work.resolve({ step }),
          () => one?.work.reject(new RangeError(`at ${step}`)),
          () => runner.setPriority(idOfAny(), random(5)),
          () => runner.createJob("held", {}, { delay: random(20), retry: { limit: 1, delay: random(20) } }),
        ];
        act[random(act.length)]?.();
        if (random(3) === 0) await turn();
      }
      // What each client asked for has been heard when what it asked for last has been answered.
      await Promise.all(clients.map((client) => client.createJob("held", { label: "last" })));
      const stopped = runner.stop();
      for (const id of runner.getRunningJobs()) runner.cancelJob(id);
      await stopped;
      const waits = () => runner.getAllJobs().some((job) => "ready_at" in job);
      if (waits()) await changed(runner, () => !waits());
      // Nothing happens any more; what was sent last comes last.
      const { id: mark } = runner.createJob("held", { label: "mark" });
      const { total } = runner.getQueueStats();
      await Promise.all(
        clients.map((client) =>
          until(client, ({ jobs, stats }) => jobs.some(({ id }) => id === mark) && stats.total === total),
        ),
      );
      expect(runner.getAllJobs().length).toBeGreaterThan(3);
      for (const client of clients) {
        expect(client.getSnapshot().jobs).toEqual(runner.getSnapshot().jobs);
        expect(client.getSnapshot().stats).toEqual(runner.getQueueStats());
      }
    },
  );
});
