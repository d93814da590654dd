import { expect, it } from "vitest";
import { growthOf } from "../support/growth.js";
import { asWorker, echoAtOnce, FakeWorker } from "./support/fake-worker.js";
import { newPool } from "./support/pool.js";

type Context = Parameters<ReturnType<ReturnType<typeof newPool>["job"]>>[0];

/** Of an attempt of nobody's: what a manager's jobs cost is not in it. */
const context = (signal: AbortSignal) =>
  ({ id: "1", attempt: 1, signal, progress() {}, log() {} }) as unknown as Context;

function stopping(count: number) {
  const pool = newPool({ size: 1, grace: 250, spawn: () => asWorker(new FakeWorker()) });
  const factory = pool.job("held");
  const controllers = Array.from({ length: count }, () => new AbortController());
  return async () => {
    const ends = controllers.map(({ signal }) =>
      (factory(context(signal)) as Promise<unknown>).catch((reason) => reason),
    );
    // From the middle outwards, where taking one out of a row costs most. The first is with the worker.
    for (let step = 0; step < count / 2; step += 1) {
      for (const place of [count / 2 - step - 1, count / 2 + step]) controllers[place]!.abort(place);
    }
    const reasons = await Promise.all(ends.slice(1));
    expect(reasons).toEqual(controllers.slice(1).map((_, place) => place + 1));
    expect(pool.stats).toMatchObject({ spawned: 1 });
  };
}

function running(count: number) {
  const pool = newPool({ size: 1, spawn: () => asWorker(new FakeWorker(echoAtOnce)) });
  const signals = Array.from({ length: count }, () => new AbortController().signal);
  return async () => {
    const results = await Promise.all(signals.map((signal, place) => pool.job("echo", place)(context(signal))));
    expect(results.at(-1)).toBe(count - 1);
    expect(new Set(results).size).toBe(count);
  };
}

it.each([
  ["stopped while they wait", stopping],
  ["run one after the other by a worker that answers at once", running],
])(
  "100,000 jobs %s take about four times as long as 25,000",
  async (_, shape) => {
    expect(await growthOf(shape, 25_000)).toBe("in proportion");
  },
  300_000,
);
