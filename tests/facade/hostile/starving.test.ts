import { NonRetriableError } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { deferred } from "../support/work.js";
import { Bystanders } from "./support/bystanders.js";

/** So many attempts without a timer's turn, and a user takes the page for dead. */
const MANY = 20_000;

const fail = () => {
  throw new Error("again");
};

const bodies: Record<string, () => unknown> = {
  "rejects at once": async () => fail(),
  "throws at once": fail,
  "gives a promise that has rejected": () => Promise.reject(new Error("again")),
  "gives a thenable that rejects at once": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    then: (_: unknown, reject: (error: unknown) => void) => reject(new Error("again")),
  }),
  "gives a Job that can't be listened to": () => ({ stop: async () => {}, onStopped: fail }),
};

const retries: Record<string, object> = {
  "without delay": { delay: 0 },
  "without delay, fixed": { delay: 0, backoff: "fixed", jitter: "none" },
  "with a longest delay of 0": { delay: 1000, maxDelay: 0 },
  "asked for each time": { delay: 0, retryIf: (error: unknown) => !(error instanceof NonRetriableError) },
};

describe.each(Object.entries(bodies))("a body that %s, retried for ever", (_, body) => {
  it.each(Object.entries(retries))("%s: timers still fire, and a stop still ends it", async (_, retry) => {
    const others = new Bystanders();
    const manager = newManager();
    let attempts = 0;
    let fired = false;
    const timer = deferred();
    setTimeout(() => {
      fired = true;
      timer.resolve();
    }, 20);
    const { job } = manager.runJob("k", () => (++attempts > MANY ? "let off" : body()), {
      retry: { limit: Number.POSITIVE_INFINITY, ...retry },
    });
    await Promise.race([timer.promise, job.settled]);
    expect(fired).toBe(true);
    expect(attempts).toBeLessThan(MANY);
    while (attempts < 2) await new Promise((resolve) => setTimeout(resolve));
    await job.stop("enough");
    expect(job.completion).toEqual({ type: "Cancelled", reason: "enough" });
    await others.leave();
  });
});

it("many jobs retried for ever leave the page its turns", async () => {
  const manager = newManager({ concurrency: 10 });
  let attempts = 0;
  for (let key = 0; key < 50; key += 1) {
    manager.runJob(`${key}`, async () => (++attempts > MANY ? "let off" : fail()), {
      retry: { limit: Number.POSITIVE_INFINITY, delay: 0 },
    });
  }
  const timer = deferred();
  let fired = false;
  setTimeout(() => {
    fired = true;
    timer.resolve();
  }, 20);
  await Promise.race([timer.promise, manager.onIdle()]);
  expect(fired).toBe(true);
  await manager.stopAll("enough");
  expect(manager.stats).toMatchObject({ running: 0, pending: 0 });
});
