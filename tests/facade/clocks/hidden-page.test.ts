import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newManager } from "../support/manager.js";
import { deferred, Work } from "../support/work.js";

let hidden = false;
const made: Worker[] = [];
const ended: Worker[] = [];
const RealWorker = globalThis.Worker;

/** What a browser does: says so, and tells. */
function setHidden(now: boolean): void {
  hidden = now;
  document.dispatchEvent(new Event("visibilitychange"));
}

class WatchedWorker extends RealWorker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    made.push(this);
  }
  override terminate(): void {
    ended.push(this);
    super.terminate();
  }
}

beforeEach(() => {
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
  vi.stubGlobal("Worker", WatchedWorker);
  // A hidden page's timers, as slow as can be.
  const real = globalThis.setTimeout;
  vi.stubGlobal("setTimeout", (callback: () => void, wait = 0) => real(callback, hidden ? 2 ** 31 - 1 : wait));
  made.length = 0;
  ended.length = 0;
});
afterEach(() => {
  setHidden(false);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("while the page is hidden", () => {
  it("delays, timeouts, retries, rate limits and stops with a time limit keep their time", async () => {
    const manager = newManager({ rateLimit: { limit: 2, interval: 20 } });
    setHidden(true);
    const stopped = deferred();
    const slow = manager.runJob(
      "slow",
      ({ signal }) => {
        signal.addEventListener("abort", () => stopped.resolve());
        return new Promise(() => {});
      },
      { timeout: 20 },
    ).job;
    const delayed = manager.runJob("delayed", () => "delayed", { delay: 10 }).job;
    let attempts = 0;
    const retried = manager.runJob(
      "retried",
      async () => {
        if (++attempts < 3) throw new Error("again");
      },
      { retry: { limit: 2, delay: 10 } },
    ).job;
    await stopped.promise;
    await retried.settled;
    await expect(slow.stop("enough", { timeout: 20 })).rejects.toMatchObject({ code: "E_STOP_TIMEOUT" });
    expect(await delayed.result).toBe("delayed");
    expect(made.length).toBe(1);
  });

  it("a wait that was begun before goes on", async () => {
    const work = new Work();
    newManager().runJob("delayed", work.factory, { delay: 50 });
    expect(made.length).toBe(0);
    setHidden(true);
    await work.started();
    expect(made.length).toBe(1);
  });

  it("no worker is made before something waits", () => {
    setHidden(true);
    newManager().runJob("job", async () => 1);
    expect(made.length).toBe(0);
  });

  it("a wait that is called off wakes nobody", async () => {
    const manager = newManager();
    const [early, late] = [new Work(), new Work()];
    setHidden(true);
    const { job } = manager.runJob("early", early.factory, { delay: 20 });
    manager.runJob("late", late.factory, { delay: 60 });
    await job.stop();
    await late.started();
    expect(early.starts).toBe(0);
  });
});

it("seen again, the page takes its waits back and ends the worker", async () => {
  const manager = newManager();
  const work = new Work();
  setHidden(true);
  manager.runJob("delayed", work.factory, { delay: 10 });
  await work.started();
  expect(ended).toEqual([]);
  setHidden(false);
  expect(ended).toEqual(made);
  const next = new Work();
  manager.runJob("next", next.factory, { delay: 10 });
  await next.started();
  expect(made.length).toBe(1);
});
