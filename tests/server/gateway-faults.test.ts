import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { QueueClient, type QueuePort, reconnecting } from "jobgate/queue-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defer } from "../../src/facade/support/defer.ts";
import {
  agree,
  type Hands,
  openGateway,
  openHands,
  openPage,
  type Page,
  type Site,
  spawnGateway,
} from "./support/gateways.ts";
import { byWayOf, startRedis, type TestRedis } from "./support/redis.ts";
import { newJob, openStore, unbounded } from "./support/stores.ts";

let redis: TestRedis;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  await redis.stop();
});

async function gateway(options = {}): Promise<Site> {
  const site = await openGateway(redis.url, options);
  open.push(site);
  await site.gateway.ready;
  return site;
}
async function hands(concurrency?: number): Promise<Hands> {
  const made = await openHands(redis.url, concurrency);
  open.push(made);
  return made;
}
function page(user: string, ...sites: Pick<Site, "socketUrl">[]): Page {
  const made = openPage(user, sites);
  open.push(made);
  return made;
}
const connected = (one: Page) => one.until((snapshot) => snapshot.connected);

/** The same numbers each time. */
function chances(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("random programs of two clients at two gateways", () => {
  it.each([1, 2, 3])("are equal in the end, in content and order (%i)", async (seed) => {
    const sites = [await gateway({ retain: 30 }), await gateway({ retain: 30 })];
    await hands(3);
    const pages = sites.map((site) => openPage("team", [site], 2000));
    open.push(...pages);
    const chance = chances(seed);
    const doing: Promise<unknown>[] = [];
    for (let step = 0; step < 300; step += 1) {
      const { client } = pages[chance(2)]!;
      const id = `${chance(60)}`;
      const priority = chance(5) - 2;
      const delay = chance(4) === 0 ? chance(300) : 0;
      const actions = [
        () => client.createJob("work", { label: id }, { id, priority, ...(delay > 0 && { delay }) }),
        () => client.createJob("work", { label: id }, { id }),
        () => client.createJob("work", {}, { priority }),
        () => client.cancelJob(id),
        () => client.setPriority(id, priority),
        () => client.retryJob(id).catch(() => {}),
        () => (chance(5) === 0 ? client.clearCompleted() : undefined),
        () => (chance(6) === 0 ? pages[chance(2)]!.sockets.at(-1)?.terminate() : undefined),
      ];
      doing.push(
        Promise.resolve(actions[chance(actions.length)]!()).catch(({ code }) => expect(code).toBe("E_DISCONNECTED")),
      );
      if (chance(10) === 0) await Promise.all(doing.splice(0));
    }
    await Promise.all(doing);
    const idle = ({ stats }: { stats: { pending: number; running: number } }) => stats.pending + stats.running === 0;
    for (const one of pages) await one.until((snapshot) => snapshot.connected && idle(snapshot));
    const fresh = page("team", await gateway());
    await connected(fresh);
    for (const one of pages) await agree(one, fresh);
    expect(fresh.client.getAllJobs().length).toBeGreaterThan(5);
  });
});

/** One end of a connection without a network, open at once: no timer lies between what is said and what is heard. */
class End extends EventTarget {
  readyState = 1;
  /** The kinds of messages that it has heard. */
  readonly told: string[] = [];
  other!: End;

  send(data: string): void {
    queueMicrotask(() => {
      this.other.told.push(JSON.parse(data).type);
      this.other.dispatchEvent(new MessageEvent("message", { data }));
    });
  }

  close(): void {
    for (const end of [this, this.other]) {
      end.readyState = 3;
      end.dispatchEvent(new Event("close"));
    }
  }
}

function connection(): [End, QueuePort] {
  const [near, far] = [new End(), new End()];
  near.other = far;
  far.other = near;
  return [near, far as unknown as QueuePort];
}

describe("pages that come back", () => {
  it("a hundred at once, are told what they missed", async () => {
    const [one, other] = [await gateway(), await gateway()];
    await hands();
    const queue = one.gateway.queue("team");
    for (let at = 0; at < 40; at += 1) await queue.createJob("held", { label: "x".repeat(100) }, { id: `${at}` });
    const pages = Array.from({ length: 100 }, () => page("team", one));
    await Promise.all(pages.map(connected));
    for (const { sockets } of pages) sockets.at(-1)!.terminate();
    await other.gateway.queue("team").createJob("work", {}, { id: "meanwhile" });
    await Promise.all(
      pages.map((one) =>
        one.until(({ connected }) => connected && one.client.getJob("meanwhile")?.status === "completed"),
      ),
    );
    for (const one of pages) await agree(one, pages[0]!);
  });

  it("say first what they know, and are not told everything again", async () => {
    const { gateway: made } = await gateway();
    const queue = made.queue("team");
    for (let at = 0; at < 40; at += 1) await queue.createJob("held", {}, { id: `${at}` });
    const ends: End[] = [];
    let isAway = false;
    const port = reconnecting(
      () => {
        if (isAway) throw new Error("not yet");
        const [near, far] = connection();
        ends.push(near);
        made.serve(far, { name: "team" });
        return near as unknown as WebSocket;
      },
      { min: 20, max: 200 },
    );
    open.push(port);
    const client = new QueueClient(port);
    open.push(client);
    await expect.poll(() => client.getAllJobs().length).toBe(40);
    isAway = true;
    ends[0]!.close();
    await queue.createJob("held", {}, { id: "meanwhile" });
    isAway = false;
    await expect.poll(() => client.getJob("meanwhile")).toBeDefined();
    expect(client.getSnapshot().connected).toBe(true);
    expect(client.getAllJobs()).toEqual(queue.getAllJobs());
    expect(ends.map(({ told }) => told.includes("queue_state"))).toEqual([true, false]);
  });

  it("while the store is slow to count, are told all that those who stayed were told", async () => {
    const counted = defer<void>();
    const slow = byWayOf(redis.url, "jgCounts", async (ask) => {
      if (queue.getJob("meanwhile") !== undefined) await counted.promise;
      return ask();
    });
    const site = await openGateway(slow);
    open.push(site);
    const queue = site.gateway.queue("team");
    await queue.createJob("held", {}, { id: "before" });
    const stayed = page("team", site);
    await stayed.until(({ stats }) => stats.pending === 1);
    const store = await openStore(redis.url);
    open.push(store);
    await store.create("team", newJob("meanwhile"), unbounded);
    await stayed.until(() => stayed.client.getJob("meanwhile") !== undefined);
    const came = page("team", site);
    await connected(came);
    expect(came.client.getAllJobs()).toEqual(stayed.client.getAllJobs());
    counted.resolve();
    await agree(came, stayed);
  });

  it("to what was made anew under other numbers, are told its state, though it is the same gateway's", async () => {
    const { gateway: made } = await gateway();
    const told = (name: string, hello: object) => {
      const [near, far] = connection();
      const first = new Promise<{ type: string; seq: number; instance: string }>((resolve) => {
        near.addEventListener("message", (event) => resolve(JSON.parse((event as MessageEvent<string>).data)));
      });
      made.serve(far, { name });
      near.send(JSON.stringify(hello));
      return first;
    };
    const { seq, instance } = await told("alice", { type: "get_state" });
    expect((await told("bob", { type: "resume", seq, instance })).type).toBe("queue_state");
  });

  it("at another gateway, are told its state: its numbers are others", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const here = page("team", one, other);
    await connected(here);
    await here.client.createJob("held", {}, { id: "a" });
    for (let at = 0; at < 20; at += 1) await other.gateway.queue("team").createJob("held", {}, { id: `b${at}` });
    await here.until(() => here.client.getAllJobs().length === 21);
    await other.gateway.queue("team").cancelJob("b3");
    await here.until(() => here.client.getJob("b3")?.status === "cancelled");
    here.sockets.at(-1)!.terminate();
    await other.gateway.queue("team").cancelJob("b4");
    await here.until(({ connected }) => connected && here.client.getJob("b4")?.status === "cancelled");
    const fresh = page("team", other);
    await connected(fresh);
    await agree(here, fresh);
  });
});

