import { type JobQueue, JobRunner, remote } from "jobgate/runner";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { turn } from "../support/turns.js";
import { until } from "./support/ports.js";
import { ended, heldType, newRunner } from "./support/runner.js";
import { connect, openServer } from "./support/sockets.js";

const label = { name: "label", type: "string", default: "" } as const;
const typeOf = (name: string) => ({ name, description: "On the server", params: [label] });

/** A runner here whose types run on a server. */
async function here() {
  const server = await openServer();
  const { client, port } = connect(server.url);
  const runner = newRunner({
    types: [remote(typeOf("held"), client), remote(typeOf("deaf"), client)],
    builtins: false,
  });
  const there = async () => (await server.jobs())[0];
  /** Resolves once the server's body runs. */
  const running = () => until(client, ({ jobs }) => jobs.some(({ status }) => status === "running"));
  return { server, client, port, runner, there, running };
}

describe("a type that runs in another queue", () => {
  it("is given the params there, and its result is the result here", async () => {
    const { runner, server, there, running } = await here();
    const { id } = runner.createJob("held", { label: "mine" });
    await running();
    expect(await there()).toMatchObject({ type: "held", params: { label: "mine" }, status: "running" });
    await server.ask("resolve", { value: { answer: 42 } });
    expect(await ended(runner, id)).toMatchObject({ status: "completed", result: { answer: 42 } });
  });

  it("refuses wrong params here, and nothing is asked there", async () => {
    const { runner, server } = await here();
    expect(() => runner.createJob("held", { label: 5 })).toThrow("label");
    expect(await server.jobs()).toEqual([]);
  });

  it("shows the progress that is made there", async () => {
    const { runner, server, running } = await here();
    const { id } = runner.createJob("held");
    await running();
    await server.ask("progress", { percent: 30, message: "a third" });
    await expect.poll(() => runner.getJob(id)?.progress).toEqual({ percent: 30, message: "a third" });
  });

  it("fails with the error there: name, message and code", async () => {
    const { runner, server, running } = await here();
    const { id } = runner.createJob("held");
    await running();
    await server.ask("reject", { message: "no more space", error: { name: "DiskError", code: "E_FULL" } });
    expect(await ended(runner, id)).toMatchObject({
      status: "failed",
      error: { name: "DiskError", message: "no more space", code: "E_FULL" },
    });
  });

  it("is tried again here as a job of its own there", async () => {
    const { runner, server, client, running } = await here();
    const { id } = runner.createJob("held", {}, { retry: { limit: 1, delay: 0 } });
    await running();
    await server.ask("reject", { message: "once" });
    await until(client, ({ jobs }) => jobs.length === 2 && jobs[0]!.status === "running");
    await server.ask("resolve", { value: "twice" });
    expect(await ended(runner, id)).toMatchObject({ status: "completed", result: "twice", attempt: 2 });
  });
});

describe("cancelling", () => {
  it("here reaches the body there, with its reason, and this job ends when that one has", async () => {
    const { runner, server, client, running } = await here();
    const { id } = runner.createJob("deaf");
    await running();
    runner.cancelJob(id, "no longer wanted");
    await until(client, ({ jobs }) => jobs[0]!.stopping === true);
    expect(runner.getJob(id)).toMatchObject({ status: "running", stopping: true });
    await server.ask("resolve", { value: 1 });
    expect((await ended(runner, id)).status).toBe("cancelled");
    expect((await server.jobs())[0]!.status).toBe("cancelled");
  });

  it("there ends this one cancelled, with that reason, and without another try", async () => {
    const { runner, server, there, running } = await here();
    const { id } = runner.createJob("held", {}, { retry: 3 });
    const told = (async () => {
      for await (const event of runner.watch(id)) if (event.event === "cancelled") return event.data;
      return undefined;
    })();
    await running();
    await server.ask("cancel", { id: (await there())!.id, reason: "by the server" });
    expect((await ended(runner, id)).status).toBe("cancelled");
    expect(await told).toEqual({ status: "cancelled", reason: "by the server" });
    expect((await server.jobs()).length).toBe(1);
  });

  it("before the answer to its create has come cancels what was created", async () => {
    const { runner, server, client } = await here();
    await until(client, ({ connected }) => connected);
    await server.ask("mute", { isMute: true });
    const { id } = runner.createJob("held");
    await server.hears("create_job");
    runner.cancelJob(id);
    await server.ask("mute", { isMute: false });
    await server.ask("drop");
    expect((await ended(runner, id)).status).toBe("cancelled");
    expect((await server.jobs()).map(({ status }) => status)).toEqual(["cancelled"]);
  });

  it("while the server is away is done when it is back", async () => {
    const { runner, server, client, running } = await here();
    const { id } = runner.createJob("held");
    await running();
    const isAway = until(client, ({ connected }) => !connected);
    await server.ask("away");
    await isAway;
    runner.cancelJob(id);
    expect(runner.getJob(id)).toMatchObject({ status: "running", stopping: true });
    await server.ask("back");
    expect((await ended(runner, id)).status).toBe("cancelled");
    expect((await server.jobs())[0]!.status).toBe("cancelled");
  });

  it("by a timeout here cancels there, and fails here once that has ended", async () => {
    const { runner, server } = await here();
    const { id } = runner.createJob("held", {}, { timeout: 300 });
    const record = await ended(runner, id);
    expect(record).toMatchObject({ status: "failed", error: { name: "TimeoutError" } });
    for (const { status } of await server.jobs()) expect(status).toBe("cancelled");
  });
});

