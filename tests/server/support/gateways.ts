import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { QueueClient, reconnecting } from "jobgate/queue-client";
import { type GatewayOptions, QueueGateway, type ServerJobType } from "jobgate/server";
import { expect } from "vitest";
import { WebSocket as NodeSocket } from "ws";
import { patient } from "./redis.ts";

const label = { name: "label", type: "string", default: "" } as const;
const type = (name: string): ServerJobType => ({
  name,
  description: "",
  params: [label],
  isolate: "none",
  execute: () => {
    throw new Error("runs elsewhere");
  },
});

export const types = ["held", "work"].map(type);
export const ORIGIN = "https://app.example";

type Options = GatewayOptions<{ readonly name: string }>;

export interface Site extends AsyncDisposable {
  readonly gateway: QueueGateway<{ readonly name: string }>;
  readonly url: string;
  /** Of the queue of a user, over WebSockets. */
  socketUrl(user: string): string;
  ask(user: string | undefined, path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** A gateway behind a server of its own. Who asks says who it is, by `?user=`. */
export async function openGateway(redis: string | object, options: Partial<Options> = {}): Promise<Site> {
  const gateway = new QueueGateway<{ readonly name: string }>({
    redis: typeof redis === "string" ? patient(redis) : redis,
    types,
    authorize: (request) => {
      const name = new URL(request.url).searchParams.get("user");
      return name === null ? undefined : { name };
    },
    scope: ({ name }) => name,
    origins: [ORIGIN],
    ...options,
  });
  const server = createServer((request, response) => void answer(gateway, request, response));
  server.on("upgrade", gateway.upgrade);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    await gateway.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    gateway,
    url,
    socketUrl: (user) => `ws://127.0.0.1:${port}/?user=${user}`,
    ask: (user, path, init) =>
      fetch(`${url}/api${path}${user === undefined ? "" : `${path.includes("?") ? "&" : "?"}user=${user}`}`, init),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function answer(gateway: QueueGateway<never>, incoming: IncomingMessage, response: ServerResponse) {
  const body: Buffer[] = [];
  for await (const part of incoming) body.push(part);
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method ?? "GET",
    headers: incoming.headers as Record<string, string>,
    signal: gone.signal,
    ...(body.length > 0 && { body: Buffer.concat(body) }),
  });
  const told = await gateway.fetch(request);
  response.writeHead(told.status, Object.fromEntries(told.headers));
  try {
    for await (const part of told.body ?? []) response.write(part);
  } catch {
    // The stream broke off: so does the answer.
  }
  response.end();
}

/** A gateway in a process of its own, for tests that stop it. */
export async function spawnGateway(redis: string, retain = 1000) {
  const script = join(import.meta.dirname, "gateway-process.mjs");
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, REDIS_URL: redis, RETAIN: `${retain}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await once(child.stdout, "data");
  const close = () => {
    child.kill("SIGKILL");
  };
  return { socketUrl: (user: string) => `ws://127.0.0.1:${Number(port)}/?user=${user}`, child, close };
}

export interface Page {
  readonly client: QueueClient;
  readonly sockets: NodeSocket[];
  close(): void;
  /** Resolves when what the client holds fits. */
  until(fits: (snapshot: ReturnType<QueueClient["getSnapshot"]>) => boolean): Promise<void>;
}

/** A page at one gateway after the other of those, as it happens. */
export function openPage(user: string, sites: readonly Pick<Site, "socketUrl">[], timeout = 30_000): Page {
  const sockets: NodeSocket[] = [];
  let turn = 0;
  const port = reconnecting(
    () => {
      const socket = new NodeSocket(sites[turn++ % sites.length]!.socketUrl(user));
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    { min: 20, max: 200 },
  );
  const client = new QueueClient(port, { timeout });
  return {
    client,
    sockets,
    close() {
      client.close();
      port.close();
    },
    until: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          if (!fits(client.getSnapshot())) return;
          stop();
          resolve();
        };
        const stop = client.subscribe(look);
        look();
      }),
  };
}

/** BullMQ's own worker: "work" ends at once, "held" when the test says so. */
export interface Hands {
  /** Resolves when it runs. */
  taken(
    id: string,
  ): Promise<{ end(result: unknown): void; fail(error: Error): void; progress(percent: number): Promise<void> }>;
  close(): Promise<void>;
}

export async function openHands(url: string, concurrency = 50): Promise<Hands> {
  const connection = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  connection.on("error", () => {});
  type Held = Awaited<ReturnType<Hands["taken"]>>;
  const held = new Map<string, Held>();
  const wanted = new Map<string, () => void>();
  const worker = new Worker(
    "jobgate",
    (job) => {
      if (job.name === "work") return Promise.resolve({ result: job.data.params.label });
      return new Promise((resolve, reject) => {
        const id = job.id!.split("@")[0]!;
        const progress = (percent: number) => job.updateProgress({ percent, message: `at ${percent}` });
        held.set(id, { end: (result) => resolve({ result }), fail: reject, progress });
        wanted.get(id)?.();
      });
    },
    { connection, concurrency, drainDelay: 1 },
  );
  worker.on("error", () => {});
  await worker.waitUntilReady();
  return {
    async taken(id) {
      if (!held.has(id)) await new Promise<void>((resolve) => wanted.set(id, resolve));
      return held.get(id)!;
    },
    async close() {
      for (const { fail } of held.values()) fail(new Error("over"));
      await worker.close(true);
      connection.disconnect();
    },
  };
}

/** Both list the same, in the same order, and count the same, once what is on its way has arrived. */
export const agree = (one: Page, other: Page) => {
  const held = ({ client }: Page) => [client.getAllJobs(), client.getQueueStats()];
  return expect.poll(() => isDeepStrictEqual(held(one), held(other))).toBe(true);
};
