// examples/server as its README says: `npm start`, a page, a worker that is killed. With a Redis of its own: see the tests of the dashboard.

import { QueueClient, reconnecting } from "jobgate/queue-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket as NodeSocket } from "ws";
import { type Example, startExample } from "./support/example.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";

let redis: TestRedis;
let example: Example;
let address: string;

beforeAll(async () => {
  redis = await startRedis();
  example = await startExample({ REDIS_URL: redis.url });
  ({ address } = example);
}, 300_000);

afterAll(async () => {
  await example?.stop();
  await redis.stop();
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${address}${path}`, { headers });

/** What a browser has after its first look at the page. */
async function visit(): Promise<{ client: QueueClient; cookie: string; close(): void }> {
  const page = await get("/small.html");
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
  const { id } = await alice.client.createJob("sieve", { limit: 10_000 });
  await expect.poll(() => alice.client.getJob(id)?.status, { timeout: 30_000 }).toBe("completed");
  expect(alice.client.getJob(id)?.result).toMatchObject({ count: 1229 });
  const asked = await get(`/api/jobs/${id}`, { Cookie: alice.cookie });
  expect(await asked.json()).toMatchObject({ id, result: { count: 1229, largest: 9973 } });
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
  const { id } = await client.createJob("countdown", { seconds: 60 });
  await expect.poll(() => client.getJob(id)?.status, { timeout: 30_000 }).toBe("running");
  const { worker_id: first = "", attempt } = client.getJob(id)!;
  process.kill(Number(/(\d+)$/.exec(first)![1]), "SIGKILL");
  const goesOn = () => {
    const job = client.getJob(id)!;
    return job.status === "running" && job.worker_id !== first && job.attempt > attempt;
  };
  await expect.poll(goesOn, { timeout: 50_000 }).toBe(true);
  expect(await client.cancelJob(id)).toBe(true);
  close();
});

it("keeps its jobs in the Redis that REDIS_URL names, and logs lines of JSON", async () => {
  expect(await redis.client.keys("bull:example:*")).not.toEqual([]);
  const logs = example.lines().filter((line) => line.startsWith("{"));
  const said = logs.map((line) => JSON.parse(line));
  for (const one of said) expect(one).toMatchObject({ level: expect.any(Number), time: expect.any(Number) });
  expect(new Set(said.map(({ name }) => name))).toEqual(new Set(["gateway", "worker"]));
});
