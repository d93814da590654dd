// News that could come late, and answers that get lost on their way.
import type { JobQueue, TaskContext, WatchEvent } from "jobgate/runner";
import { QueueWorker } from "jobgate/server";
import { describe, expect, it, vi } from "vitest";
import { defer } from "../../src/facade/support/defer.ts";
import { openGateway, openHands, openPage, type Page, type Site } from "./support/gateways.ts";
import { oneRedis } from "./support/one-redis.ts";
import { byWayOf } from "./support/redis.ts";
import { newJob, openStore, unbounded } from "./support/stores.ts";

const one = oneRedis();

async function gateway(options = {}): Promise<Site> {
  const site = await openGateway(one.redis.url, options);
  one.open.push(site);
  await site.gateway.ready;
  return site;
}
function page(...sites: Site[]): Page {
  const made = openPage("team", sites);
  one.open.push(made);
  return made;
}
const connected = (page: Page) => page.until((snapshot) => snapshot.connected);

describe("a gateway whose clock is an hour ahead of the store's", () => {
  it("hears what happens at another at once", async () => {
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + 3_600_000);
    const ahead = await gateway().finally(() => clock.mockRestore());
    const here = page(ahead);
    await connected(here);
    const store = await openStore(one.redis.url);
    one.open.push(store);
    await store.create("team", newJob("one"), unbounded);
    await expect.poll(() => here.client.getJob("one")?.status).toBe("pending");
  });
});

/** What a watch is told, until it is over. */
async function heard(watch: ReadableStream<WatchEvent>): Promise<WatchEvent[]> {
  const all: WatchEvent[] = [];
  for await (const event of watch) all.push(event);
  return all;
}

describe("a job that is let go of as it ends", () => {
  it("where none are retained: who watches it at any gateway is told how it ended", async () => {
    const sites = [await gateway({ retain: 0 }), await gateway({ retain: 0 })];
    const [here, there] = sites.map((site) => site.gateway.queue("team")) as [JobQueue, JobQueue];
    await here.createJob("held", {}, { id: "a" });
    await expect.poll(() => there.getJob("a")).toBeDefined();
    const watches = [here, there].map((queue) => heard(queue.watch("a")));
    const stream = await sites[1]!.ask("team", "/jobs/a/progress");
    expect(await here.cancelJob("a", "enough")).toBe(true);
    for (const events of await Promise.all(watches)) {
      expect(events.at(-1)).toEqual({ event: "cancelled", data: { status: "cancelled", reason: "enough" } });
    }
    expect(await stream.text()).toContain("event: cancelled");
    for (const queue of [here, there]) await expect.poll(() => queue.getAllJobs()).toEqual([]);
    expect(await here.cancelJob("a")).toBe(false);
    expect((await here.createJob("held", {}, { id: "a" })).status).toBe("pending");
    expect(there.getQueueStats()).toMatchObject({ cancelled: 1 });
  });

  it("by who clears it before its end was read: who watches it is told how it ended", async () => {
    let held: Promise<void> | undefined;
    const site = await openGateway(
      byWayOf(one.redis.url, "jgRead", async (ask) => {
        await held;
        return ask();
      }),
    );
    one.open.push(site);
    const worker = await openHands(one.redis.url);
    one.open.push(worker);
    const queue = site.gateway.queue("team");
    await queue.createJob("held", {}, { id: "a" });
    const running = await worker.taken("a");
    await expect.poll(() => queue.getJob("a")?.status).toBe("running");
    const watch = heard(queue.watch("a"));
    const read = defer<void>();
    held = read.promise;
    running.end("precious");
    await expect.poll(() => one.redis.client.hget("bull:jobgate:a@team", "finishedOn")).not.toBeNull();
    const store = await openStore(one.redis.url);
    one.open.push(store);
    expect(await store.clear("team")).toBe(1);
    expect(await store.get("team", "a")).toBeUndefined();
    read.resolve();
    expect((await watch).at(-1)).toMatchObject({ event: "complete", data: { result: "precious" } });
    await expect.poll(() => queue.getAllJobs()).toEqual([]);
  });
});

describe("a job whose attempt is seen before its worker has said that it begins", () => {
  it("is told to have started once, at one time", async () => {
    const begins = defer<void>();
    const type = {
      name: "held",
      description: "",
      params: [],
      isolate: "none" as const,
      execute: (_: unknown, { progress }: TaskContext) => progress(50, "half"),
    };
    const site = await gateway({ types: [type] });
    const queue = site.gateway.queue("team");
    await queue.createJob("held", {}, { id: "a" });
    const { port1, port2 } = new MessageChannel();
    one.open.push(port1);
    const told: { type: string; started_at?: number }[] = [];
    port2.addEventListener("message", ({ data }) => told.push(data as { type: string }));
    port2.start();
    site.gateway.serve(port1 as never, { name: "team" });
    await expect.poll(() => told.map(({ type }) => type)).toContain("queue_state");
    const redis = byWayOf(one.redis.url, "jgStart", async (ask) => {
      await begins.promise;
      // By any clock.
      await new Promise((resolve) => setTimeout(resolve, 20));
      return ask();
    });
    one.open.push(new QueueWorker({ redis, types: [type] }));
    await expect.poll(() => queue.getJob("a")?.status).toBe("running");
    const started = queue.getJob("a")?.started_at;
    begins.resolve();
    await expect.poll(() => told.map(({ type }) => type)).toContain("job_completed");
    expect(queue.getJob("a")).toMatchObject({ status: "completed", started_at: started });
    expect(told.filter(({ type }) => type === "job_started")).toHaveLength(1);
    expect(told.filter(({ type }) => type === "job_created")).toEqual([]);
  });
});

describe("a cancel whose answer gets lost", () => {
  it("and which the driver sends again is answered with yes", async () => {
    const twice = byWayOf(one.redis.url, "jgCancel", async (ask) => {
      await ask();
      return ask();
    });
    const site = await openGateway(twice);
    one.open.push(site);
    const queue = site.gateway.queue("team");
    await queue.createJob("held", {}, { id: "a" });
    expect(await queue.cancelJob("a")).toBe(true);
    expect(await queue.cancelJob("a")).toBe(false);
  });

  it("with the page's socket is asked again by the page, and answered with yes", async () => {
    const [done, told] = [defer<void>(), defer<void>()];
    const mute = await openGateway(
      byWayOf(one.redis.url, "jgCancel", async (ask) => {
        const answer = await ask();
        done.resolve();
        await told.promise;
        return answer;
      }),
    );
    one.open.push(mute);
    const here = page(mute, await gateway());
    await connected(here);
    await here.client.createJob("held", {}, { id: "a" });
    const cancelled = here.client.cancelJob("a");
    await done.promise;
    here.sockets.at(-1)!.terminate();
    expect(await cancelled).toBe(true);
    told.resolve();
    // What was not asked before is told how it is.
    expect(await here.client.cancelJob("a")).toBe(false);
  });
});
