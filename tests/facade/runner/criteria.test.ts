// What the job runner has to do, phase by phase, one test each, named as it is asked for; what is asked for elsewhere
// under its own name (unique ids, lifecycle, sync of clients, …) stands in the other files here.

import { InvalidParamsError, ManagerClosedError, UnknownJobTypeError } from "jobgate";
import { builtinJobTypes, type JobRunner, type ServerMessage } from "jobgate/runner";
import { describe, expect, it } from "vitest";
import { newClient, until } from "./support/ports.js";
import { ended, heldType, newRunner } from "./support/runner.js";
import { FakeSocket } from "./support/socket.js";

const site = (path: string) => new URL(`/fetch-site/${path}`, location.href).href;

/** Params with which a built-in type has soon ended. */
const short: Readonly<Record<string, Record<string, unknown>>> = {
  countdown: { seconds: 1 },
  prime: { limit: 100 },
  fibonacci: { count: 10 },
  url_fetch: { urls: [site("text?size=1")] },
  echo: { message: "hi", delay: 1 },
};

/** Events of the stream of one job, one at a time. */
function listen(runner: JobRunner, id: string) {
  const reader = runner.eventStream(id).getReader();
  return {
    leave: () => reader.cancel(),
    /** The next event's name; nothing once the stream has ended. */
    async next(): Promise<string | undefined> {
      const { value } = await reader.read();
      return value && /^event: (.*)$/m.exec(new TextDecoder().decode(value))?.[1];
    },
  };
}

describe("job types", () => {
  it.each(builtinJobTypes)("each job type can execute and report progress: %s", async (type) => {
    const runner = newRunner();
    const told: number[] = [];
    runner.onEvent((event) => {
      if (event.type === "job_progress") told.push(event.percent);
    });
    expect(await ended(runner, runner.createJob(type, short[type]).id)).toMatchObject({ status: "completed" });
    expect(told.at(-1)).toBe(100);
    expect(told).toEqual(told.toSorted((one, other) => one - other));
  });
});

describe("the worker", () => {
  it("worker starts and polls for jobs", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const [first, second] = [runner.createJob("held"), runner.createJob("held")];
    expect(runner.getRunningJobs()).toEqual([first.id]);
    held[0]?.work.resolve(1);
    await ended(runner, first.id);
    expect(runner.getRunningJobs()).toEqual([second.id]);
  });

  it("jobs execute with progress updates", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    const seen: unknown[] = [];
    runner.subscribe(() => seen.push(runner.getJob(id)?.progress));
    held[0]?.context.progress(30, "7 seconds remaining…");
    held[0]?.context.progress(60);
    expect(seen).toEqual([
      { percent: 30, message: "7 seconds remaining…" },
      { percent: 60, message: "" },
    ]);
  });

  it("cancellation stops job execution", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    runner.cancelJob(id);
    expect(held[0]?.context.signal.aborted).toBe(true);
    await expect(held[0]?.context.checkpoint()).rejects.toBe(held[0]?.context.signal.reason);
    expect((await ended(runner, id)).status).toBe("cancelled");
    expect(runner.getWorkerStats()).toMatchObject({ active: 0, processed: 1 });
  });

  it("failed jobs are marked appropriately", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    held[0]?.work.reject(Object.assign(new RangeError("too far"), { code: "E_FAR" }));
    const record = await ended(runner, id);
    expect(record).toMatchObject({
      status: "failed",
      error: { name: "RangeError", message: "too far", code: "E_FAR" },
    });
    expect(record).not.toHaveProperty("result");
    expect(runner.getQueueStats()).toMatchObject({ failed: 1, completed: 0, cancelled: 0 });
  });
});

