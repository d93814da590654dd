import { describe, expect, it } from "vitest";
import { agree, type Hands, openGateway, openHands, openPage, type Page, type Site } from "./support/gateways.ts";
import { oneRedis } from "./support/one-redis.ts";
import { hearWarnings } from "./support/warnings.ts";

const server = oneRedis();
const { open } = server;

async function gateway(options = {}): Promise<Site> {
  const site = await openGateway(server.redis.url, options);
  open.push(site);
  await site.gateway.ready;
  return site;
}
async function hands(): Promise<Hands> {
  const made = await openHands(server.redis.url);
  open.push(made);
  return made;
}
function page(user: string, ...sites: Site[]): Page {
  const made = openPage(user, sites);
  open.push(made);
  return made;
}
const connected = (one: Page) => one.until((snapshot) => snapshot.connected);
const statusOf = (one: Page, id: string, status: string) => one.until(() => one.client.getJob(id)?.status === status);

describe("pages at two gateways", () => {
  it("see the same jobs, times and order, whoever makes them", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const worker = await hands();
    const [here, there] = [page("alice", one), page("alice", other)];
    await Promise.all([connected(here), connected(there)]);
    const made = await here.client.createJob("held", { label: "first" }, { id: "first" });
    expect(made).toMatchObject({ id: "first", type: "held", params: { label: "first" } });
    await there.client.createJob("work", { label: "done" }, { id: "second", priority: "user-blocking" });
    await there.client.createJob("held", {}, { id: "later", delay: 60_000 });
    for (const one of [here, there]) {
      await statusOf(one, "first", "running");
      await statusOf(one, "second", "completed");
      await statusOf(one, "later", "pending");
    }
    await (await worker.taken("first")).progress(40);
    for (const one of [here, there]) await one.until(() => one.client.getJob("first")?.progress.percent === 40);
    await agree(there, here);
    expect(here.client.getAllJobs().map(({ id }) => id)).toEqual(["first", "later", "second"]);
    await expect
      .poll(() => here.client.getQueueStats())
      .toMatchObject({ pending: 1, running: 1, completed: 1, total: 3 });
    (await worker.taken("first")).end({ answer: 42 });
    for (const one of [here, there]) await statusOf(one, "first", "completed");
    expect(there.client.getJob("first")).toEqual(here.client.getJob("first"));
    expect(there.client.getJob("first")).toMatchObject({ result: { answer: 42 } });
  });

  it("cancel, prioritise, retry and clear each other's", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const [here, there] = [page("alice", one), page("alice", other)];
    await Promise.all([connected(here), connected(there)]);
    await here.client.createJob("work", { label: "a" }, { id: "a" });
    await here.client.createJob("work", { label: "b" }, { id: "b" });
    await there.until(() => there.client.getAllJobs().length === 2);
    expect(await there.client.setPriority("b", 50)).toBe(true);
    await here.until(() => here.client.getAllJobs()[0]?.id === "b");
    expect(here.client.getJob("b")?.priority).toBe(50);
    const told = (async () => {
      for await (const event of here.client.watch("a")) if (event.event === "cancelled") return event.data;
      return undefined;
    })();
    expect(await there.client.cancelJob("a", "not needed")).toBe(true);
    expect(await told).toEqual({ status: "cancelled", reason: "not needed" });
    expect(await there.client.cancelJob("a")).toBe(false);
    expect(await there.client.cancelJob("nobody")).toBe(false);
    const again = await there.client.retryJob("a");
    expect(again).toMatchObject({ type: "work", params: { label: "a" }, status: "pending" });
    await expect(there.client.retryJob("b")).rejects.toMatchObject({ code: "E_NOT_FINISHED" });
    await expect(there.client.retryJob("nobody")).rejects.toMatchObject({ code: "E_UNKNOWN_JOB" });
    expect(await there.client.clearCompleted()).toBe(1);
    await here.until(() => here.client.getJob("a") === undefined);
    await here.until(() => here.client.getAllJobs().length === 2);
    await agree(here, there);
  });

  it("are refused as a runner refuses them", async () => {
    const { client } = page("alice", await gateway({ maxPending: 2 }));
    await expect(client.createJob("nothing")).rejects.toMatchObject({ name: "UnknownJobTypeError" });
    await expect(client.createJob("work", { label: 5 })).rejects.toMatchObject({
      name: "InvalidParamsError",
      errors: [{ param: "label" }],
    });
    await expect(client.createJob("work", {}, { delay: -1 })).rejects.toThrow(RangeError);
    await client.createJob("work");
    await client.createJob("work");
    await expect(client.createJob("work")).rejects.toMatchObject({ name: "QueueFullError" });
    expect(client.getAllJobs().length).toBe(2);
  });

  it("are refused params that would come to a worker as others, by their names", async () => {
    const params = ["list", "more"].map((name) => ({ name, type: "array", default: [] }) as const);
    const types = [{ name: "lists", description: "", params, isolate: "none" as const, execute: () => {} }];
    const site = await gateway({ types });
    const { client } = page("alice", site);
    for (const queue of [client, site.gateway.queue("alice")]) {
      for (const odd of [[1, Number.NaN], [[Number.POSITIVE_INFINITY]]]) {
        await expect(queue.createJob("lists", { list: odd, more: [1] })).rejects.toMatchObject({
          name: "InvalidParamsError",
          errors: [{ param: "list" }],
        });
      }
      expect((await queue.createJob("lists", { list: [1, null, { a: ["b"] }] })).status).toBe("pending");
    }
  });

  it("make one job of one id", async () => {
    const sites = [await gateway(), await gateway()];
    const pages = [page("alice", sites[0]!), page("alice", sites[1]!)];
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        pages[at % 2]!.client.createJob("work", { label: `${at}` }, { id: "same" }),
      ),
    );
    expect(new Set(made.map(({ created_at }) => created_at)).size).toBe(1);
    for (const one of pages) await one.until(() => one.client.getAllJobs().length === 1);
  });

  it("are told of what is let go of", async () => {
    const [one, other] = [await gateway({ retain: 2 }), await gateway({ retain: 2 })];
    await hands();
    const [here, there] = [page("alice", one), page("alice", other)];
    await Promise.all([connected(here), connected(there)]);
    for (let at = 0; at < 6; at += 1) {
      await here.client.createJob("work", {}, { id: `${at}` });
      await statusOf(there, `${at}`, "completed");
    }
    for (const one of [here, there]) {
      await one.until(
        () =>
          one.client
            .getAllJobs()
            .map(({ id }) => id)
            .join() === "5,4",
      );
    }
  });
});

