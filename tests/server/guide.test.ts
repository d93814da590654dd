// The guide's worker, its thread and its bodies, and its gateway, for real.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startGateway } from "../.guides/server/gateway.ts";
import { startWorker } from "../.guides/server/worker.ts";
import { expectAnsweredAfterRefusal, statusOf } from "../guides/node/support.ts";
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

test("the guide's gateway refuses what is no request, and lives", async () => {
  await using redis = await startRedis();
  const before = process.listeners("SIGTERM");
  const server = startGateway(redis.url, async (cookie) =>
    cookie === "" ? undefined : { team: "alice", isAdmin: false },
  );
  const ending = process.listeners("SIGTERM").filter((listener) => !before.includes(listener));
  onTestFinished(() => {
    for (const listener of ending) process.off("SIGTERM", listener);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await statusOf(`${site}/api/jobs`, { method: "TRACE" })).toBe(400);
  expect(await statusOf(`${site}/api/jobs`, { headers: { Host: "[" } })).toBe(400);
  expect(await statusOf(`${site}/api/jobs`, { headers: { Cookie: "alice" } })).toBe(200);
  await expectAnsweredAfterRefusal(`${site}/api/jobs`, { Cookie: "alice" });
  const closed = new Promise((resolve) => server.once("close", resolve));
  for (const listener of ending) listener("SIGTERM");
  await closed;
});
