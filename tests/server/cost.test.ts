import { expect, test } from "vitest";
import { ownCost, rawCost } from "./bench/cost.mts";
import { startRedis } from "./support/redis.ts";

/** CPU is this process's own, so that a busy machine weighs on both alike; Redis's is told, and is its own business. */
const MOST = 2.5;

test("a job costs at most two and a half times what BullMQ by itself takes", async () => {
  await using redis = await startRedis();
  const count = 1500;
  await rawCost(redis, 300);
  await ownCost(redis, 300);
  await redis.client.flushall();
  const raw = await rawCost(redis, count);
  const own = await ownCost(redis, count);
  const say = ({ cpu, redis: ofRedis, perSecond }: typeof raw) =>
    `${cpu.toFixed(2)} ms, Redis ${ofRedis.toFixed(2)} ms, ${perSecond.toFixed(0)} jobs/s`;
  console.log(`a job of BullMQ ${say(raw)}; of jobgate/server ${say(own)}`);
  expect(own.cpu / raw.cpu).toBeLessThanOrEqual(MOST);
});
