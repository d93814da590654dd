import { QueueFullError } from "jobgate";
import { type JobRunner, QueueClient, type QueuePort, type ServerMessage } from "jobgate/runner";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { turn } from "../support/turns.js";
import { newClient, rawPort, until } from "./support/ports.js";
import { ended, heldType, newRunner, nextEvent } from "./support/runner.js";
import { Sleeper } from "./support/sleeper.js";
import { FakeSocket } from "./support/socket.js";

type Listener = (event: { data: unknown }) => void;

const quick = { name: "quick", description: "", params: [], execute: () => 1 };
const ofSize = (size: number) => ({ name: "large", description: "", params: [], execute: () => "x".repeat(size) });

function sleepingClient(): { readonly sleeper: Sleeper; readonly client: QueueClient } {
  const sleeper = new Sleeper();
  const client = new QueueClient(sleeper.clientEnd);
  onTestFinished(() => client.close());
  return { sleeper, client };
}

describe("a reader that sleeps, over a port that does not say how much it holds", () => {
  it("wakes to a bounded number of messages, and then holds what the runner holds", async () => {
    const runner = newRunner({ types: [quick], retain: 10 });
    const { sleeper, client } = sleepingClient();
    runner.serve(sleeper.served);
    await until(client, ({ connected }) => connected);
    // What it has to say of itself has arrived.
    await client.clearCompleted();
    sleeper.isAsleep = true;
    for (let count = 0; count < 3000; count += 1) {
      runner.createJob("quick");
      if (count % 100 === 0) await runner.manager.onIdle();
    }
    await runner.manager.onIdle();
    await turn();
    expect(sleeper.held.length).toBeLessThanOrEqual(128);
    sleeper.wake();
    await until(client, ({ stats }) => stats.completed === 3000);
    const { id } = runner.createJob("quick");
    await until(client, ({ jobs }) => jobs.some((job) => job.id === id && job.status === "completed"));
    expect(client.getSnapshot().jobs).toEqual(runner.getSnapshot().jobs);
  });

  it("is sent all that happens, one by one, as long as it is awake", async () => {
    const runner = newRunner({ types: [quick] });
    const { sleeper, client } = sleepingClient();
    runner.serve(sleeper.served);
    for (let count = 0; count < 500; count += 1) {
      runner.createJob("quick");
      if (count % 10 === 0) await turn();
    }
    await until(client, ({ stats }) => stats.completed === 500);
    await client.clearCompleted();
    await until(client, ({ jobs }) => jobs.length === 0);
  });

  it("who does not say that it acknowledges is sent all, as it was", async () => {
    const runner = newRunner({ types: [quick] });
    const port = rawPort(runner);
    for (let count = 0; count < 300; count += 1) {
      runner.createJob("quick");
      if (count % 50 === 0) await turn();
    }
    await runner.manager.onIdle();
    await port.settled();
    expect(port.received.filter(({ type }) => type === "job_completed")).toHaveLength(300);
    expect(port.received.every((message) => !("ack" in message))).toBe(true);
  });
});

/** Both ends of a port that loses what nobody listens to, and the messages that have been sent to the client's. */
function lossyPort() {
  const atRunner = new Set<Listener>();
  const atClient = new Set<Listener>();
  const sent: ServerMessage[] = [];
  let looks = 0;
  const end = (mine: Set<Listener>, others: Set<Listener>, note: (message: unknown) => void): QueuePort => ({
    postMessage: (message) => {
      note(message);
      const data = structuredClone(message);
      queueMicrotask(() => {
        for (const listener of others) listener({ data });
      });
    },
    addEventListener: (type: string, listener: Listener) => type === "message" && mine.add(listener),
    removeEventListener: (_, listener) => mine.delete(listener),
  });
  const served = Object.defineProperty(
    end(atRunner, atClient, (message) => sent.push(message as ServerMessage)),
    "bufferedAmount",
    {
      get: () => {
        looks += 1;
        return 0;
      },
    },
  );
  return { served, clientEnd: end(atClient, atRunner, () => {}), sent, looks: () => looks };
}

async function runQuick(runner: JobRunner, jobs: number): Promise<void> {
  for (let count = 0; count < jobs; count += 1) {
    runner.createJob("quick");
    if (count % 5 === 0) await turn();
  }
  await runner.manager.onIdle();
}

