import type { JobgateError } from "jobgate";
import { QueueClient, reconnecting } from "jobgate/queue-client";
import { useTestClock } from "jobgate/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { until } from "./support/ports.js";
import { ScriptedSocket } from "./support/scripted-socket.js";
import { connect, openServer } from "./support/sockets.js";

const connected = (client: QueueClient) => until(client, (snapshot) => snapshot.connected);
const away = (client: QueueClient) => until(client, (snapshot) => !snapshot.connected);

/** Its server was away when it began, and is back: it waits until something tells it so. */
async function waitingForHours() {
  const server = await openServer();
  await server.ask("away");
  const { client, sockets } = connect(server.url, { min: 10_000_000, max: 10_000_000 });
  await new Promise((resolve) => sockets[0]!.addEventListener("close", resolve));
  await server.ask("back");
  return { client, sockets };
}

describe("a socket that is lost", () => {
  it("is followed by another, and the client knows what happened meanwhile", async () => {
    const server = await openServer();
    const { client } = connect(server.url);
    await connected(client);
    const { id } = await client.createJob("held");
    await server.ask("drop");
    await server.ask("resolve", { value: 42 });
    await until(client, () => client.getJob(id)?.status === "completed");
    expect(client.getJob(id)?.result).toBe(42);
    await connected(client);
  });

  it("leaves the client not connected, with what it knew, until there is another", async () => {
    const server = await openServer();
    const { client, port } = connect(server.url);
    await connected(client);
    const { id } = await client.createJob("held");
    await until(client, () => client.getJob(id) !== undefined);
    const isAway = away(client);
    await server.ask("away");
    await isAway;
    expect(port.readyState).toBe(0);
    expect(client.getAllJobs().map((job) => job.id)).toEqual([id]);
    await server.ask("back");
    await connected(client);
    expect(port.readyState).toBe(1);
  });

  it("in mid-create costs nothing: the create is repeated under its id, and there is one job", async () => {
    const server = await openServer();
    const { client } = connect(server.url);
    await connected(client);
    await server.ask("mute", { isMute: true });
    const creating = client.createJob("held", { label: "once" });
    await server.hears("create_job");
    await server.ask("mute", { isMute: false });
    await server.ask("drop");
    const { id } = await creating;
    expect((await server.jobs()).map((job) => job.id)).toEqual([id]);
    await server.hears("create_job", 2);
  });

  it("lets nobody wait for what may not be asked twice, and is no timeout", async () => {
    const server = await openServer();
    const { client } = connect(server.url, { timeout: Infinity });
    await connected(client);
    const { id } = await client.createJob("held");
    await client.cancelJob(id);
    await server.ask("mute", { isMute: true });
    const asked = Promise.allSettled([client.retryJob(id), client.clearCompleted()]);
    await server.hears("clear_completed");
    await server.ask("drop");
    const refused = { status: "rejected", reason: { code: "E_DISCONNECTED" } };
    expect(await asked).toMatchObject([refused, refused]);
  });

  it("does not break a job's watch", async () => {
    const server = await openServer();
    const { client } = connect(server.url);
    await connected(client);
    const { id } = await client.createJob("held");
    const events = client.watch(id);
    await server.ask("progress", { percent: 50, message: "half" });
    await server.ask("drop");
    await server.ask("resolve", { value: "done" });
    const told = [];
    for await (const { event, data } of events) told.push([event, data]);
    expect(told.at(-1)).toEqual(["complete", { status: "completed", result: "done", duration: expect.any(Number) }]);
  });
});

describe("while the server is away", () => {
  it("what is asked waits, in its order, and is answered when it is back", async () => {
    const server = await openServer();
    const { client } = connect(server.url);
    await connected(client);
    const isAway = away(client);
    await server.ask("away");
    await isAway;
    const creating = ["a", "b", "c"].map((id) => client.createJob("held", {}, { id }));
    const cancelling = client.cancelJob("b");
    await server.ask("back");
    expect((await Promise.all(creating)).map((job) => job.id)).toEqual(["a", "b", "c"]);
    expect(await cancelling).toBe(true);
  });

  it("what is asked rejects with E_DISCONNECTED when its time is over", async () => {
    const server = await openServer();
    const { client } = connect(server.url, { timeout: 100 });
    await connected(client);
    const isAway = away(client);
    await server.ask("away");
    await isAway;
    const asked = [client.createJob("held"), client.cancelJob("1"), client.clearCompleted(), client.retryJob("1")];
    for (const { status, ...how } of await Promise.allSettled(asked)) {
      expect(status).toBe("rejected");
      expect((how as { reason: JobgateError }).reason.code).toBe("E_DISCONNECTED");
    }
  });

  it("attempts go on, and one at a time", async () => {
    const server = await openServer();
    await server.ask("away");
    const { client, sockets } = connect(server.url, { min: 1, max: 5 });
    await expect.poll(() => sockets.length).toBeGreaterThan(3);
    expect(sockets.filter(({ readyState }) => readyState < 2).length).toBeLessThanOrEqual(1);
    await server.ask("back");
    await connected(client);
  });

  it("it is tried at once when the machine is online again", async () => {
    const { client, sockets } = await waitingForHours();
    // The wait is hours, but by a chance that is smaller than that of a broken machine.
    dispatchEvent(new Event("online"));
    await connected(client);
    expect(sockets.length).toBe(2);
  });

  it("it is tried at once when the machine is online again, also while the page is hidden", async () => {
    const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    onTestFinished(() => visibility.mockRestore());
    const { client, sockets } = await waitingForHours();
    document.dispatchEvent(new Event("visibilitychange"));
    expect(sockets.length).toBe(1);
    dispatchEvent(new Event("online"));
    await connected(client);
  });

  it("waits that are longer than a timer can count are no busy loop", async () => {
    const chance = vi.spyOn(Math, "random").mockReturnValue(0.99);
    const timers = vi.spyOn(globalThis, "setTimeout");
    onTestFinished(() => {
      chance.mockRestore();
      timers.mockRestore();
    });
    const server = await openServer();
    await server.ask("away");
    const { sockets } = connect(server.url, { min: 1e12, max: 1e12 });
    await new Promise((resolve) => sockets[0]!.addEventListener("close", resolve));
    const waits = timers.mock.calls.map(([, wait]) => wait ?? 0);
    expect(Math.max(...waits)).toBe(2 ** 31 - 1);
  });

  it("it is tried at once when the page is shown again", async () => {
    const { client } = await waitingForHours();
    document.dispatchEvent(new Event("visibilitychange"));
    await connected(client);
  });
});

