// What a page needs of any queue, the runner's own and a client's alike.

import type { JobRecord } from "jobgate";
import { InvalidParamsError, QueueClient as OfClient } from "jobgate/queue-client";
import { type JobQueue, type JobRunner, QueueClient, type QueuePort, type WatchEvent } from "jobgate/runner";
import { useTestClock } from "jobgate/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { turn } from "../support/turns.js";
import { newClient, rawPort, until } from "./support/ports.js";
import { pendingRecord } from "./support/records.js";
import { heldType, newRunner } from "./support/runner.js";

type Listener = (event: { data: unknown }) => void;

async function readAll(stream: ReadableStream<WatchEvent>): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) events.push(next.value);
  return events;
}

function untilSo(queue: JobQueue, isSo: (jobs: readonly JobRecord[]) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo(queue.getAllJobs())) return;
      stop();
      resolve();
    };
    const stop = queue.subscribe(look);
    look();
  });
}

const kinds: readonly [string, (runner: JobRunner) => JobQueue][] = [
  ["a runner's own", (runner) => runner.asQueue()],
  ["a client's", (runner) => newClient(runner)],
];

describe.each(kinds)("a queue, %s", (_, queueOf) => {
  it("a job is not tried again that is not known or has not finished, and the error says which", async () => {
    const { type } = heldType();
    const queue = queueOf(newRunner({ types: [type] }));
    const { id } = await queue.createJob("held");
    await expect(queue.retryJob("nobody")).rejects.toMatchObject({ code: "E_UNKNOWN_JOB" });
    await expect(queue.retryJob(id)).rejects.toMatchObject({ code: "E_NOT_FINISHED" });
  });

  it("takes jobs with all that can travel, lists them, and says what became of what was asked", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const queue = queueOf(runner);
    const first = await queue.createJob("held", { label: "a" }, { id: "first" });
    const second = await queue.createJob("held", {}, { priority: "background", retry: 1, timeout: 60_000 });
    const third = await queue.createJob("held", {}, { delay: 60_000 });
    expect(third.ready_at).toBeGreaterThan(Date.now());
    expect(await queue.setPriority(third.id, 7)).toBe(true);
    expect(await queue.setPriority("nobody", 7)).toBe(false);
    await untilSo(queue, (jobs) => jobs[2]?.priority === 7);
    expect(queue.getAllJobs()).toEqual(runner.getAllJobs());
    expect(queue.getAllJobs().map(({ id }) => id)).toEqual([first.id, second.id, third.id]);
    expect(queue.getJob("first")).toMatchObject({ status: "running", params: { label: "a" } });
    expect(queue.getJob("nobody")).toBeUndefined();
    expect(queue.getQueueStats()).toEqual(runner.getQueueStats());
    expect(queue.getSnapshot()).toEqual({ ...runner.getSnapshot(), connected: true });
    expect(queue.getSnapshot()).toBe(queue.getSnapshot());
    await expect(queue.retryJob("first")).rejects.toMatchObject({ message: expect.stringContaining("not finished") });
    await expect(queue.retryJob("nobody")).rejects.toMatchObject({ message: expect.stringContaining("no job") });
    held[0]?.work.resolve("done");
    await untilSo(queue, () => queue.getJob("first")?.status === "completed");
    const again = await queue.retryJob("first");
    expect(again).toMatchObject({ type: "held", params: { label: "a" }, status: "pending" });
    expect([await queue.cancelJob(again.id), await queue.cancelJob(again.id), await queue.cancelJob("nobody")]).toEqual(
      [true, false, false],
    );
    expect(await queue.clearCompleted()).toBe(2);
    await untilSo(queue, (jobs) => jobs.length === 2);
  });

  it("an option without a value, or a timeout without an end, is as good as none", async () => {
    const { type } = heldType();
    const queue = queueOf(newRunner({ types: [type] }));
    const nothing = { delay: undefined, backoff: undefined } as object;
    for (const options of [
      { retry: { limit: 3, ...nothing } },
      { timeout: Number.POSITIVE_INFINITY },
      { priority: undefined, delay: undefined, timeout: undefined, retry: undefined } as object,
    ]) {
      expect(await queue.createJob("held", {}, options)).toMatchObject({ type: "held", params: { label: "" } });
    }
  });

  it("the same id again, while known: the record that stands, finished or not", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const queue = queueOf(runner);
    await queue.createJob("held", { label: "a" }, { id: "report" });
    expect(await queue.createJob("held", { label: "b" }, { id: "report" })).toMatchObject({ params: { label: "a" } });
    held[0]?.work.resolve("done");
    await untilSo(queue, () => queue.getJob("report")?.status === "completed");
    expect(await queue.createJob("held", {}, { id: "report" })).toMatchObject({ status: "completed", result: "done" });
    expect(held).toHaveLength(1);
    await queue.clearCompleted();
    expect(await queue.createJob("held", {}, { id: "report" })).toMatchObject({ status: "running" });
  });

  it("refuses what makes no sense, and queues nothing", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const queue = queueOf(runner);
    await expect(queue.createJob("nonsense")).rejects.toMatchObject({ code: "E_UNKNOWN_TYPE" });
    await expect(queue.createJob("countdown", { seconds: 0 })).rejects.toBeInstanceOf(InvalidParamsError);
    for (const options of [
      { delay: -1 },
      { timeout: "1" },
      { retry: { limit: -1 } },
      { retry: { limit: 1, backoff: "sometimes" } },
      { priority: Number.NaN },
      { id: "" },
    ]) {
      await expect(queue.createJob("held", {}, options as never)).rejects.toThrow(new RegExp(Object.keys(options)[0]!));
    }
    expect(runner.getQueueStats().total).toBe(0);
  });

  it("shows one job's life as a stream: the present first, then what follows, then the end", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const queue = queueOf(runner);
    expect(() => queue.watch("nobody")).toThrow("no job");
    const { id } = await queue.createJob("held");
    const other = await queue.createJob("held");
    const [all, cancelled] = [readAll(queue.watch(id)), readAll(queue.watch(other.id))];
    held[0]?.context.progress(40, "on its way");
    await untilSo(queue, () => queue.getJob(id)?.progress.percent === 40);
    const late = readAll(queue.watch(id));
    held[0]?.work.resolve({ rows: 3 });
    const progress = { event: "progress", data: { percent: 40, message: "on its way" } };
    const running = { event: "status", data: { status: "running", started_at: expect.any(Number) } };
    const complete = {
      event: "complete",
      data: { status: "completed", result: { rows: 3 }, duration: expect.any(Number) },
    };
    expect(await all).toEqual([running, progress, complete]);
    expect(await late).toEqual([running, progress, complete]);
    await queue.cancelJob(other.id, new Error("not needed"));
    const end = { event: "cancelled", data: { status: "cancelled", reason: "not needed" } };
    expect(await cancelled).toEqual([{ event: "status", data: { status: "pending" } }, running, end]);
    expect((await readAll(queue.watch(id))).map(({ event }) => event)).toEqual(["status", "complete"]);
  });
});

