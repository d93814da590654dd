import { QueueClient, type QueuePort, type ServerMessage } from "jobgate/runner";
import { describe, expect, it, onTestFinished } from "vitest";
import { turn } from "../support/turns.js";
import { newClient, rawPort, until } from "./support/ports.js";
import { ended, heldType, newRunner } from "./support/runner.js";

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

  it("progress of a body that waits at each step is sent once in a while, and ahead of whatever else is told", async () => {
    const runner = newRunner({
      types: [
        {
          name: "steady",
          description: "",
          params: [],
          async execute(_, { progress, checkpoint, log }) {
            for (let step = 1; step <= 2000; step += 1) {
              progress(step / 20);
              await checkpoint();
              if (step === 1500) log("three quarters");
              if (step % 20 === 0) await turn();
            }
          },
        },
      ],
    });
    const port = rawPort(runner);
    const began = performance.now();
    await ended(runner, runner.createJob("steady").id);
    await port.settled();
    // One each 16 ms; beside those the first, the one ahead of the log line, that line, and the last.
    const most = (performance.now() - began) / 16 + 4;
    const told = port.received.filter(({ type }) => type === "job_progress" || type === "job_log");
    expect(told.length).toBeLessThanOrEqual(most);
    expect(told.at(-1)).toMatchObject({ percent: 100 });
    const log = told.findIndex(({ type }) => type === "job_log");
    expect(told[log - 1]).toMatchObject({ percent: 75 });
  });

  it("a burst of new priorities is told as a few states, the last of them as it is", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    const all = Array.from({ length: 10 }, () => runner.createJob("held").id);
    const port = rawPort(runner);
    await port.settled();
    const began = performance.now();
    for (let step = 0; step < 200; step += 1) {
      runner.setPriority(all[step % 10] ?? "", step);
      await turn();
    }
    await until(newClient(runner), ({ connected }) => connected);
    const order = runner.getPendingJobs();
    const inOrder = (message: ServerMessage) =>
      message.type === "queue_state" && message.jobs.every(({ id }, index) => id === order[index]);
    await expect.poll(() => port.received.some(inOrder)).toBe(true);
    const states = port.received.filter(({ type }) => type === "queue_state");
    expect(states.length).toBeLessThan((performance.now() - began) / 16 + 3);
  });

  it("a port is told of the runner's jobs only, whatever else its manager runs", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const port = rawPort(runner);
    await port.settled();
    const events: string[] = [];
    runner.onEvent((event) => events.push(event.type));
    const { job } = runner.manager.runJob("foreign", ({ progress }) => progress(50));
    await job.settled;
    await port.settled();
    expect(new Set(events)).toEqual(new Set(["stats_update"]));
    expect(new Set(port.received.map(({ type }) => type))).toEqual(new Set(["queue_state", "stats_update", "pong"]));
    expect(runner.getAllJobs()).toEqual([]);
  });

  it("a job may have any id, also the name of a message", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const client = newClient(runner);
    const ids = ["stats_update", "stats", "0", "progress of 0", "__proto__"];
    for (const id of ids) runner.createJob("held", {}, { id });
    runner.setConcurrency(5);
    for (const [index, { context }] of held.entries()) context.progress(index + 1);
    runner.manager.pause();
    runner.createJob("held");
    await until(client, ({ jobs, stats }) => stats.total === 6 && jobs[4]?.progress.percent === 5);
    expect(client.getSnapshot().jobs).toEqual(runner.getAllJobs());
    expect(() => runner.createJob("held", {}, { id: "x".repeat(201) })).toThrow("id must be a string of 1 to 200");
    expect(runner.createJob("held", {}, { id: "x".repeat(200) }).status).toBe("pending");
  });

  it("the largest message is counted in bytes", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    const port = rawPort(runner);
    const create = (label: string) => ({ type: "create_job", job_type: "held", params: { label } });
    for (const message of [create("é".repeat(510_000)), JSON.stringify(create("é".repeat(510_000)))]) {
      const answer = port.next("error");
      port.send(message);
      expect(await answer).toMatchObject({ code: 413 });
    }
    port.send(create("é".repeat(490_000)));
    port.send(JSON.stringify(create("é".repeat(490_000))));
    await port.settled();
    expect(runner.getPendingJobs()).toHaveLength(2);
  });

  it("a reader that leaves frees all it held, where its MessagePort tells of it", async () => {
    const runner = newRunner();
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port2.close());
    const heard: ServerMessage[] = [];
    port2.onmessage = ({ data }) => heard.push(data);
    runner.serve(port1);
    await expect.poll(() => heard.length).toBe(1);
    // As a browser does that has this event.
    port1.dispatchEvent(new Event("close"));
    port2.postMessage({ type: "create_job", job_type: "countdown" });
    const other = rawPort(runner);
    runner.createJob("prime");
    await runner.manager.onIdle();
    await other.settled();
    expect(heard).toHaveLength(1);
    expect(runner.getQueueStats().total).toBe(1);
  });

  it("whoever comes after the end is sent the state, and told of it", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    await runner.close();
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port2.close());
    const client = new QueueClient(port2);
    const asked = client.createJob("held");
    const gone = until(client, ({ jobs, connected }) => jobs.length === 1 && !connected);
    runner.serve(port1);
    await gone;
    await expect(asked).rejects.toMatchObject({ code: "E_CLOSED" });
    expect(client.getSnapshot().jobs).toMatchObject([{ id, status: "cancelled" }]);
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
