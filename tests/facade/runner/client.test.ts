import { InvalidParamsError } from "jobgate";
import { QueueClient } from "jobgate/runner";
import { describe, expect, it, onTestFinished } from "vitest";
import { newClient, rawPort, until } from "./support/ports.js";
import { deafType, heldType, newRunner } from "./support/runner.js";

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

  it("what changes nothing at the runner leaves the snapshot as it is, and tells nobody", async () => {
    const { type, context, end } = deafType();
    const client = newClient(newRunner({ types: [type] }));
    const { id } = await client.createJob("deaf", {}, { priority: 1 });
    await client.cancelJob(id);
    await until(client, ({ jobs }) => jobs[0]?.stopping === true);
    const before = client.getSnapshot();
    let told = 0;
    client.subscribe(() => told++);
    context().log("a line");
    expect(await client.cancelJob(id)).toBe(true);
    expect(await client.setPriority(id, 1)).toBe(true);
    expect(await client.clearCompleted()).toBe(0);
    expect(client.getSnapshot()).toBe(before);
    expect(told).toBe(0);
    client.close();
    const closed = client.getSnapshot();
    client.close();
    expect(client.getSnapshot()).toBe(closed);
    expect(told).toBe(1);
    end();
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
    await expect(client.createJob("nonsense")).rejects.toMatchObject({ code: "E_UNKNOWN_TYPE" });
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
    await expect(client.cancelJob(id)).rejects.toThrow("closed");
  });

  it("takes a refusal for one, whatever its list of faults is", async () => {
    for (const errors of [{}, "x", [null], [{ param: 3, message: "" }]]) {
      const { port1, port2 } = new MessageChannel();
      onTestFinished(() => port2.close());
      const client = new QueueClient(port1);
      port2.onmessage = ({ data }) => {
        if (data.type === "create_job") {
          port2.postMessage({ type: "error", error: "no", code: 400, errors, job_id: data.id });
        }
      };
      await expect(client.createJob("x")).rejects.toMatchObject({ code: "E_REFUSED", message: "no" });
    }
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
      { type: "queue_state", jobs: [record], stats, ranks: null },
      { type: "job_created", job: { id: 3 } },
      { type: "job_removed", job_id: {} },
      { type: "job_progress", job_id: "1", percent: "3" },
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

  it("a port is served no more when the worker at its other end is gone, which no port says", async () => {
    const runner = newRunner();
    const { port1, port2 } = new MessageChannel();
    const looker = new Worker(new URL("./support/looker.ts", import.meta.url), { type: "module" });
    onTestFinished(() => looker.terminate());
    const left = new Promise<void>((resolve) => {
      const { removeEventListener } = port1;
      port1.removeEventListener = (...listener: Parameters<typeof removeEventListener>) => {
        removeEventListener.apply(port1, listener);
        resolve();
      };
    });
    const waitedFor = async () => (await navigator.locks.query()).pending?.map(({ name }) => name) ?? [];
    const before = await waitedFor();
    runner.serve(port1);
    looker.postMessage(null, [port2]);
    const isNew = (name: string | undefined) => name !== undefined && !before.includes(name);
    // Each end waits for the other's.
    await expect.poll(async () => (await waitedFor()).filter(isNew).length).toBe(2);
    looker.terminate();
    await left;
  });

  it("whoever says again and again that it is present is waited for once", async () => {
    const name = crypto.randomUUID();
    let release = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    await new Promise<void>((held) => {
      void navigator.locks.request(name, () => {
        held();
        return until;
      });
    });
    onTestFinished(() => release());
    const port = rawPort(newRunner());
    for (let count = 0; count < 20; count += 1) port.send({ type: "present", lock: name });
    await port.settled();
    const waiting = async () => (await navigator.locks.query()).pending?.filter((lock) => lock.name === name).length;
    await expect.poll(waiting).toBeGreaterThan(0);
    // Whoever looked for the lock before has been told by now.
    await waiting();
    expect(await waiting()).toBe(1);
  });

  it("knows why a job was cancelled, as the runner does, also if it comes later or looks on from the start", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const early = newClient(runner);
    await early.createJob("held");
    const { id } = await early.createJob("held");
    await early.cancelJob(id, { message: "n".repeat(20_000) });
    await until(early, () => early.getJob(id)?.status === "cancelled");
    const late = newClient(runner);
    await until(late, ({ connected }) => connected);
    expect(late.getJob(id)?.reason).toBe(`${"n".repeat(10_000)}…`);
    expect(late.getSnapshot().jobs).toEqual(early.getSnapshot().jobs);
    const watched = late.watch(id).getReader();
    expect((await watched.read()).value?.event).toBe("status");
    expect((await watched.read()).value).toEqual({
      event: "cancelled",
      data: { status: "cancelled", reason: late.getJob(id)?.reason },
    });
  });

  describe("whose worker goes", () => {
    const { url } = import.meta;
    const spawn = () => new Worker(new URL("./support/server.ts", url), { type: "module" });
    /** This page waits for a lock that another realm holds. */
    const lockIsWaitedFor = () =>
      navigator.locks.request(crypto.randomUUID(), async (mine) => {
        const { held = [], pending = [] } = await navigator.locks.query();
        const holder = (name = "") => held.find((lock) => lock.name === name)?.clientId;
        const here = holder(mine?.name);
        return pending.some(({ name, clientId }) => clientId === here && holder(name) !== here);
      });

    it.each(["a Worker", "a MessagePort"])("learns it, and lets nobody wait (%s)", async (kind) => {
      const worker = spawn();
      onTestFinished(() => worker.terminate());
      const { port1, port2 } = new MessageChannel();
      if (kind === "a MessagePort") worker.postMessage("serve this", [port1]);
      const client = new QueueClient(kind === "a Worker" ? worker : port2);
      onTestFinished(() => client.close());
      const { id } = await client.createJob("long");
      await until(client, ({ jobs }) => jobs[0]?.status === "running");
      const watched = client.watch(id).getReader();
      await watched.read();
      await expect.poll(lockIsWaitedFor).toBe(true);
      worker.terminate();
      const asked = client.cancelJob(id);
      await expect(asked).rejects.toMatchObject({ code: "E_CLOSED", message: expect.stringContaining("gone") });
      expect(client.getSnapshot()).toMatchObject({ connected: false, jobs: [{ id }] });
      const rest = async () => {
        while (!(await watched.read()).done);
      };
      await expect(rest()).rejects.toMatchObject({ code: "E_CLOSED" });
      await expect(client.createJob("echo")).rejects.toMatchObject({ code: "E_CLOSED" });
    });

    it("learns it also where another page waits for the same, and is frozen when it is told", async () => {
      const worker = spawn();
      onTestFinished(() => worker.terminate());
      const client = new QueueClient(worker);
      onTestFinished(() => client.close());
      const lock = await new Promise<string>((resolve) => {
        worker.addEventListener("message", ({ data }) => data.type === "present" && resolve(data.lock));
      });
      // As a page asks that does not come to give it back.
      const frozen = new AbortController();
      onTestFinished(() => frozen.abort());
      const never = new Promise<void>((resolve) => frozen.signal.addEventListener("abort", () => resolve()));
      void navigator.locks.request(lock, { mode: "shared" }, () => never);
      await expect.poll(lockIsWaitedFor).toBe(true);
      worker.terminate();
      await until(client, ({ connected }) => !connected);
      await expect(client.createJob("echo")).rejects.toMatchObject({ code: "E_CLOSED" });
    });

    it("learns that its script can't be loaded", async () => {
      const worker = new Worker(new URL("/there/is/none.js", url), { type: "module" });
      const client = new QueueClient(worker);
      await expect(client.createJob("echo")).rejects.toMatchObject({ code: "E_CLOSED" });
      expect(client.getSnapshot().connected).toBe(false);
    });

    it("stays when the worker throws and lives on", async () => {
      const worker = spawn();
      onTestFinished(() => worker.terminate());
      const client = new QueueClient(worker);
      onTestFinished(() => client.close());
      await client.createJob("long", {}, { id: "long" });
      const thrown = new Promise((resolve) =>
        worker.addEventListener("error", (event) => {
          event.preventDefault();
          resolve(event.message);
        }),
      );
      worker.postMessage("throw");
      expect(await thrown).toContain("thrown on purpose");
      expect(await client.setPriority("long", 5)).toBe(true);
      expect(client.getSnapshot().connected).toBe(true);
    });
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
});

it.each([
  ["JobgateError", 404, "E_UNKNOWN_JOB"],
  ["JobgateError", 403, "E_FORBIDDEN"],
  ["JobgateError", 400, "E_REFUSED"],
  ["NoSuchError", 404, "E_REFUSED"],
  [undefined, 404, "E_REFUSED"],
])("a refusal named %s with code %i is %s", async (name, code, expected) => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const client = new QueueClient(port2);
  onTestFinished(() => client.close());
  port1.onmessage = ({ data: { request } }) => {
    if (request !== undefined) port1.postMessage({ type: "error", error: "no", code, name, request });
  };
  await expect(client.createJob("work")).rejects.toMatchObject({ code: expected, message: "no" });
});