/** A port whose other end goes away and comes back; what is sent meanwhile is lost, on either side. */
class FlakyPort {
  isAway = false;
  readonly sent: { type: string; request?: number }[] = [];
  private readonly client = new Map<string, Set<Listener>>();
  private readonly runner = new Set<Listener>();
  private stop = () => {};

  constructor(private readonly host: JobRunner) {
    this.stop = host.serve(this.served());
  }

  private served(): QueuePort {
    const listeners = new Set<Listener>();
    return {
      postMessage: (message) => {
        if (this.isAway || !this.runner.has(tell)) return;
        for (const listener of this.client.get("message") ?? []) listener({ data: structuredClone(message) });
      },
      addEventListener: (type, listener) => {
        if (type !== "message") return;
        listeners.add(listener);
        this.runner.add(tell);
      },
      removeEventListener: () => this.runner.delete(tell),
    };
    function tell(event: { data: unknown }) {
      for (const listener of listeners) listener(event);
    }
  }

  readonly asked: QueuePort = {
    postMessage: (message) => {
      this.sent.push(message as { type: string });
      if (!this.isAway) for (const listener of this.runner) listener({ data: structuredClone(message) });
    },
    addEventListener: (type: string, listener: Listener) => {
      this.client.set(type, (this.client.get(type) ?? new Set()).add(listener));
    },
    removeEventListener: (type: string, listener: Listener) => this.client.get(type)?.delete(listener),
  };