describe("a gateway that was away", () => {
  it("while the streams were trimmed looks at the store itself", async () => {
    const other = await gateway();
    const stopped = await spawnGateway(redis.url);
    open.push(stopped);
    await hands();
    const [here, there] = [page("team", stopped), page("team", other)];
    await Promise.all([connected(here), connected(there)]);
    await there.client.createJob("held", {}, { id: "before" });
    await there.client.createJob("held", {}, { id: "gone" });
    await here.until(() => here.client.getAllJobs().length === 2);
    stopped.child.kill("SIGSTOP");
    // Streams are looked at again by who has heard nothing for a tenth of a second: no stream is full before.
    const until = performance.now() + 300;
    for (let at = 0; performance.now() < until; at += 1) {
      await there.client.createJob("work", {}, { id: `filler${at}` });
      await there.until(() => there.client.getJob(`filler${at}`)?.status === "completed");
    }
    await there.client.createJob("work", {}, { id: "after" });
    await there.until(() => there.client.getJob("after")?.status === "completed");
    await there.client.clearCompleted();
    await there.client.createJob("work", {}, { id: "last" });
    await there.until(() => there.client.getJob("last")?.status === "completed");
    for (const stream of ["events", "control"]) await redis.client.xtrim(`bull:jobgate:${stream}`, "MAXLEN", 0);
    stopped.child.kill("SIGCONT");
    await there.client.createJob("work", {}, { id: "wakes" });
    await there.until(() => there.client.getJob("wakes")?.status === "completed");
    await here.until(
      () => here.client.getJob("wakes")?.status === "completed" && here.client.getJob("last") !== undefined,
    );
    await agree(here, there);
  });
});

