import { request as httpRequest } from "node:http";
import { ReplyError } from "ioredis";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { defer } from "../../src/facade/support/defer.ts";
import { ORIGIN, openGateway, openHands, openPage, type Page, type Site } from "./support/gateways.ts";
import { oneRedis } from "./support/one-redis.ts";
import { byWayOf } from "./support/redis.ts";
import { hearWarnings } from "./support/warnings.ts";

const server = oneRedis();
const { open } = server;

async function gateway(options = {}): Promise<Site> {
  const site = await openGateway(server.redis.url, options);
  open.push(site);
  await site.gateway.ready;
  return site;
}
function page(user: string, ...sites: Site[]): Page {
  const made = openPage(user, sites);
  open.push(made);
  return made;
}

const json = (body: object) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

/** What a page of that origin gets who wants a socket: the status, or "open". */
function socketOf(address: string, headers: Record<string, string> = {}): Promise<number | "open"> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, { headers });
    socket.on("unexpected-response", (_, { statusCode = 0 }) => resolve(statusCode));
    socket.on("open", () => {
      socket.close();
      resolve("open");
    });
    socket.on("error", reject);
  });
}

describe("one scope's jobs", () => {
  it("are on no route of another's, also under their ids", async () => {
    const site = await gateway();
    const worker = await openHands(server.redis.url);
    open.push(worker);
    const queue = site.gateway.queue("alice");
    await queue.createJob("held", { label: "secret" }, { id: "mine" });
    await queue.createJob("work", { label: "secret" }, { id: "done" });
    await expect.poll(() => queue.getJob("done")?.status).toBe("completed");
    await expect.poll(() => queue.getJob("mine")?.status).toBe("running");
    const snapshot = JSON.stringify(queue.getAllJobs());

    const ids = ["mine", "done", "mine@alice", "mine%40alice", "..%2Fmine", "bull:jobgate:mine@alice", "mine@"];
    for (const id of ids) {
      const path = `/jobs/${encodeURIComponent(id)}`;
      expect((await site.ask("bob", path)).status).toBe(404);
      expect((await site.ask("bob", path, { method: "DELETE" })).status).toBe(404);
      expect((await site.ask("bob", `${path}/retry`, { method: "POST" })).status).toBe(404);
      expect((await site.ask("bob", `${path}/progress`)).status).toBe(404);
    }
    expect(await (await site.ask("bob", "/jobs")).json()).toEqual([]);
    expect(await (await site.ask("bob", "/stats")).json()).toMatchObject({
      total: 0,
      pending: 0,
      running: 0,
      completed: 0,
    });

    const bob = page("bob", site);
    const heard: string[] = [];
    await bob.until(({ connected }) => connected);
    bob.sockets[0]!.on("message", (data) => heard.push(String(data)));
    expect(bob.client.getAllJobs()).toEqual([]);
    for (const id of ids) {
      expect(await bob.client.cancelJob(id)).toBe(false);
      expect(await bob.client.setPriority(id, 5)).toBe(false);
      await expect(bob.client.retryJob(id)).rejects.toMatchObject({ code: "E_UNKNOWN_JOB" });
    }
    expect(await bob.client.clearCompleted()).toBe(0);
    // Its own under the same ids.
    const own = await bob.client.createJob("work", { label: "bob's" }, { id: "mine" });
    expect(own.params).toEqual({ label: "bob's" });
    await bob.until(() => bob.client.getJob("mine")?.status === "completed");
    await (await worker.taken("mine")).progress(77);
    await expect.poll(() => queue.getJob("mine")?.progress.percent).toBe(77);
    await bob.client.clearCompleted();
    expect(bob.client.getQueueStats()).toMatchObject({ completed: 1, total: 1, running: 0 });
    expect(heard.join("\n")).not.toMatch(/secret|"held"|"percent":77/);
    const now = queue.getAllJobs().map((job) => ({ ...job, progress: { percent: 0, message: "" } }));
    expect(JSON.stringify(now)).toBe(snapshot);
  });

  it("are kept apart also where names look like parts of keys", async () => {
    const { gateway: made } = await gateway();
    const names = ["a", "a:b", "a@b", "b@a", "%40", "a b", "ä", "*", "a:"];
    for (const name of names) await made.queue(name).createJob("work", { label: name }, { id: "x@a:1" });
    for (const name of names) {
      const queue = made.queue(name);
      await expect.poll(() => queue.getAllJobs().map(({ params }) => params)).toEqual([{ label: name }]);
      expect(queue.getQueueStats().total).toBe(1);
    }
  });
});