describe("an end that is gone", () => {
  it("the next client on its port is told the state and served, however much was said meanwhile", async () => {
    const runner = newRunner({ types: [quick], retain: 10 });
    const { served, clientEnd, sent } = lossyPort();
    runner.serve(served);
    const first = new QueueClient(clientEnd);
    await until(first, ({ connected }) => connected);
    await first.createJob("quick");
    first.close();
    await runQuick(runner, 200);
    await turn();
    const before = sent.length;
    const second = new QueueClient(clientEnd);
    onTestFinished(() => second.close());
    const { id } = await second.createJob("quick");
    await until(second, ({ jobs }) => jobs.some((job) => job.id === id && job.status === "completed"));
    expect(sent.slice(before).some(({ type }) => type === "queue_state")).toBe(true);
    expect(second.getSnapshot().jobs).toEqual(runner.getSnapshot().jobs);
  });

  it("its port is not looked at again and again: it is sent the rest when it has acknowledged", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const runner = newRunner({ types: [quick], retain: 10 });
    const { served, clientEnd, sent, looks } = lossyPort();
    runner.serve(served);
    clientEnd.postMessage?.({ type: "get_state", acknowledges: true, protocol: 2 });
    await runQuick(runner, 200);
    vi.advanceTimersByTime(1000);
    await turn();
    const [lookedAt, told] = [looks(), sent.length];
    for (let step = 0; step < 20; step += 1) vi.advanceTimersByTime(50);
    await turn();
    expect([looks(), sent.length]).toEqual([lookedAt, told]);
    clientEnd.postMessage?.({ type: "ack", ack: 128 });
    await turn();
    expect(sent.length).toBeGreaterThan(told);
  });
});

describe("one tab can't take the queue from the others", () => {
  it("more pending jobs of one port than are allowed are refused; another port's are not", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1, maxPendingPerPort: 2 });
    const [greedy, other] = [newClient(runner), newClient(runner)];
    const [first] = await Promise.all([0, 1, 2].map(() => greedy.createJob("held")));
    await expect(greedy.createJob("held")).rejects.toBeInstanceOf(QueueFullError);
    expect((await other.createJob("held")).status).toBe("pending");
    runner.cancelJob(first?.id ?? "");
    await ended(runner, first?.id ?? "");
    expect((await greedy.createJob("held")).status).toBe("pending");
    await expect(greedy.createJob("held")).rejects.toBeInstanceOf(QueueFullError);
    expect(runner.createJob("held").status).toBe("pending");
  });

  it("by default it is a thousand jobs, and 16 MB of params", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    const client = newClient(runner);
    const asked = Array.from({ length: 1002 }, () => client.createJob("held").catch((error) => error));
    expect((await Promise.all(asked)).filter((answer) => answer instanceof QueueFullError)).toHaveLength(2);
    const large = newClient(runner);
    const label = "x".repeat(990_000);
    const taken = await Promise.all(
      Array.from({ length: 18 }, () => large.createJob("held", { label }).catch(() => 0)),
    );
    expect(taken.filter((answer) => answer === 0)).toHaveLength(2);
    for (const maxPendingPerPort of [0, -1, 1.5, Number.NaN]) {
      expect(() => newRunner({ maxPendingPerPort })).toThrow(RangeError);
    }
  });

  it("a job that waits for its next attempt is pending again", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], maxPendingPerPort: 1 });
    const client = newClient(runner);
    const retry = { limit: 1, delay: 3_600_000, jitter: "none" } as const;
    const { id } = await client.createJob("held", {}, { retry });
    const waits = nextEvent(runner, ({ type }) => type === "job_retrying");
    held[0]?.work.reject(new Error("once"));
    await waits;
    await expect(client.createJob("held")).rejects.toBeInstanceOf(QueueFullError);
    await client.cancelJob(id);
    expect((await client.createJob("held")).status).toBe("running");
  });

  it("the params of a job that is asked for again count as those of a new one", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const client = newClient(runner);
    const { id } = runner.createJob("held", { label: "x".repeat(990_000) });
    held[0]?.work.resolve(1);
    await ended(runner, id);
    await runner.stop();
    const taken = await Promise.all(Array.from({ length: 18 }, () => client.retryJob(id).catch(() => 0)));
    expect(taken.filter((answer) => answer === 0)).toHaveLength(2);
  });

  it("what is told again to who says it has missed it makes no room", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], autoStart: false, maxPendingPerPort: 1 });
    const port = rawPort(runner);
    for (const message of [
      { type: "create_job", job_type: "held", id: "a" },
      { type: "cancel_job", job_id: "a" },
      { type: "clear_completed" },
      { type: "create_job", job_type: "held", id: "a" },
      { type: "resume", seq: 0 },
      { type: "create_job", job_type: "held", id: "b" },
    ]) {
      port.send(message);
    }
    await port.settled();
    expect(runner.getPendingJobs()).toEqual(["a"]);
    expect(port.received.find(({ type }) => type === "error")).toMatchObject({ name: "QueueFullError", job_id: "b" });
  });

  it("what one client asks for at once is sent by and by: another is soon answered", async () => {
    const runner = newRunner({ types: [quick], retain: 10 });
    const [greedy, other] = [newClient(runner), newClient(runner)];
    let answered = 0;
    const asked = Array.from({ length: 4000 }, () =>
      greedy
        .createJob("quick")
        .catch(() => {})
        .then(() => {
          answered += 1;
        }),
    );
    await other.createJob("quick");
    expect(answered).toBeLessThan(2500);
    await Promise.all(asked);
  });
});

