// examples/server as its README says: `npm start`, a page, a worker that is killed.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QueueClient, reconnecting } from "jobgate/queue-client";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { WebSocket as NodeSocket } from "ws";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "jobgate-example-"));
let address: string;
let running: ChildProcess;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${address}${path}`, { headers });

beforeAll(async () => {
  // Away from the checkout, with the package as packed.
  const others = (source: string) => !source.includes("node_modules");
  cpSync(join(root, "examples/server"), folder, { recursive: true, filter: others });
  const packed = join(root, "build/jobgate.tgz");
  const options = ["--no-audit", "--no-fund", "--ignore-scripts"];
  execFileSync("npm", ["install", packed, ...options], { cwd: folder, stdio: "inherit" });
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  const { REDIS_URL: _, ...env } = process.env;
  running = spawn("npm", ["start"], {
    cwd: folder,
    env: { ...env, PORT: `${port}`, LOG_LEVEL: "error" },
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  await vi.waitFor(async () => expect((await get("/healthz")).status).toBe(200), { timeout: 60_000, interval: 200 });
}, 180_000);

afterAll(async () => {
  const gone = new Promise((resolve) => running.once("exit", resolve));
  process.kill(-running.pid!, "SIGTERM");
  await gone;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** What a browser has after its first look at the page. */
async function visit(): Promise<{ client: QueueClient; cookie: string; close(): void }> {
  const page = await get("/");
  expect(await page.text()).toContain("page.mjs");
  const cookie = page.headers.get("set-cookie")!.split(";")[0]!;
  const headers = { Cookie: cookie, Origin: address };
  const socket = () => new NodeSocket(address.replace("http", "ws"), { headers }) as unknown as WebSocket;
  const port = reconnecting(socket);
  const client = new QueueClient(port);
  const close = () => {
    client.close();
    port.close();
  };
  return { client, cookie, close };
}

it("runs a page's jobs on workers, and another browser sees none of them", async () => {
  const [alice, bob] = [await visit(), await visit()];
  const { id } = await alice.client.createJob("primes", { below: 10_000 });
  await expect.poll(() => alice.client.getJob(id)?.status, { timeout: 30_000 }).toBe("completed");
  expect(alice.client.getJob(id)?.result).toBe(1229);
  const asked = await get(`/api/jobs/${id}`, { Cookie: alice.cookie });
  expect(await asked.json()).toMatchObject({ id, result: 1229 });
  expect((await get(`/api/jobs/${id}`, { Cookie: bob.cookie })).status).toBe(404);
  expect((await get("/api/jobs")).status).toBe(401);
  expect(bob.client.getAllJobs()).toEqual([]);
  expect(await (await get("/metrics")).text()).toMatch(/jobgate_jobs\{state="completed"\} [1-9]/);
  expect((await get("/board")).status).toBe(200);
  expect((await get("/jobgate/queue-client.js")).status).toBe(200);
  alice.close();
  bob.close();
});

it("goes on with a job whose worker was killed, on the other", async () => {
  const { client, close } = await visit();
  const { id } = await client.createJob("countdown", { seconds: 3 });
  await expect.poll(() => client.getJob(id)?.status, { timeout: 30_000 }).toBe("running");
  const first = client.getJob(id)!.worker_id!;
  process.kill(Number(/(\d+)$/.exec(first)![1]), "SIGKILL");
  await expect.poll(() => client.getJob(id)?.status, { timeout: 50_000 }).toBe("completed");
  expect(client.getJob(id)).toMatchObject({ result: "lift-off", attempt: 2 });
  expect(client.getJob(id)!.worker_id).not.toBe(first);
  close();
});