describe("who asks", () => {
  it("is to be known: 401 on every route, and for a socket", async () => {
    const site = await gateway();
    for (const path of ["/jobs", "/jobs/x", "/jobs/x/progress", "/stats", "/job-types"]) {
      expect((await site.ask(undefined, path)).status).toBe(401);
    }
    expect((await site.ask(undefined, "/jobs", json({ type: "work" }))).status).toBe(401);
    expect(await socketOf(site.url.replace("http", "ws"))).toBe(401);
    expect(await socketOf(site.socketUrl("alice"))).toBe("open");
    expect((await fetch(`${site.url}/elsewhere`)).status).toBe(404);
  });

  it.each([undefined, null, false, ""])(
    "is nobody where `authorize` answers %j: 401, for a socket too",
    async (nobody) => {
      for (const answer of [nobody, Promise.resolve(nobody)]) {
        const site = await gateway({ authorize: () => answer, scope: () => "team" });
        expect((await site.ask("alice", "/jobs")).status).toBe(401);
        expect((await site.ask("alice", "/jobs", json({ type: "work" }))).status).toBe(401);
        expect(await socketOf(site.socketUrl("alice"))).toBe(401);
        expect(site.gateway.queue("team").getAllJobs()).toEqual([]);
      }
    },
  );

  it.each([0, true, "alice"])("may be %j, which is no no", async (somebody) => {
    const site = await gateway({ authorize: () => somebody, scope: () => "team" });
    expect((await site.ask("alice", "/jobs")).status).toBe(200);
    expect(await socketOf(site.socketUrl("alice"))).toBe("open");
  });

  const broken = () => {
    throw new TypeError("secret");
  };
  it.each([
    ["authorize throws", { authorize: broken }],
    ["authorize rejects", { authorize: async () => broken() }],
    ["scope throws", { scope: broken }],
    ["scope answers what is none", { scope: () => "" }],
    ["scope rejects", { scope: async () => broken() }],
  ])("hears of an internal error alone where %s, which is a warning of the process", async (_, options) => {
    const warnings = hearWarnings();
    const site = await gateway(options);
    for (const init of [undefined, json({ type: "work" })]) {
      const answer = await site.ask("alice", "/jobs", init);
      expect([answer.status, await answer.json()]).toEqual([500, { error: "Internal error", code: 500 }]);
    }
    expect(await socketOf(site.socketUrl("alice"))).toBe(500);
    await expect.poll(() => warnings.join()).toMatch(/secret|scope must be/);
  });

  it.each([
    ["throws", broken],
    ["rejects", async () => broken()],
  ])("does nothing, and is told no more, where `may` %s", async (how, may) => {
    const warnings = hearWarnings();
    const site = await gateway({ may });
    const { client } = page("alice", site);
    await site.gateway.queue("alice").createJob("work", {}, { id: "one" });
    const [status, error] = how === "throws" ? [500, /^Internal error$/] : [403, /may not/];
    for (const [path, init] of [
      ["/jobs", json({ type: "work" })] as const,
      ["/jobs/one", { method: "DELETE" }] as const,
    ]) {
      const answer = await site.ask("alice", path, init);
      expect(answer.status).toBe(status);
      expect((await answer.json()).error).toMatch(error);
    }
    for (const asked of [client.createJob("work"), client.cancelJob("one"), client.setPriority("one", 1)]) {
      await expect(asked).rejects.toMatchObject({ message: expect.stringMatching(error) });
    }
    expect(client.getAllJobs().map(({ id, status }) => [id, status])).toEqual([["one", "pending"]]);
    await expect.poll(() => warnings).toContain("JobgateWarning: secret");
  });

  it("does not hear what Redis has said no with, which is a warning of the process, of the same words once", async () => {
    const warnings = hearWarnings();
    const way = () => Promise.reject(new ReplyError("NOPERM User secret has no permissions"));
    const site = await openGateway(byWayOf(server.redis.url, "jgCancel", way));
    open.push(site);
    const { client } = page("alice", site);
    await client.createJob("work", {}, { id: "one" });
    const answer = await site.ask("alice", "/jobs/one", { method: "DELETE" });
    expect([answer.status, await answer.json()]).toEqual([500, { error: "Internal error", code: 500 }]);
    await expect(client.cancelJob("one")).rejects.toMatchObject({ message: "Internal error" });
    await expect(site.gateway.queue("alice").cancelJob("one")).rejects.toMatchObject({
      code: "E_JOBGATE",
      cause: { message: "NOPERM User secret has no permissions" },
    });
    await expect.poll(() => warnings).toEqual(["JobgateWarning: NOPERM User secret has no permissions"]);
  });

  it("does only what `may` allows, by every way", async () => {
    const asked: unknown[] = [];
    const site = await gateway({
      may: (user: { name: string }, action: string, job: { id: string; type: string }) => {
        asked.push([user.name, action, job.type]);
        return user.name === "alice" && action !== "clear";
      },
      scope: () => "team",
    });
    const alice = page("alice", site);
    const bob = page("bob", site);
    await alice.client.createJob("work", {}, { id: "one" });
    await bob.until(() => bob.client.getJob("one") !== undefined);
    const refused = { code: "E_FORBIDDEN", message: expect.stringContaining("may not") };
    await expect(bob.client.createJob("work")).rejects.toMatchObject(refused);
    await expect(bob.client.cancelJob("one")).rejects.toMatchObject(refused);
    await expect(bob.client.setPriority("one", 1)).rejects.toMatchObject(refused);
    expect((await site.ask("bob", "/jobs", json({ type: "work" }))).status).toBe(403);
    expect((await site.ask("bob", "/jobs/one", { method: "DELETE" })).status).toBe(403);
    expect(await alice.client.cancelJob("one")).toBe(true);
    await expect(bob.client.retryJob("one")).rejects.toMatchObject(refused);
    expect((await site.ask("bob", "/jobs/one/retry", { method: "POST" })).status).toBe(403);
    await expect(alice.client.clearCompleted()).rejects.toMatchObject(refused);
    expect(bob.client.getAllJobs().map(({ id, status }) => [id, status])).toEqual([["one", "cancelled"]]);
    expect(asked).toContainEqual(["bob", "create", "work"]);
  });

  it("is asked for with the priority that a job is to have, not the one it has", async () => {
    const may = (_: object, action: string, { priority }: { priority: number }) =>
      action !== "create" || priority <= 10;
    const site = await gateway({ may });
    const queue = site.gateway.queue("alice");
    const { client } = page("alice", site);
    await queue.createJob("work", {}, { id: "low" });
    await queue.createJob("work", {}, { id: "high", priority: 100 });
    await expect(client.setPriority("low", 100)).rejects.toMatchObject({ code: "E_FORBIDDEN" });
    expect(await client.setPriority("high", 0)).toBe(true);
    expect(queue.getAllJobs().map(({ id, priority }) => [id, priority])).toEqual([
      ["low", 0],
      ["high", 0],
    ]);
  });

  it("clears what `may` was asked about: what has ended unseen stays", async () => {
    let held: Promise<void> | undefined;
    const slow = byWayOf(server.redis.url, "jgRead", async (ask) => {
      await held;
      return ask();
    });
    const asked: string[] = [];
    const may = (_: object, action: string, { id }: { id: string }) => {
      if (action === "clear") asked.push(id);
      return action !== "clear" || id !== "precious";
    };
    const site = await openGateway(slow, { may });
    open.push(site);
    const worker = await openHands(server.redis.url);
    open.push(worker);
    const queue = site.gateway.queue("alice");
    const { client } = page("alice", site);
    await client.createJob("work", {}, { id: "plain" });
    await client.createJob("held", {}, { id: "precious" });
    await expect.poll(() => queue.getJob("plain")?.status).toBe("completed");
    await expect.poll(() => queue.getJob("precious")?.status).toBe("running");
    const read = defer<void>();
    held = read.promise;
    (await worker.taken("precious")).end("gold");
    const { client: redis } = server.redis;
    await expect.poll(() => redis.hget("bull:jobgate:precious@alice", "finishedOn")).not.toBeNull();
    const cleared = client.clearCompleted();
    await expect.poll(() => redis.exists("bull:jobgate:plain@alice")).toBe(0);
    read.resolve();
    expect(await cleared).toBe(1);
    await expect.poll(() => queue.getAllJobs().map(({ id, result }) => [id, result])).toEqual([["precious", "gold"]]);
    expect(asked).toEqual(["plain"]);
    await expect(client.clearCompleted()).rejects.toMatchObject({ code: "E_FORBIDDEN" });
  });

  it("comes from a page that may: others' sockets and requests are refused", async () => {
    const site = await gateway();
    const url = `${site.url}/api/jobs?user=alice`;
    expect(await socketOf(site.socketUrl("alice"), { Origin: "https://evil.example" })).toBe(403);
    expect(await socketOf(site.socketUrl("alice"), { Origin: "null" })).toBe(403);
    expect(await socketOf(site.socketUrl("alice"), { Origin: ORIGIN })).toBe("open");
    const evil = await fetch(url, { headers: { Origin: "https://evil.example" } });
    expect(evil.status).toBe(403);
    expect(evil.headers.get("access-control-allow-origin")).toBeNull();
    const good = await fetch(url, { headers: { Origin: ORIGIN } });
    expect(good.status).toBe(200);
    expect(good.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(good.headers.get("access-control-allow-credentials")).toBe("true");
    // A preflight has no credentials, and is none of `authorize`'s.
    const preflight = await fetch(`${site.url}/api/jobs`, {
      method: "OPTIONS",
      headers: { Origin: ORIGIN, "Access-Control-Request-Method": "POST" },
    });
    expect(preflight.status).toBe(204);
    const unknown = await fetch(`${site.url}/api/jobs`, { headers: { Origin: ORIGIN } });
    expect(unknown.status).toBe(401);
    expect(unknown.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  });
});

describe("the routes", () => {
  it("make, show, watch, cancel and retry", async () => {
    const site = await gateway();
    const worker = await openHands(server.redis.url);
    open.push(worker);
    const made = await site.ask("alice", "/jobs", { ...json({ type: "held", id: "one" }) });
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({ id: "one", type: "held" });
    const running = await worker.taken("one");
    const stream = await site.ask("alice", "/jobs/one/progress");
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    await running.progress(30);
    await expect.poll(async () => (await (await site.ask("alice", "/jobs/one")).json()).progress.percent).toBe(30);
    running.end("done");
    const text = await stream.text();
    expect(text).toContain("event: status");
    expect(text).toContain('"percent":30');
    expect(text).toContain("event: complete");
    expect((await site.ask("alice", "/jobs/one", { method: "DELETE" })).status).toBe(409);
    expect((await site.ask("alice", "/jobs/one/retry", { method: "POST" })).status).toBe(201);
    expect(await (await site.ask("alice", "/job-types")).json()).toMatchObject([{ name: "held" }, { name: "work" }]);
    expect((await site.ask("alice", "/jobs", json({ type: "work", params: { label: 1 } }))).status).toBe(400);
    expect(await (await site.ask("alice", "/stats")).json()).toMatchObject({ total: 2, worker: { capacity: null } });
  });
});

describe("what is too much", () => {
  it("is told the state once, whether it asks for that first or for something else", async () => {
    const site = await gateway();
    for (const first of ["get_state", "ping"]) {
      const socket = new WebSocket(site.socketUrl("alice"));
      const heard: string[] = [];
      socket.on("message", (data) => heard.push(JSON.parse(String(data)).type));
      const send = (type: string) => socket.send(JSON.stringify({ type }));
      const states = () => heard.filter((type) => type === "queue_state").length;
      const pongs = () => heard.filter((type) => type === "pong").length;
      socket.on("open", () => send(first));
      await expect.poll(states).toBe(1);
      const before = pongs();
      send("ping");
      await expect.poll(pongs).toBe(before + 1);
      expect(states()).toBe(1);
      socket.close();
    }
  });

  it("closes a socket whose message is larger than may be, with 1009", async () => {
    const site = await gateway({ maxMessage: 2000 });
    const socket = new WebSocket(site.socketUrl("alice"));
    const code = new Promise((resolve) => socket.on("close", resolve));
    socket.on("open", () => socket.send("x".repeat(5000)));
    expect(await code).toBe(1009);
  });

  it("is refused with 429, and who goes on regardless is closed with 1008", async () => {
    const site = await gateway({ rateLimit: { limit: 20, interval: 3_600_000 } });
    const socket = new WebSocket(site.socketUrl("alice"));
    const refused: unknown[] = [];
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      if (message.type === "error") refused.push(message.code);
    });
    const code = new Promise((resolve) => socket.on("close", resolve));
    socket.on("open", () => {
      for (let at = 0; at < 100; at += 1) socket.send(JSON.stringify({ type: "ping", request: at }));
    });
    expect(await code).toBe(1008);
    expect(new Set(refused)).toEqual(new Set([429]));
    // Others are served.
    const other = page("alice", site);
    await other.until(({ connected }) => connected);
    const statuses = await Promise.all(Array.from({ length: 30 }, () => site.ask("bob", "/stats")));
    expect(statuses.map(({ status }) => status).filter((status) => status === 429).length).toBe(10);
  });

  it("is an address that is none: the server goes on", async () => {
    const site = await gateway();
    const { port } = new URL(site.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { Connection: "Upgrade", Upgrade: "websocket", Host: "a b\\c" };
      const asked = httpRequest({ port, path: "/?user=alice", headers });
      asked.on("response", ({ statusCode }) => resolve(statusCode));
      asked.on("upgrade", () => reject(new Error("it was let in")));
      asked.on("error", reject);
      asked.end();
    });
    expect(status).toBe(400);
    expect((await site.ask("alice", "/jobs")).status).toBe(200);
  });
});

describe("options that are wrong", () => {
  it("are refused with their field", async () => {
    const refused = async (options: object) =>
      openGateway(server.redis.url, options as never).then(String, ({ message }) => message);
    expect(await refused({ authorize: undefined })).toBe("authorize must be a function, got undefined");
    expect(await refused({ scope: 5 })).toBe("scope must be a function, got number");
    expect(await refused({ origins: undefined })).toBe("origins must be a list of strings");
    expect(await refused({ origins: ["*"] })).toBe('origins must name the origins, not "*"');
    expect(await refused({ origins: ["app.example"] })).toContain("origins must be an origin like");
    expect(await refused({ retain: -1 })).toBe("retain must be an integer of at least 0, or Infinity, got -1");
    expect(await refused({ maxMessage: 5 })).toBe("maxMessage must be an integer of 1000 to 1000000, got 5");
    expect(await refused({ rateLimit: { limit: 1 } })).toBe(
      "rateLimit.interval must be finite and above 0, got undefined",
    );
    expect(await refused({ may: 1 })).toBe("may must be a function, got number");
  });
});
