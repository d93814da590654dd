// Three reckon how long a job waits before it is tried again: the engine of managers and runners, that of the shared queue,
// and JavaScript where BullMQ asks. In Node, where all three are.
import { randomUUID } from "node:crypto";
import { JobManager, type RetryOptions } from "jobgate";
import { SharedRunner } from "jobgate/shared";
import { type TestClock, useTestClock } from "jobgate/testing";
import { expect, it, onTestFinished } from "vitest";
import { storedRetry, waitBefore } from "../../src/facade/server/retry.ts";

const RANDOM = 0.5;

type Retry = number | (Omit<RetryOptions, "delay"> & { delay?: number });
type Run = (retry: Retry, body: () => never) => Promise<unknown>;

const inManager: Run = async (retry, body) => new JobManager().runJob("job", body, { retry });

const inSharedQueue: Run = (retry, body) => {
  const runner = new SharedRunner({
    name: randomUUID(),
    fallback: "memory",
    builtins: false,
    types: [{ name: "fails", description: "", params: [], execute: async () => body() }],
  });
  onTestFinished(() => runner.close());
  return runner.createJob("fails", {}, { retry });
};

/** The milliseconds between the starts of a job whose every attempt fails at once. */
async function waits(clock: TestClock, run: Run, retry: Retry, total: number): Promise<number[]> {
  const starts: number[] = [];
  const ran = run(retry, () => {
    starts.push(clock.now);
    throw new Error("again");
  });
  await clock.advance(total);
  await ran;
  return starts.slice(1).map((start, at) => start - starts[at]!);
}

const cases: Retry[] = [
  3,
  { limit: 7 },
  { limit: 7, jitter: "none" },
  { limit: 5, delay: 100, maxDelay: 700, jitter: "none" },
  { limit: 3, delay: 250, backoff: "fixed" },
  { limit: 2, delay: 900, maxDelay: 300, backoff: "fixed", jitter: "none" },
  { limit: 8, delay: 60_000, maxDelay: Infinity },
  // Doubled more often than a number can be.
  { limit: 1030, delay: 0 },
];

it.each(cases)("the waits of %j are the same in a manager, a shared queue and on a server", async (retry) => {
  const clock = useTestClock({ now: 0, random: () => RANDOM });
  onTestFinished(clock.restore);
  const limit = typeof retry === "number" ? retry : retry.limit;
  const onServer = Array.from({ length: limit }, (_, at) => waitBefore(at + 1, storedRetry(retry), RANDOM));
  const total = onServer.reduce((sum, wait) => sum + wait, 1);
  expect(await waits(clock, inManager, retry, total)).toEqual(onServer);
  expect(await waits(clock, inSharedQueue, retry, total)).toEqual(onServer);
});