describe("who asks for many jobs in one go", () => {
  it("knows each of them by the time that it is answered", async () => {
    const { type } = heldType();
    const client = newClient(newRunner({ types: [type] }));
    await until(client, ({ connected }) => connected);
    await client.clearCompleted();
    const unknown: string[] = [];
    const ask = async () => {
      const { id } = await client.createJob("held");
      try {
        await client.watch(id).cancel();
      } catch {
        unknown.push(id);
      }
    };
    await Promise.all(Array.from({ length: 900 }, ask));
    expect(unknown).toEqual([]);
    expect(client.getAllJobs()).toHaveLength(900);
  });
});

describe("what is too large for the wire", () => {
  it("a result goes as null, and a job_log says so; the runner keeps it", async () => {
    const runner = newRunner({ types: [ofSize(300_000)] });
    const port = rawPort(runner);
    const { id } = runner.createJob("large");
    expect((await port.next("job_log")).message).toContain("262144");
    await port.settled();
    expect(port.received.find(({ type }) => type === "job_completed")).toMatchObject({ job_id: id, result: null });
    port.send({ type: "get_state" });
    expect((await port.next("queue_state")).jobs[0]).toMatchObject({ id, result: null });
    expect(runner.getJob(id)?.result).toHaveLength(300_000);
  });

  it("params go as null, texts are cut", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const port = rawPort(runner);
    const { id } = runner.createJob("held", { label: "x".repeat(300_000) });
    expect((await port.next("job_created")).job).toMatchObject({ id, params: null });
    const long = "y".repeat(20_000);
    held[0]?.context.progress(1, long);
    expect((await port.next("job_progress")).message.length).toBeLessThan(10_100);
    held[0]?.context.log(long);
    expect((await port.next("job_log")).message.length).toBeLessThan(10_100);
    held[0]?.work.reject(new Error(long));
    expect((await port.next("job_failed")).error?.message.length).toBeLessThan(10_100);
    expect(runner.getJob(id)).toMatchObject({ params: { label: "x".repeat(300_000) }, error: { message: long } });
  });

  it("what an attempt failed with that is followed by another, and why a job was cancelled, is cut", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const port = rawPort(runner);
    const long = "y".repeat(20_000);
    const { id } = runner.createJob("held", {}, { retry: { limit: 1, delay: 3_600_000 } });
    held[0]?.work.reject(new Error(long));
    expect((await port.next("job_retrying")).error?.message.length).toBeLessThan(10_100);
    runner.cancelJob(id, long);
    expect((await port.next("job_cancelled")).reason?.length).toBeLessThan(10_100);
  });

  it("a state leaves the oldest finished jobs out, and says how many", async () => {
    const runner = newRunner({ types: [ofSize(200_000)] });
    const all = Array.from({ length: 40 }, () => runner.createJob("large").id);
    await runner.manager.onIdle();
    const { jobs, truncated } = await rawPort(runner).next("queue_state");
    expect(jobs.length + (truncated ?? 0)).toBe(40);
    expect(JSON.stringify(jobs).length).toBeLessThan(4_100_000);
    expect(jobs.map(({ id }) => id)).toEqual(all.reverse().slice(0, jobs.length));
    expect(jobs.length).toBeGreaterThan(10);
  });

  it("a large state is told less often: a twentieth of the time goes into it", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    const [one, other] = [runner.createJob("held").id, runner.createJob("held").id];
    let states = 0;
    const port: QueuePort = {
      postMessage(message) {
        if ((message as ServerMessage).type !== "queue_state") return;
        states += 1;
        const end = performance.now() + 10;
        while (performance.now() < end);
      },
      addEventListener() {},
      removeEventListener() {},
    };
    const began = performance.now();
    onTestFinished(runner.serve(port));
    for (let step = 0; states < 4; step += 1) {
      runner.setPriority(step % 2 === 0 ? one : other, step);
      await turn();
    }
    // The greeting, one at once, and two more.
    expect(performance.now() - began).toBeGreaterThan(2 * 10 * 19);
  });
});