describe("a queue that is away or gone", () => {
  it("keeps what runs waiting, and its end is told when it is back", async () => {
    const { runner, server, running } = await here();
    const { id } = runner.createJob("held");
    await running();
    await server.ask("drop");
    await server.ask("resolve", { value: "meanwhile" });
    expect(await ended(runner, id)).toMatchObject({ status: "completed", result: "meanwhile" });
  });

  it("fails what runs once its client is closed", async () => {
    const { runner, client, running } = await here();
    const { id } = runner.createJob("held");
    await running();
    client.close();
    expect(await ended(runner, id)).toMatchObject({ status: "failed", error: { code: "E_CLOSED" } });
    const { id: later } = runner.createJob("held");
    expect(await ended(runner, later)).toMatchObject({ status: "failed", error: { code: "E_CLOSED" } });
  });

  it("that lets go of a job before its end was told fails it with E_UNKNOWN_JOB", async () => {
    const record = { id: "x", type: "held", params: {}, status: "running", attempt: 1, priority: 0, created_at: 1 };
    const queue = {
      createJob: async () => record,
      cancelJob: async () => false,
      watch: () => new ReadableStream({ start: (controller) => controller.close() }),
    };
    const runner = newRunner({ types: [remote(typeOf("held"), queue as never)] });
    const { id } = runner.createJob("held");
    expect(await ended(runner, id)).toMatchObject({ status: "failed", error: { code: "E_UNKNOWN_JOB" } });
  });
});

describe("a job whose making nobody has heard of", () => {
  it("is cancelled there as soon as the queue takes it, however often it was away", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const away = Object.assign(new Error("no answer"), { code: "E_DISCONNECTED" });
    let made: string | undefined;
    const asked: string[] = [];
    const queue: Partial<JobQueue> = {
      createJob: async (_type, _params, options) => {
        made = options?.id;
        throw away;
      },
      cancelJob: async (id) => {
        asked.push(id);
        if (asked.length < 3) throw away;
        return true;
      },
      watch: () => new ReadableStream(),
    };
    const runner = newRunner({ types: [remote(typeOf("held"), queue as JobQueue)], builtins: false });
    const { id } = runner.createJob("held");
    expect(await ended(runner, id)).toMatchObject({ status: "failed", error: { code: "E_DISCONNECTED" } });
    for (let step = 0; step < 10; step += 1) {
      await turn();
      vi.advanceTimersByTime(1000);
    }
    expect(asked).toEqual([made, made, made]);
  });
});

describe("a job that can't be watched", () => {
  const refused = Object.assign(new Error("not known here"), { code: "E_UNKNOWN_JOB" });
  const broken = () => new ReadableStream({ start: (controller) => controller.error(refused) });
  const refuse = () => {
    throw refused;
  };
  it.each([
    ["from the first", refuse],
    ["to its end", broken],
  ])("%s is cancelled there, with why, and fails here", async (_, watch) => {
    const { type, held } = heldType();
    const other = newRunner({ types: [type], builtins: false });
    const queue = { ...other.asQueue(), watch };
    const runner = newRunner({ types: [remote(type, queue)], builtins: false });
    const { id } = runner.createJob("held");
    expect(await ended(runner, id)).toMatchObject({ status: "failed", error: { code: "E_UNKNOWN_JOB" } });
    const [there] = other.getAllJobs();
    expect(await ended(other, there!.id)).toMatchObject({ status: "cancelled", reason: "not known here" });
    expect(held).toHaveLength(1);
  });
});

describe("any queue will do", () => {
  it("another runner of this page", async () => {
    const { type, held } = heldType("held");
    const other = newRunner({ types: [type] });
    const runner = newRunner({ types: [remote(type, other.asQueue())], builtins: false });
    const { id } = runner.createJob("held", { label: "next door" });
    await expect.poll(() => held.length).toBe(1);
    held[0]!.work.resolve("here");
    expect(await ended(runner, id)).toMatchObject({ status: "completed", result: "here" });
  });

  it("and what is none is refused", () => {
    const queue = {} as JobQueue;
    expect(() => remote(undefined as never, queue)).toThrow("type must be an object, got undefined");
    expect(() => remote(typeOf("held"), undefined as never)).toThrow("queue must be an object, got undefined");
    expect(() => remote(typeOf("held"), queue)).toThrow("queue.createJob must be a function, got undefined");
    const runner = new JobRunner();
    onTestFinished(() => runner.close());
    expect(() => new JobRunner({ types: [remote({ ...typeOf("x"), params: 5 as never }, runner.asQueue())] })).toThrow(
      "types[0].params",
    );
  });
});
