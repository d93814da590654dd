// The guide's worker, its thread and its bodies, for real.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startWorker } from "../.guides/server/worker.ts";
import { startRedis } from "./support/redis.ts";
import { newJob, openStore, unbounded } from "./support/stores.ts";

test("the guide's worker runs its body in a thread, and its type says what is tried again", async () => {
  await using redis = await startRedis();
  const images = createServer(({ url }, response) => response.writeHead(url === "/image" ? 200 : 404).end("image"));
  await new Promise<void>((resolve) => images.listen(0, "127.0.0.1", resolve));
  const store = await openStore(redis.url);
  const listeners = process.listeners("SIGTERM");
  const worker = startWorker(redis.url);
  onTestFinished(async () => {
    for (const listener of process.listeners("SIGTERM")) {
      if (!listeners.includes(listener)) process.off("SIGTERM", listener);
    }
    images.close();
  });
  const address = `http://127.0.0.1:${(images.address() as AddressInfo).port}`;
  for (const name of ["image", "nothing"]) {
    const params = { url: `${address}/${name}`, width: 100 };
    await store.create("alice", newJob(name, { type: "resize", params }), unbounded);
  }
  const record = async (id: string) => (await store.get("alice", id))?.record;
  await expect
    .poll(() => record("image"), { timeout: 20_000 })
    .toMatchObject({ status: "completed", result: { bytes: 5 }, progress: { message: "fetched" } });
  await expect
    .poll(() => record("nothing"), { timeout: 20_000 })
    .toMatchObject({ status: "failed", attempt: 1, error: { code: "E_NO_IMAGE" } });
  await worker.close();
  await store.close();
});