  /** The runner serves another port in its place. */
  comeBack(): void {
    this.stop();
    this.isAway = false;
    this.stop = this.host.serve(this.served());
    for (const listener of this.client.get("open") ?? []) listener({ data: undefined });
  }
}

describe("a port that comes back", () => {
  it("what was asked meanwhile is asked again: a job is made once, under its id", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const port = new FlakyPort(runner);
    const client = new OfClient(port.asked);
    onTestFinished(() => client.close());
    await until(client, ({ connected }) => connected);
    const before = await client.createJob("held", { label: "before" });
    port.isAway = true;
    const lost = client.createJob("held", { label: "lost" });
    const cancelled = client.cancelJob(before.id);
    await Promise.resolve();
    expect(held).toHaveLength(1);
    port.comeBack();
    expect((await lost).params).toEqual({ label: "lost" });
    expect(await cancelled).toBe(true);
    expect(held).toHaveLength(2);
    await until(client, ({ jobs }) => jobs.length === 2);
    expect(client.getAllJobs()).toEqual(runner.getAllJobs());
  });

  it("one whose answer got lost is not made twice, though it has ended since", async () => {
    let runs = 0;
    const quick = { name: "quick", description: "", params: [], execute: () => ++runs };
    const runner = newRunner({ types: [quick] });
    const port = new FlakyPort(runner);
    const client = new OfClient(port.asked);
    onTestFinished(() => client.close());
    await until(client, ({ connected }) => connected);
    const asked = client.createJob("quick", {}, { id: "once" });
    // The runner has heard it; its answer comes in a microtask.
    port.isAway = true;
    await runner.manager.onIdle();
    port.comeBack();
    expect(await asked).toMatchObject({ id: "once", status: "completed", result: 1 });
    expect(runs).toBe(1);
  });

  it("after a while nobody waits any more", async () => {
    const runner = newRunner();
    const port = new FlakyPort(runner);
    const client = new OfClient(port.asked, { timeout: 20 });
    onTestFinished(() => client.close());
    await until(client, ({ connected }) => connected);
    port.isAway = true;
    await expect(client.createJob("countdown")).rejects.toMatchObject({ code: "E_DISCONNECTED" });
    await expect(client.retryJob("1")).rejects.toMatchObject({ code: "E_DISCONNECTED" });
  });
});

describe("a port that comes back, by a clock of the test's", () => {
  it("no call waits longer than its time for having been asked again", async () => {
    const clock = useTestClock();
    onTestFinished(clock.restore);
    let open: Listener = () => {};
    const client = new OfClient({
      postMessage() {},
      addEventListener: (type: string, listener: Listener) => {
        if (type === "open") open = listener;
      },
      removeEventListener() {},
    });
    onTestFinished(() => client.close());
    const over: string[] = [];
    const note = (name: string) => () => over.push(name);
    void client.createJob("x").catch(note("create"));
    await clock.advance(20_000);
    void client.setPriority("y", 1).catch(note("raise"));
    await clock.advance(1000);
    open({ data: undefined });
    await clock.advance(8_999);
    expect(over).toEqual([]);
    await clock.advance(1);
    expect(over).toEqual(["create"]);
    await clock.advance(20_000);
    expect(over).toEqual(["create", "raise"]);
  });
});

