// How long a page waits for its 10,000 pending jobs, at a gateway that has just been started and at one that knows them.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobStore } from "../../../src/facade/server/store.ts";
import { cpuOf } from "../support/cpu.ts";
import { openPage, spawnGateway } from "../support/gateways.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { newJob, openStore, unbounded } from "../support/stores.ts";

const JOBS = 10_000;
const AT_ONCE = 200;
const ROUNDS = 3;

let redis: TestRedis;
let store: JobStore;

beforeAll(async () => {
  redis = await startRedis();
  store = await openStore(redis.url);
  let next = 0;
  const lane = async () => {
    while (next < JOBS) {
      const at = next++;
      const params = { label: `job ${at} of many` };
      await store.create("alice", newJob(`job ${at}`, { params, priority: at % 7 }), unbounded);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}, 120_000);

afterAll(async () => {
  await store.close();
  await redis.stop();
});

test("10,000 pending jobs", async () => {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const gateway = await spawnGateway(redis.url);
    const cpu = () => cpuOf(gateway.child.pid!) + cpuOf(redis.pid);
    const times: string[] = [];
    for (const state of ["cold", "warm"]) {
      const began = performance.now();
      const before = cpu();
      const page = openPage("alice", [gateway]);
      await page.until(({ connected, jobs }) => connected && jobs.length === JOBS);
      times.push(`${state} ${(performance.now() - began).toFixed(0)} ms, of CPU ${cpu() - before} ms`);
      expect(new Set(page.client.getAllJobs().map(({ id }) => id)).size).toBe(JOBS);
      page.close();
    }
    console.log(`open, round ${round}: ${times.join(", ")}`);
    gateway.close();
  }
});