describe("the port by itself", () => {
  it("sends what waited, in its order, and tells what it hears", async () => {
    const server = await openServer();
    const port = reconnecting(() => new WebSocket(server.url));
    const heard: { type: string; request?: number }[] = [];
    const done = new Promise<void>((resolve) => {
      port.addEventListener("message", ({ data }) => {
        heard.push(JSON.parse(String(data)));
        if (heard.filter(({ type }) => type === "ok").length === 3) resolve();
      });
    });
    for (const request of [1, 2, 3]) {
      port.send!(JSON.stringify({ type: "create_job", request, job_type: "held" }));
    }
    expect(port.bufferedAmount).toBeGreaterThan(0);
    await done;
    expect(heard.filter(({ type }) => type === "ok").map(({ request }) => request)).toEqual([1, 2, 3]);
    port.close();
  });

  it("once closed stays closed, says so, and refuses what is sent", async () => {
    const server = await openServer();
    const { client, port, sockets } = connect(server.url);
    await connected(client);
    const closed = new Promise((resolve) => sockets[0]!.addEventListener("close", resolve));
    const asked = client.createJob("held");
    port.close();
    await expect(asked).rejects.toMatchObject({ code: "E_CLOSED" });
    await closed;
    expect(port.readyState).toBe(3);
    expect(client.getSnapshot().connected).toBe(false);
    expect(() => port.send!("{}")).toThrow("The port was closed");
    dispatchEvent(new Event("online"));
    expect(sockets.length).toBe(1);
    await expect(client.createJob("held")).rejects.toMatchObject({ code: "E_CLOSED" });
  });

  it("holds no more than it may of what waits", async () => {
    const server = await openServer();
    await server.ask("away");
    const port = reconnecting(() => new WebSocket(server.url));
    port.send!("x".repeat(16_000_000));
    expect(() => port.send!("x")).toThrow("More than 16000000 characters");
    port.close();
  });

  it("refuses what is wrong, and throws what the first socket throws", () => {
    const open = () => new WebSocket("ws://127.0.0.1:9");
    expect(() => reconnecting(1 as never)).toThrow("open must be a function, got number");
    expect(() => reconnecting(open, { min: 0 })).toThrow("min must be finite and above 0, got 0");
    expect(() => reconnecting(open, { min: 100, max: 10 })).toThrow("max must be finite and at least min, got 10");
    expect(() => reconnecting(open, { max: Infinity })).toThrow("max must be finite");
    expect(() => reconnecting(() => new WebSocket("ftp://localhost"))).toThrow();
    expect(() => reconnecting(() => 5 as never)).toThrow(TypeError);
  });

  it("takes a later `open` that throws for an attempt that has failed", async () => {
    const server = await openServer();
    let calls = 0;
    const port = reconnecting(
      () => {
        calls += 1;
        if (calls === 2) throw new Error("not now");
        return new WebSocket(server.url);
      },
      { min: 1, max: 5 },
    );
    const client = new QueueClient(port);
    await connected(client);
    const isAway = away(client);
    await server.ask("drop");
    await isAway;
    await connected(client);
    expect(calls).toBe(3);
    port.close();
  });

  it.each(["gives a socket", "throws"])("closed by a later `open`, which then %s, stays closed", async (way) => {
    const clock = useTestClock();
    onTestFinished(() => clock.restore());
    const sockets: ScriptedSocket[] = [];
    let calls = 0;
    const port = reconnecting(() => {
      calls += 1;
      if (calls === 2) {
        port.close();
        if (way === "throws") throw new Error("no more");
      }
      const socket = new ScriptedSocket(() => {}, calls === 1);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    });
    await clock.advance(60_000);
    expect([calls, port.readyState]).toEqual([2, 3]);
    expect(sockets.map(({ readyState }) => readyState)).toEqual(way === "throws" ? [3] : [3, 3]);
  });
});