describe("who watches, where the state takes the place of what has happened", () => {
  it("is told each thing once, and that the job runs before how far it is", async () => {
    let hear: Listener = () => {};
    const client = new OfClient({
      postMessage() {},
      addEventListener: (type: string, listener: Listener) => {
        if (type === "message") hear = listener;
      },
      removeEventListener() {},
    });
    onTestFinished(() => client.close());
    const record = (id: string, status: string, percent: number) => {
      const progress = { percent, message: percent === 0 ? "" : "on its way" };
      return { id, type: "x", params: {}, status, progress, priority: 0, attempt: status === "pending" ? 0 : 1 };
    };
    const stats = { pending: 0, running: 2, completed: 0, failed: 0, cancelled: 0, total: 2 };
    const state = async (seq: number, ...jobs: object[]) => {
      const made = jobs.map((job) => ({ ...job, created_at: 1 }));
      hear({ data: { type: "queue_state", protocol: 2, seq, jobs: made, stats } });
      await turn();
    };
    await state(1, record("first", "running", 10), record("second", "pending", 0));
    const told = [readAll(client.watch("first")), readAll(client.watch("second"))];
    await state(1, record("first", "running", 10), record("second", "pending", 0));
    for (const seq of [3, 4]) await state(seq, record("first", "running", 10), record("second", "running", 50));
    await state(5, record("first", "completed", 10), record("second", "completed", 50));
    const [first, second] = await Promise.all(told);
    expect(first!.map(({ event }) => event)).toEqual(["status", "progress", "complete"]);
    expect(second!.map(({ event }) => event)).toEqual(["status", "status", "progress", "complete"]);
  });
});

describe("the numbers of messages", () => {
  it("rise by one; who resumes is sent what it missed, or the state where that is no longer known", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const port = rawPort(runner);
    const { protocol, seq } = await port.next("queue_state");
    expect([protocol, seq]).toEqual([2, 0]);
    runner.createJob("held");
    await port.settled();
    held[0]?.context.log("a line");
    held[0]?.work.resolve(1);
    await runner.manager.onIdle();
    await port.settled();
    const numbered = port.received.flatMap((message) => ("seq" in message ? [message.seq] : []));
    expect(numbered).toEqual(numbered.toSorted((one, other) => one - other));
    expect(new Set(numbered).size).toBe(numbered.length);
    const last = numbered.at(-1) as number;

    const back = rawPort(runner);
    await back.next("queue_state");
    back.send({ type: "resume", seq: last - 3 });
    await back.settled();
    const missed = back.received.flatMap((message) => ("seq" in message ? [message.seq] : []));
    expect(missed).toEqual([last, last - 2, last - 1, last]);
    for (const unknown of [-1, last + 1]) {
      back.send({ type: "resume", seq: unknown });
      expect((await back.next("queue_state")).seq).toBe(last);
    }
    const answer = back.next("ok");
    back.send({ type: "clear_completed", request: 3 });
    expect(await answer).toMatchObject({ count: 1, seq: expect.any(Number) });
  });
});

describe("peers of version 1", () => {
  it("a client that knows no ranks is sent the state where the order has changed", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    const [one, other] = [runner.createJob("held").id, runner.createJob("held").id];
    const port = rawPort(runner);
    port.send({ type: "get_state" });
    await port.settled();
    const told = port.next("queue_state");
    runner.setPriority(other, 1);
    expect((await told).jobs.map(({ id }) => id)).toEqual([other, one]);
    await port.settled();
    for (const message of port.received) {
      expect(message.type).not.toBe("job_moved");
      expect(message).not.toHaveProperty("rank");
      expect(message).not.toHaveProperty("ranks");
    }
  });

  it("a runner that numbers and ranks nothing is followed by what it says", async () => {
    const { port1, port2 } = new MessageChannel();
    const client = new QueueClient(port1);
    onTestFinished(() => client.close());
    const stats = { pending: 3, running: 0, completed: 2, failed: 0, cancelled: 0, total: 5 };
    const ended = { status: "completed", completed_at: 2 };
    const jobs = [
      pendingRecord("a"),
      pendingRecord("b"),
      pendingRecord("c", { ready_at: 99 }),
      pendingRecord("e", ended),
      pendingRecord("d", ended),
    ];
    port2.postMessage({ type: "queue_state", jobs, stats });
    for (const message of [
      { type: "job_created", job: pendingRecord("f", { priority: 3 }) },
      { type: "job_created", job: pendingRecord("g") },
      { type: "job_started", job_id: "b", started_at: 5, attempt: 1 },
      { type: "job_completed", job_id: "a", result: 1, completed_at: 6 },
      { type: "job_removed", job_id: "d" },
    ]) {
      port2.postMessage(message);
    }
    await until(client, ({ jobs }) => !jobs.some(({ id }) => id === "d") && jobs.length > 0);
    expect(client.getAllJobs().map(({ id }) => id)).toEqual(["b", "f", "g", "c", "a", "e"]);
  });
});