describe("a gateway that has heard nothing yet", () => {
  it("answers requests for a job that another has just made", async () => {
    const [one, other] = [await gateway(), await gateway()];
    expect((await other.ask("team", "/jobs")).status).toBe(200);
    Object.assign(other.gateway, { note() {} });
    await one.gateway.queue("team").createJob("held", {}, { id: "a" });
    expect((await other.ask("team", "/jobs/a")).status).toBe(200);
    expect((await other.ask("team", "/jobs/none")).status).toBe(404);
  });
});

describe("a gateway that is closed", () => {
  it("still answers who asked before", async () => {
    const [done, told] = [defer<void>(), defer<void>()];
    const site = await openGateway(
      byWayOf(redis.url, "jgCancel", async (ask) => {
        const answer = await ask();
        done.resolve();
        await told.promise;
        return answer;
      }),
    );
    open.push(site);
    const queue = site.gateway.queue("team");
    await queue.createJob("held", {}, { id: "a" });
    const cancelled = queue.cancelJob("a");
    await done.promise;
    await site.gateway.close();
    told.resolve();
    expect(await cancelled).toBe(true);
  });
});

describe("a store that answers late or not at all", () => {
  it("and did not count once, is counted when it does", async () => {
    let hasFailed = false;
    const site = await openGateway(
      byWayOf(redis.url, "jgCounts", async (ask) => {
        if (hasFailed || queue.getJob("a")?.status !== "cancelled") return ask();
        hasFailed = true;
        throw new Error("ECONNRESET");
      }),
    );
    open.push(site);
    const queue = site.gateway.queue("team");
    await queue.createJob("held", {}, { id: "a" });
    await queue.cancelJob("a");
    await expect.poll(() => queue.getQueueStats()).toMatchObject({ pending: 0, cancelled: 1 });
    expect(hasFailed).toBe(true);
  });

  it("with what it knew before: who has cancelled meanwhile is told of that first", async () => {
    let isLate = false;
    const [read, cancelled] = [defer<void>(), defer<void>()];
    const ways = byWayOf(redis.url, "jgRead", async (ask) => {
      const answer = await ask();
      if (!isLate) return answer;
      isLate = false;
      read.resolve();
      await cancelled.promise;
      return answer;
    });
    const site = await openGateway(ways);
    open.push(site);
    const store = await openStore(redis.url);
    open.push(store);
    const queue = site.gateway.queue("team");
    await queue.createJob("held", {}, { id: "a" });
    isLate = true;
    await store.setPriority("team", "a", 5);
    await read.promise;
    const asked = queue.cancelJob("a").then(() => queue.getJob("a")?.status);
    // It has been asked for what the store has done once that is what another reads there, and what was sent after it is answered.
    await expect.poll(async () => (await store.get("team", "a"))?.record.status).toBe("cancelled");
    await site.gateway.queue("team").setPriority("none", 1);
    cancelled.resolve();
    expect(await asked).toBe("cancelled");
  });
});

