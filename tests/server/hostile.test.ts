// Options that misbehave: refused by an error that names the field, or taken; nothing hangs, nothing is left behind.
import { QueueClient } from "jobgate/queue-client";
import { QueueGateway, QueueWorker } from "jobgate/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Hostile, revokedProxy, throwingProxy } from "../facade/hostile/support/unreadable.ts";
import { primitives } from "../facade/hostile/values.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { typesOf } from "./support/types.mjs";

let redis: TestRedis;
const stray: unknown[] = [];
const note = (error: unknown) => void stray.push(error);

beforeAll(async () => {
  redis = await startRedis();
  process.on("unhandledRejection", note);
});
afterAll(async () => {
  process.off("unhandledRejection", note);
  await redis.stop();
});

const values: readonly (readonly [string, () => unknown])[] = [
  ...Object.entries(primitives).map(([name, make]) => [name, () => make(undefined as never)] as const),
  ["an object that throws", () => throwingProxy()],
  ["a revoked proxy", () => revokedProxy()],
  ["an array", () => [1, "two", {}]],
  [
    "a function that throws",
    () => () => {
      throw new Hostile("a function that was called");
    },
  ],
];

const kinds = {
  QueueWorker: {
    open: (options: never) => new QueueWorker(options),
    good: () => ({ concurrency: 1, rateLimit: { limit: 1, interval: 1000 }, lock: 5000, maxLost: 1, name: "name" }),
  },
  QueueGateway: {
    open: (options: never) => new QueueGateway(options),
    good: () => ({
      authorize: () => undefined,
      origins: ["https://app.example"],
      scope: () => "scope",
      may: () => true,
      retain: 10,
      maxPending: 10,
      maxMessage: 1000,
      rateLimit: { limit: 1, interval: 1000 },
    }),
  },
};

describe.each(Object.entries(kinds))("%s", (_, { open, good }) => {
  const all = () => ({ redis: redis.url, queue: "hostile", types: typesOf("none"), ...good() });
  /** The error, or undefined where it was taken, which then closes. */
  async function tried(options: unknown): Promise<unknown> {
    let opened: { close(): Promise<void> };
    try {
      opened = open(options as never);
    } catch (error) {
      return error;
    }
    await opened.close();
    return undefined;
  }

  it.each(["redis", "queue", "types", ...Object.keys(good())])("%s that is none", async (field) => {
    let refused = 0;
    for (const [name, value] of values) {
      const error = await tried({ ...all(), [field]: value() });
      if (error === undefined) continue;
      refused += 1;
      const words = `${field}: ${name}: ${error}`;
      expect([TypeError, RangeError, Hostile].some((kind) => error instanceof kind) || words).toBe(true);
      if (!(error instanceof Hostile) && name !== "a revoked proxy")
        expect(words).toMatch(new RegExp(`Error: .*\\b${field}\\b`));
    }
    expect(refused).toBeGreaterThan(0);
    expect(await tried(all())).toBeUndefined();
    expect(stray).toEqual([]);
  });

  it("a field that throws when it is read", async () => {
    for (const field of Object.keys(all())) {
      const options = Object.defineProperty(all(), field, {
        get: () => {
          throw new Hostile(`the getter of ${field}`);
        },
      });
      expect(await tried(options)).toBeInstanceOf(Hostile);
    }
    for (const [name, value] of values)
      if (name !== "an array") expect([name, await tried(value())]).not.toEqual([name, undefined]);
    await expect
      .poll(
        async () =>
          String(await redis.client.client("LIST"))
            .trim()
            .split("\n").length,
      )
      .toBe(1);
    expect(stray).toEqual([]);
  });
});

describe("a `may` that throws", () => {
  it("whatever it is: who has asked is told, and the gateway goes on", async () => {
    const options = {
      redis: redis.url,
      queue: "hostile",
      types: typesOf("none"),
      authorize: () => "user",
      origins: [],
    };
    let thrown: unknown;
    const may = () => {
      throw thrown;
    };
    const gateway = new QueueGateway({ ...options, scope: () => "scope", may });
    const { port1, port2 } = new MessageChannel();
    gateway.serve(port1 as never, "user");
    const client = new QueueClient(port2 as never);
    for (const [name, value] of values) {
      thrown = value();
      const answer = await client.createJob("echo", { text: name }).catch((error) => error);
      expect([name, answer instanceof Error]).toEqual([name, true]);
    }
    expect(client.getAllJobs()).toEqual([]);
    client.close();
    port1.close();
    await gateway.close();
    expect(stray).toEqual([]);
  });
});