describe("ports and listeners that throw", () => {
  const port = (broken: Partial<QueuePort>): QueuePort => ({
    postMessage() {},
    addEventListener() {},
    removeEventListener() {},
    ...broken,
  });
  const fail = () => {
    throw new Error("a broken port");
  };

  it("disturb nobody else", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const client = newClient(runner);
    for (const broken of [{ postMessage: fail }, { removeEventListener: fail }]) runner.serve(port(broken))?.();
    for (const broken of [{ addEventListener: fail }, { start: fail }]) {
      expect(() => runner.serve(port(broken))).toThrow("a broken port");
    }
    const dying = port({ postMessage: fail });
    Object.defineProperty(dying, "readyState", { get: fail });
    runner.serve(dying);
    const { id } = await client.createJob("held");
    held[0]?.work.resolve("done");
    await until(client, ({ jobs }) => jobs[0]?.status === "completed");
    expect(client.getSnapshot().jobs[0]).toMatchObject({ id, result: "done" });
  });

  it("what a client hears that throws when it is looked at counts for nothing", async () => {
    const socket = new FakeSocket();
    const listeners: ((event: { data: unknown }) => void)[] = [];
    const client = new QueueClient({
      ...socket.otherEnd,
      send() {},
      addEventListener: (type, listener) => type === "message" && listeners.push(listener),
    });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = {
      get type(): never {
        throw new Error("looked at");
      },
    };
    for (const data of [proxy, hostile, { type: "queue_state", stats: {}, jobs: [proxy] }, { type: proxy }]) {
      for (const listener of listeners) expect(() => listener({ data })).not.toThrow();
    }
    expect(client.getSnapshot()).toMatchObject({ jobs: [], connected: false });
    client.close();
  });
});

describe("an object that several jobs return, changed in between", () => {
  const counter = { count: 0 };
  const counting = {
    name: "counting",
    description: "",
    params: [],
    execute: () => {
      counter.count += 1;
      return counter;
    },
  };

  it("is told of each as it was when that ended", async () => {
    counter.count = 0;
    const runner = newRunner({ types: [counting] });
    const client = newClient(runner);
    await until(client, ({ connected }) => connected);
    for (const id of ["first", "second"]) {
      runner.createJob("counting", {}, { id });
      await ended(runner, id);
      await until(client, () => client.getJob(id)?.status === "completed");
    }
    expect([client.getJob("first")?.result, client.getJob("second")?.result]).toEqual([{ count: 1 }, { count: 2 }]);
  });

  it("is told of each as it was then to who reads its event stream", async () => {
    counter.count = 0;
    const runner = newRunner({ types: [counting] });
    for (const count of [1, 2]) {
      const text = await new Response(runner.eventStream(runner.createJob("counting").id)).text();
      expect(text).toContain(`"result":{"count":${count}}`);
    }
  });
});

describe("what an error says", () => {
  const long = "c".repeat(20_000);
  const failing = {
    name: "failing",
    description: "",
    params: [],
    execute: () => {
      throw Object.assign(new Error("fails"), { code: long });
    },
  };

  it("of its code, too, is cut, in events and in states", async () => {
    const runner = newRunner({ types: [failing] });
    const port = rawPort(runner);
    const { id } = runner.createJob("failing");
    expect((await port.next("job_failed")).error?.code?.length).toBeLessThan(10_100);
    port.send({ type: "get_state" });
    expect((await port.next("queue_state")).jobs[0]).toMatchObject({ id, error: { code: `${"c".repeat(10_000)}…` } });
    expect(runner.getJob(id)?.error?.code).toBe(long);
  });

  it("counts in a state's size, its code too", async () => {
    const runner = newRunner({ types: [failing] });
    for (let count = 0; count < 600; count += 1) runner.createJob("failing");
    await runner.manager.onIdle();
    const { jobs, truncated } = await rawPort(runner).next("queue_state");
    expect(jobs.length + (truncated ?? 0)).toBe(600);
    expect(JSON.stringify(jobs).length).toBeLessThan(4_100_000);
  });
});