describe("streams of one job", () => {
  it("SSE stream starts with current job state", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    const { id } = runner.createJob("held");
    expect(await listen(runner, id).next()).toBe("status");
    runner.start();
    held[0]?.context.progress(10);
    const late = listen(runner, id);
    expect([await late.next(), await late.next()]).toEqual(["status", "progress"]);
  });

  it("progress updates pushed in real-time", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const stream = listen(runner, runner.createJob("held").id);
    expect(await stream.next()).toBe("status");
    for (let percent = 1; percent <= 3; percent += 1) {
      const next = stream.next();
      held[0]?.context.progress(percent);
      expect(await next).toBe("progress");
    }
  });

  it("stream closes on job completion", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const stream = listen(runner, runner.createJob("held").id);
    await stream.next();
    held[0]?.work.resolve(1);
    expect([await stream.next(), await stream.next()]).toEqual(["complete", undefined]);
  });

  it("client disconnect doesn't affect other clients", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    const [leaver, other] = [listen(runner, id), listen(runner, id)];
    await Promise.all([leaver.next(), other.next()]);
    await leaver.leave();
    held[0]?.work.resolve(1);
    expect([await other.next(), await other.next()]).toEqual(["complete", undefined]);
  });
});

describe("the queue over a socket", () => {
  const of = (type: ServerMessage["type"]) => (message: ServerMessage) => message.type === type;

  it("job creation via WebSocket works", async () => {
    const runner = newRunner();
    const socket = new FakeSocket();
    runner.serve(socket);
    socket.hear({ type: "create_job", job_type: "countdown", params: { seconds: 10 } });
    await socket.until(of("job_created"));
    expect(runner.getAllJobs()).toMatchObject([{ type: "countdown", params: { seconds: 10 }, status: "running" }]);
  });

  it("job creation validates type and params", async () => {
    const runner = newRunner();
    const socket = new FakeSocket();
    runner.serve(socket);
    for (const [job_type, params] of [
      ["nonsense", {}],
      ["countdown", { seconds: 61 }],
    ]) {
      socket.sent.length = 0;
      socket.hear({ type: "create_job", job_type, params });
      await socket.until(of("error"));
      expect(socket.sent.find(of("error"))).toMatchObject({ code: 400 });
    }
    expect(runner.getAllJobs()).toEqual([]);
  });

  it("job cancellation works for pending and running jobs, also via WebSocket", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const [running, pending] = [runner.createJob("held").id, runner.createJob("held").id];
    const socket = new FakeSocket();
    runner.serve(socket);
    for (const id of [pending, running]) socket.hear({ type: "cancel_job", job_id: id });
    await Promise.all([pending, running].map((id) => ended(runner, id)));
    expect(runner.getAllJobs().map(({ id, status }) => [id, status])).toEqual([
      [running, "cancelled"],
      [pending, "cancelled"],
    ]);
  });

  it("404 for non-existent jobs", async () => {
    const runner = newRunner();
    const socket = new FakeSocket();
    runner.serve(socket);
    socket.hear({ type: "cancel_job", job_id: "nobody" });
    await socket.until(of("error"));
    expect(socket.sent.find(of("error"))).toMatchObject({ code: 404, job_id: "nobody" });
  });
});

describe("the life of a runner", () => {
  it("server starts and initializes worker: three at once, and what they can do", () => {
    const runner = newRunner();
    expect(runner.getWorkerStats()).toEqual({ active: 0, capacity: 3, processed: 0 });
    expect(runner.getJobTypes().map(({ name }) => name)).toEqual(builtinJobTypes);
  });

  it("lifespan events fire properly", async () => {
    const { type } = heldType();
    const told: string[] = [];
    {
      await using runner = newRunner({ types: [type] });
      const client = newClient(runner);
      await until(client, () => client.getSnapshot().connected);
      runner.onEvent((event) => event.type !== "stats_update" && told.push(event.type));
      client.subscribe(() => !client.getSnapshot().connected && told.push("disconnected"));
      runner.createJob("held");
      void until(client, () => !client.getSnapshot().connected).then(() => told.push("over"));
    }
    const life = ["job_created", "job_started", "job_stopping", "job_cancelled"];
    expect(told).toEqual(life);
    await expect.poll(() => told).toEqual([...life, "disconnected", "over"]);
  });

  it("graceful shutdown stops worker", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const [first, second] = [runner.createJob("held"), runner.createJob("held")];
    // What runs may end, and nothing else starts.
    const stopped = runner.stop();
    held[0]?.work.resolve("done");
    await stopped;
    expect(held).toHaveLength(1);
    expect([runner.getJob(first.id)?.status, runner.getJob(second.id)?.status]).toEqual(["completed", "pending"]);
    await runner.close();
    expect(runner.getWorkerStats()).toEqual({ active: 0, capacity: 1, processed: 1 });
    expect(runner.getJob(second.id)?.status).toBe("cancelled");
    expect(() => runner.createJob("held")).toThrow(ManagerClosedError);
  });
});

