import { afterAll, afterEach, beforeAll } from "vitest";
import { startRedis, type TestRedis } from "./redis.ts";

/** A Redis for the tests of a file, emptied after each; what a test has put into `open` is closed before, the last first. */
export function oneRedis(): { readonly redis: TestRedis; readonly open: { close(): unknown }[] } {
  const open: { close(): unknown }[] = [];
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
    await redis.client.flushall();
  });
  return {
    get redis() {
      return redis;
    },
    open,
  };
}
