import { QueueClient } from "jobgate/runner";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "./support/ports.js";
import { pendingRecord } from "./support/records.js";
import { heldType, newRunner } from "./support/runner.js";

/** Ends of one channel, which are closed when the test is over. */
function channels(count: number): BroadcastChannel[] {
  const name = crypto.randomUUID();
  const ends = Array.from({ length: count }, () => new BroadcastChannel(name));
  onTestFinished(() => {
    for (const end of ends) end.close();
  });
  return ends;
}

/** Resolves once the channel has heard such a message. */
function heard(channel: BroadcastChannel, type: string): Promise<unknown> {
  return new Promise((resolve) => {
    channel.addEventListener("message", ({ data }) => {
      if (data.type === type) resolve(data);
    });
  });
}

describe("a runner that begins to serve after its client has begun to ask", () => {
  it("over a BroadcastChannel answers what was asked before, and knows who is there", async () => {
    const [asking, serving, looking] = channels(3);
    const client = new QueueClient(asking!);
    onTestFinished(() => client.close());
    const asked: string[] = [];
    looking!.addEventListener("message", ({ data: { type } }) => {
      if (type === "create_job" || type === "cancel_job") asked.push(type);
    });
    const created = client.createJob("held", { label: "early" });
    const cancelled = client.cancelJob("nobody");
    // What was said so far has been heard, by nobody who answers.
    asking!.postMessage({ type: "mark" });
    await heard(looking!, "mark");
    const { type } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    runner.serve(serving!);
    const { id } = await created;
    expect(await cancelled).toBe(false);
    expect(asked).toEqual(["create_job", "cancel_job"]);
    expect(runner.getAllJobs()).toMatchObject([{ id, params: { label: "early" } }]);
    // It was told that ranks are known: the order is told by them, not by the whole state.
    const moved = heard(looking!, "job_moved");
    await client.setPriority(id, 5);
    expect(await moved).toHaveProperty("rank");
  });

  it("in a Worker answers what was asked before", async () => {
    const worker = new Worker(new URL("./support/late-server.ts", import.meta.url), { type: "module" });
    const client = new QueueClient(worker);
    onTestFinished(() => {
      client.close();
      worker.terminate();
    });
    const created = client.createJob("countdown");
    worker.postMessage("serve");
    expect((await created).type).toBe("countdown");
  });
});

describe("a runner that takes the place of one that went without a word", () => {
  it("is asked again for what that one has not answered, and who is there is said again", async () => {
    const [asking, first, second, looking] = channels(4);
    const client = new QueueClient(asking!);
    onTestFinished(() => client.close());
    const { type } = heldType();
    newRunner({ types: [type] }).serve(first!);
    await until(client, ({ connected }) => connected);
    await client.createJob("held");
    // As when its page is loaded anew.
    first!.close();
    const lost = heard(looking!, "create_job");
    const created = client.createJob("held", { label: "again" });
    await lost;
    const runner = newRunner({ types: [type], autoStart: false });
    runner.serve(second!);
    const { id } = await created;
    expect(runner.getAllJobs().map((job) => job.id)).toEqual([id]);
    const moved = heard(looking!, "job_moved");
    await client.setPriority(id, 5);
    expect(await moved).toHaveProperty("rank");
    await until(client, ({ jobs }) => jobs.length === 1 && jobs[0]!.priority === 5);
  });
});

describe("a client that comes to a channel on which others are told what happens", () => {
  it("is connected, and knows jobs, once it has been told the state", async () => {
    const { port1, port2 } = new MessageChannel();
    const client = new QueueClient(port1);
    onTestFinished(() => client.close());
    const [early, late] = [pendingRecord("early"), pendingRecord("late")];
    const stats = { pending: 2, running: 0, completed: 0, failed: 0, cancelled: 0, total: 2 };
    const seen: unknown[] = [];
    client.subscribe(() => {
      const { connected, jobs } = client.getSnapshot();
      seen.push([connected, jobs.length]);
    });
    port2.postMessage({ type: "job_created", job: late, seq: 2 });
    port2.postMessage({ type: "queue_state", protocol: 2, jobs: [early, late], stats, seq: 2 });
    await until(client, ({ jobs }) => jobs.length === 2);
    expect(seen).toEqual([[true, 2]]);
  });
});
