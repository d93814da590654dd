import { expect, it } from "vitest";
import { asWorker, echoAtOnce, FakeWorker } from "./support/fake-worker.js";
import { newPool } from "./support/pool.js";

type Context = Parameters<ReturnType<ReturnType<typeof newPool>["job"]>>[0];

/** Of an attempt of nobody's: what a manager's jobs cost is not in it. */
const context = (signal: AbortSignal) =>
  ({ id: "1", attempt: 1, signal, progress() {}, log() {} }) as unknown as Context;

async function timeToStop(count: number): Promise<number> {
  const pool = newPool({ size: 1, spawn: () => asWorker(new FakeWorker()) });
  const factory = pool.job("held");
  const controllers = Array.from({ length: count }, () => new AbortController());
  const began = performance.now();
  const ends = controllers.map(({ signal }) =>
    (factory(context(signal)) as Promise<unknown>).catch((reason) => reason),
  );
  // From the middle outwards, where taking one out of a row costs most. The first is with the worker.
  for (let step = 0; step < count / 2; step += 1) {
    for (const place of [count / 2 - step - 1, count / 2 + step]) controllers[place]!.abort(place);
  }
  const reasons = await Promise.all(ends.slice(1));
  const took = performance.now() - began;
  expect(reasons).toEqual(controllers.slice(1).map((_, place) => place + 1));
  expect(pool.stats).toMatchObject({ spawned: 1 });
  return took;
}

async function timeToRun(count: number): Promise<number> {
  const pool = newPool({ size: 1, spawn: () => asWorker(new FakeWorker(echoAtOnce)) });
  const signals = Array.from({ length: count }, () => new AbortController().signal);
  const began = performance.now();
  const results = await Promise.all(signals.map((signal, place) => pool.job("echo", place)(context(signal))));
  const took = performance.now() - began;
  expect(results.at(-1)).toBe(count - 1);
  expect(new Set(results).size).toBe(count);
  return took;
}

it.each([
  ["stopped while they wait", timeToStop],
  ["run one after the other by a worker that answers at once", timeToRun],
])(
  "100,000 jobs %s take about four times as long as 25,000",
  async (_, time) => {
    const few: number[] = [];
    const many: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      few.push(await time(25_000));
      many.push(await time(100_000));
    }
    // A square would be sixteen times as long.
    expect(Math.min(...many) / Math.min(...few)).toBeLessThan(10);
  },
  120_000,
);