describe("a runner that closes", () => {
  it("is gone for its clients, until there is another at its address", async () => {
    const server = await openServer();
    const { client } = connect(server.url);
    await connected(client);
    const isAway = away(client);
    await server.ask("close");
    await isAway;
    expect(client.getSnapshot().connected).toBe(false);
  });
});

/** A client whose sockets are the test's. */
function scripted(hears: ConstructorParameters<typeof ScriptedSocket>[0]) {
  const sockets: ScriptedSocket[] = [];
  const port = reconnecting(
    () => {
      const socket = new ScriptedSocket(hears);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    { min: 1, max: 5 },
  );
  const client = new QueueClient(port);
  onTestFinished(() => {
    client.close();
    port.close();
  });
  return { client, sockets };
}

describe("a socket that says nothing", () => {
  /** Of a server that answers with `pong`, as long as it is there. */
  async function silent() {
    const clock = useTestClock();
    onTestFinished(clock.restore);
    const server = { isThere: true };
    const { client, sockets } = scripted((socket, { type }) => {
      if (server.isThere && type === "ping") socket.say({ type: "pong" });
    });
    await connected(client);
    const pings = () => sockets.map(({ heard }) => heard.filter(({ type }) => type === "ping").length);
    return { clock, server, client, sockets, pings };
  }

  it("for 30 seconds is asked whether its server is there, and stays as long as that answers", async () => {
    const { clock, client, sockets, pings } = await silent();
    await clock.advance(20_000);
    sockets[0]!.say({ type: "stats_update", stats: client.getQueueStats(), seq: 0 });
    await clock.advance(29_999);
    expect(pings()).toEqual([0]);
    for (let times = 1; times <= 3; times += 1) {
      await clock.advance(1);
      expect(pings()).toEqual([times]);
      await clock.advance(29_999);
      expect(pings()).toEqual([times]);
    }
    expect([client.getSnapshot().connected, sockets[0]!.readyState]).toEqual([true, 1]);
  });

  it("is given up when nobody has answered for 10 seconds, and followed by another", async () => {
    const { clock, server, client, sockets, pings } = await silent();
    server.isThere = false;
    await clock.advance(39_999);
    expect([pings(), client.getSnapshot().connected]).toEqual([[1], true]);
    const isAway = away(client);
    await clock.advance(1);
    await isAway;
    expect(sockets[0]!.readyState).toBe(3);
    await clock.advance(5);
    await connected(client);
    expect(pings()).toEqual([1, 0]);
  });

  it.each([
    ["the machine is online again", () => dispatchEvent(new Event("online"))],
    ["the page is shown again", () => document.dispatchEvent(new Event("visibilitychange"))],
  ])("is asked at once when %s: it may have been lost meanwhile", async (_, happens) => {
    const { clock, server, client, sockets, pings } = await silent();
    happens();
    expect(pings()).toEqual([1]);
    await clock.advance(10_000);
    expect([sockets.length, client.getSnapshot().connected]).toEqual([1, true]);
    server.isThere = false;
    happens();
    happens();
    await clock.advance(9999);
    expect([pings(), client.getSnapshot().connected]).toEqual([[2], true]);
    await clock.advance(6);
    await connected(client);
    expect(pings()).toEqual([2, 0]);
  });
});

describe("a server that says that it leaves", () => {
  it("is waited for: what is asked meanwhile, and what was on its way, is asked of who comes next", async () => {
    const { client, sockets } = scripted((socket, message) => {
      if (socket === sockets[1]) socket.agree(message);
    });
    await connected(client);
    const before = client.createJob("held", {}, { id: "before" });
    const isAway = away(client);
    sockets[0]!.say({ type: "error", error: "This server is stopping", code: 410 });
    await isAway;
    const meanwhile = client.createJob("held", {}, { id: "meanwhile" });
    sockets[0]!.lose(1001);
    expect((await before).id).toBe("before");
    expect((await meanwhile).id).toBe("meanwhile");
    await connected(client);
  });
});

describe("a server that takes smaller messages than others", () => {
  it("refuses with E_REFUSED what is larger, which is sent once; what was on its way beside it is sent again", async () => {
    const { client, sockets } = scripted((socket, message, size) => {
      if (size > 1000) socket.lose(1009);
      else if (socket !== sockets[0]) socket.agree(message);
    });
    await connected(client);
    const small = client.createJob("held", { label: "small" });
    const large = client.createJob("held", { label: "x".repeat(1000) });
    const after = client.createJob("held", { label: "after" });
    await expect(large).rejects.toMatchObject({ code: "E_REFUSED", message: expect.stringContaining("bytes") });
    await Promise.all([small, after]);
    const created = sockets.flatMap(({ heard }) => heard).filter(({ type }) => type === "create_job");
    expect(created.filter((message) => JSON.stringify(message).length > 1000)).toHaveLength(1);
    expect(sockets).toHaveLength(2);
  });
});