describe("a gateway that is killed", () => {
  it("loses nothing: what it has not answered is asked again elsewhere under its id, and is one job", async () => {
    const other = await gateway();
    const killed = await spawnGateway(redis.url);
    open.push(killed);
    const here = page("team", killed, other);
    await connected(here);
    const made = Array.from({ length: 100 }, (_, at) => here.client.createJob("work", { label: `${at}` }));
    await Promise.race(made);
    killed.child.kill("SIGKILL");
    const ids = (await Promise.all(made)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(100);
    await here.until(({ connected, stats }) => connected && stats.total === 100);
    expect(
      here.client
        .getAllJobs()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(ids.sort());
  });
});

describe("pages that come back and have missed nothing", () => {
  it("are told so, in place of the state, and are connected again", async () => {
    const { gateway: made } = await gateway();
    await made.queue("team").createJob("held", {}, { id: "a" });
    const ends: End[] = [];
    const port = reconnecting(
      () => {
        const [near, far] = connection();
        ends.push(near);
        made.serve(far, { name: "team" });
        return near as unknown as WebSocket;
      },
      { min: 20, max: 200 },
    );
    open.push(port);
    const client = new QueueClient(port);
    open.push(client);
    const isConnected = () => client.getSnapshot().connected;
    await expect.poll(isConnected).toBe(true);
    ends[0]!.close();
    expect(isConnected()).toBe(false);
    await expect.poll(isConnected).toBe(true);
    expect(ends.map(({ told }) => told)).toEqual([["queue_state"], ["stats_update"]]);
    expect(client.getAllJobs().map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("a socket that is lost amid creates", () => {
  it("makes no job twice and none too few", async () => {
    const here = page("team", await gateway());
    await connected(here);
    const made: Promise<{ id: string }>[] = [];
    for (let at = 0; at < 10; at += 1) {
      for (let more = 0; more < 5; more += 1) made.push(here.client.createJob("work", { label: `${at} ${more}` }));
      await made.at(at % 2 ? -1 : -3);
      for (let more = 0; more < 5; more += 1) made.push(here.client.createJob("work", { label: `${at} +${more}` }));
      here.sockets.at(-1)!.terminate();
    }
    expect(new Set((await Promise.all(made)).map(({ id }) => id)).size).toBe(100);
    await here.until(({ connected, stats }) => connected && stats.total === 100);
    expect(new Set(here.client.getAllJobs().map(({ params }) => JSON.stringify(params))).size).toBe(100);
  });
});

describe("Redis", () => {
  it("killed: pages are not connected, what they ask waits, requests are answered with 503, and nothing is lost", async () => {
    const [one, other] = [await gateway(), await gateway()];
    await hands();
    const [here, there] = [page("team", one), page("team", other)];
    await Promise.all([connected(here), connected(there)]);
    const before = await Promise.all(
      Array.from({ length: 50 }, (_, at) => here.client.createJob(at % 2 ? "work" : "held", {}, { id: `${at}` })),
    );
    const isAway = here.until(({ connected }) => !connected);
    await redis.kill("SIGKILL");
    const asked = here.client.createJob("work", {}, { id: "meanwhile" });
    const byServer = other.gateway
      .queue("team")
      .createJob("work")
      .catch(({ code }) => code);
    await isAway;
    expect((await one.ask("team", "/jobs")).status).toBe(503);
    expect((await one.ask("nobody yet", "/jobs")).status).toBe(503);
    expect((await one.ask("team", "/jobs/0", { method: "DELETE" })).status).toBe(503);
    expect((await one.ask("team", "/jobs/0/progress")).status).toBe(503);
    expect(await byServer).toBe("E_DISCONNECTED");
    await redis.start();
    expect((await asked).id).toBe("meanwhile");
    for (const one of [here, there]) {
      await one.until(({ connected }) => connected && one.client.getJob("meanwhile")?.status === "completed");
      for (const { id } of before) expect(one.client.getJob(id)).toBeDefined();
    }
    await expect.poll(() => isDeepStrictEqual(here.client.getAllJobs(), there.client.getAllJobs())).toBe(true);
    expect((await one.ask("team", "/jobs")).status).toBe(200);
  });

  it("killed, and nobody asks for anything: pages are sent away with 1013, requests are answered with 503", async () => {
    const site = await gateway();
    const queue = site.gateway.queue("team");
    const here = page("team", site);
    await connected(here);
    const closed = once(here.sockets.at(-1)!, "close");
    await redis.kill("SIGKILL");
    expect((await closed)[0]).toBe(1013);
    expect(queue.getSnapshot().connected).toBe(false);
    expect((await site.ask("team", "/jobs")).status).toBe(503);
    await redis.start();
    await connected(here);
    expect((await site.ask("team", "/jobs")).status).toBe(200);
  });

  it("that stands still is away like one that is gone, until it goes on", async () => {
    const site = await gateway();
    const here = page("team", site);
    await connected(here);
    const closed = once(here.sockets.at(-1)!, "close");
    process.kill(redis.pid, "SIGSTOP");
    expect((await closed)[0]).toBe(1013);
    expect((await site.ask("team", "/jobs")).status).toBe(503);
    process.kill(redis.pid, "SIGCONT");
    await connected(here);
    expect((await site.ask("team", "/jobs")).status).toBe(200);
  });

  it("lost amid a create answers like one that is away: the job may be there, and is asked for again under its id", async () => {
    let isToBreak = false;
    // Of what the next transaction is answered the first word comes through.
    const line = createServer((near) => {
      const far = connect(redis.port, "127.0.0.1");
      let breaks = false;
      const leave = () => {
        near.destroy();
        far.destroy();
      };
      for (const end of [near, far]) end.on("error", leave).on("close", leave);
      near.on("data", (data) => {
        if (isToBreak && /\r\nmulti\r\n/i.test(data.toString("latin1"))) {
          isToBreak = false;
          breaks = true;
        }
        far.write(data);
      });
      far.on("data", (data) => {
        if (breaks) near.end(data.subarray(0, "+OK\r\n".length));
        else near.write(data);
      });
    }).listen(0, "127.0.0.1");
    open.push(line);
    await once(line, "listening");
    const site = await openGateway(`redis://127.0.0.1:${(line.address() as AddressInfo).port}`);
    open.push(site);
    await site.gateway.ready;
    const queue = site.gateway.queue("team");
    await queue.createJob("held", {}, { id: "before" });
    isToBreak = true;
    await expect(queue.createJob("held", {}, { id: "server" })).rejects.toMatchObject({ code: "E_DISCONNECTED" });
    isToBreak = true;
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ type: "held", id: "route" });
    expect((await site.ask("team", "/jobs", { method: "POST", headers, body })).status).toBe(503);
    const here = page("team", site);
    await connected(here);
    isToBreak = true;
    expect((await here.client.createJob("held", {}, { id: "page" })).status).toBe("pending");
    for (const id of ["server", "route"]) expect((await queue.createJob("held", {}, { id })).id).toBe(id);
    expect(queue.getQueueStats().total).toBe(4);
  });

  it("away from the start is waited for", async () => {
    await redis.kill("SIGTERM");
    const site = await openGateway(redis.url);
    open.push(site);
    const here = page("team", site);
    expect((await site.ask("team", "/stats")).status).toBe(503);
    await redis.start();
    await site.gateway.ready;
    await connected(here);
    expect((await here.client.createJob("work")).status).toBe("pending");
  });

  it("without memory takes nothing new, and says so; what is there is listed and counted, what ended unseen, too", async () => {
    const store = await openStore(redis.url);
    open.push(store);
    for (const id of ["one", "other"]) await store.create("team", newJob(id), unbounded);
    const worker = await hands();
    await expect.poll(() => redis.client.hget("bull:jobgate:other@team", "finishedOn")).not.toBeNull();
    await worker.close();
    await store.create("team", newJob("pending"), unbounded);
    await redis.client.config("SET", "maxmemory", "1");
    const here = page("team", await gateway());
    await connected(here);
    await here.until(({ jobs }) => jobs.map(({ status }) => status).join() === "pending,completed,completed");
    await expect(here.client.createJob("work")).rejects.toMatchObject({ code: "E_QUEUE_FULL" });
    expect(here.client.getQueueStats()).toMatchObject({ pending: 1, completed: 2 });
    await redis.client.config("SET", "maxmemory", "0");
    expect((await here.client.createJob("work")).status).toBe("pending");
  });
});

describe("a reader that sleeps", () => {
  it("holds up nobody, and finds what is new when it wakes", async () => {
    const site = await gateway();
    await hands();
    const [slow, quick] = [page("team", site), page("team", site)];
    await Promise.all([connected(slow), connected(quick)]);
    slow.sockets.at(-1)!.pause();
    // All of them, with their results, are less than a state may have.
    const label = "x".repeat(4000);
    for (let at = 0; at < 400; at += 1) await quick.client.createJob("work", { label }, { id: `${at}` });
    await quick.until(({ stats }) => stats.completed === 400);
    slow.sockets.at(-1)!.resume();
    await slow.until(({ stats }) => stats.completed === 400);
    await expect.poll(() => slow.client.getAllJobs().length).toBe(400);
  });
});