describe("a create that names a key", () => {
  it("is refused with that field and what to do instead, since a gateway's queue has no keys", async () => {
    const site = await gateway();
    const body = JSON.stringify({ type: "work", key: "one at a time" });
    const asked = { method: "POST", headers: { "Content-Type": "application/json" }, body };
    const answer = await site.ask("alice", "/jobs", asked);
    expect(answer.status).toBe(400);
    expect((await answer.json()).errors).toEqual([{ param: "key", message: expect.stringContaining("SharedRunner") }]);
    const here = page("alice", site);
    const keyed = { key: "one at a time" } as object;
    for (const queue of [site.gateway.queue("alice"), here.client]) {
      await expect(queue.createJob("work", {}, keyed)).rejects.toThrow(/^key must be left out.* An id /);
    }
    await connected(here);
    expect(here.client.getAllJobs()).toEqual([]);
  });
});

describe("a gateway that closes", () => {
  it("sends its pages to another, with 1001, and what they ask meanwhile is done there", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const here = page("alice", one, other);
    await connected(here);
    const closed = new Promise((resolve) => here.sockets[0]!.on("close", (code) => resolve(code)));
    const isClosing = one.gateway.close();
    expect(await closed).toBe(1001);
    const { id } = await here.client.createJob("work");
    await isClosing;
    await connected(here);
    expect((await other.ask("alice", `/jobs/${id}`)).status).toBe(200);
  });
});

describe("server code", () => {
  it("has a scope's queue as a JobQueue", async () => {
    const { gateway: made } = await gateway();
    await hands();
    const queue = made.queue("alice");
    const { id } = await queue.createJob("work", { label: "by the server" });
    await expect.poll(() => queue.getJob(id)?.status).toBe("completed");
    expect(queue.getJob(id)?.result).toBe("by the server");
    expect(queue.getSnapshot().connected).toBe(true);
    expect(made.queue("bob").getAllJobs()).toEqual([]);
    expect(() => made.queue("")).toThrow("scope must be a string of 1 to 200 characters");
  });

  it("retries without a timeout what was made without one, whatever the type has by default", async () => {
    const type = { name: "slow", description: "", params: [], isolate: "none" as const, execute: () => {} };
    const { gateway: made } = await gateway({ types: [{ ...type, defaults: { timeout: 500 } }] });
    const queue = made.queue("alice");
    const storedTimeout = async ({ id }: { id: string }) =>
      JSON.parse((await server.redis.client.hget(`bull:jobgate:${id}@alice`, "data")) ?? "").timeout;
    for (const timeout of [undefined, 1000, Number.POSITIVE_INFINITY]) {
      const first = await queue.createJob("slow", {}, { ...(timeout !== undefined && { timeout }) });
      await queue.cancelJob(first.id);
      const again = await queue.retryJob(first.id);
      expect(await storedTimeout(again)).toBe(await storedTimeout(first));
    }
  });

  it("hears on when one of its listeners throws, which is a warning of the process", async () => {
    const warnings = hearWarnings();
    const { gateway: made } = await gateway();
    const queue = made.queue("alice");
    let told = 0;
    queue.subscribe(() => {
      throw new Error("of a listener");
    });
    queue.subscribe(async () => {
      throw new Error("of an async listener");
    });
    queue.subscribe(() => {
      told += 1;
    });
    await queue.createJob("work");
    await expect.poll(() => warnings).toContain("JobgateWarning: of a listener");
    await expect.poll(() => warnings).toContain("JobgateWarning: of an async listener");
    expect(told).toBeGreaterThan(0);
  });

  it("serves any port as a user", async () => {
    const { gateway: made } = await gateway();
    const { port1, port2 } = new MessageChannel();
    const { QueueClient } = await import("jobgate/queue-client");
    const client = new QueueClient(port2 as never);
    made.serve(port1 as never, { name: "alice" });
    const { id } = await client.createJob("work");
    await expect.poll(() => made.queue("alice").getJob(id)?.id).toBe(id);
    client.close();
    port1.close();
  });

  it("lets go of a port whose queue is not known yet when it is closed", async () => {
    const { gateway: made } = await gateway();
    const listeners = new Set<unknown>();
    const port = {
      postMessage() {},
      addEventListener: (_: string, listener: unknown) => listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => listeners.delete(listener),
    };
    made.serve(port as never, { name: "alice" });
    expect(listeners.size).toBeGreaterThan(0);
    await made.close();
    await expect.poll(() => listeners.size).toBe(0);
  });
});