describe("scenarios", () => {
  it("submit countdown job, watch progress, see completion", async () => {
    const runner = newRunner();
    const client = newClient(runner);
    const { id } = await client.createJob("countdown", { seconds: 1 });
    const job = () => client.getSnapshot().jobs.find((job) => job.id === id);
    const messages = new Set<string | undefined>();
    client.subscribe(() => messages.add(job()?.progress.message));
    await until(client, () => job()?.status === "completed");
    expect([...messages]).toEqual(expect.arrayContaining(["1 second remaining…", "0 seconds remaining…"]));
    expect(job()?.result).toEqual({ message: "Countdown complete!" });
  });

  it("submit multiple jobs, verify concurrent execution", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const all = Array.from({ length: 4 }, () => runner.createJob("held").id);
    expect(runner.getRunningJobs()).toEqual(all.slice(0, 3));
    held[1]?.work.resolve(1);
    await ended(runner, all[1] ?? "");
    expect(runner.getRunningJobs()).toEqual([all[0], all[2], all[3]]);
  });

  it("cancel running job, verify it stops", async () => {
    const runner = newRunner();
    const client = newClient(runner);
    const { id } = await client.createJob("countdown", { seconds: 60 });
    client.cancelJob(id);
    await until(client, () => client.getSnapshot().jobs[0]?.status === "cancelled");
    expect(runner.getRunningJobs()).toEqual([]);
  });

  it("cancel pending job, verify it's removed from queue", async () => {
    const runner = newRunner({ autoStart: false });
    const client = newClient(runner);
    const { id } = await client.createJob("countdown");
    client.cancelJob(id);
    await until(client, () => client.getSnapshot().jobs[0]?.status === "cancelled");
    expect(runner.getPendingJobs()).toEqual([]);
    runner.start();
    expect(runner.getJob(id)).not.toHaveProperty("started_at");
  });

  it("submit invalid job, verify error handling", async () => {
    const runner = newRunner();
    const client = newClient(runner);
    const refused = (await client.createJob("echo", { delay: 31 }).catch((error) => error)) as InvalidParamsError;
    expect(refused).toBeInstanceOf(InvalidParamsError);
    expect(refused.errors.map(({ param }) => param)).toEqual(["message", "delay"]);
    expect(() => runner.createJob("nonsense")).toThrow(UnknownJobTypeError);
    expect(runner.getAllJobs()).toEqual([]);
  });

  it("disconnect/reconnect WebSocket, verify state recovery", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const before = newClient(runner);
    const { id } = await before.createJob("held");
    before.close();
    held[0]?.context.progress(50, "missed");
    held[0]?.work.resolve("done");
    await ended(runner, id);
    const after = newClient(runner);
    await until(after, () => after.getSnapshot().connected);
    expect(after.getSnapshot().jobs).toEqual(runner.getAllJobs());
    expect(after.getSnapshot().jobs[0]).toMatchObject({ id, status: "completed", result: "done" });
    expect(before.getSnapshot().jobs[0]?.status).not.toBe("completed");
  });
});
