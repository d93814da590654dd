import type { JobEvent } from "jobgate";
import type { JobRunner, JobType } from "jobgate/runner";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ended, newRunner, nextEvent } from "./support/runner.js";

interface Fetched {
  readonly url: string;
  readonly status?: number;
  readonly size?: number;
  readonly error?: string;
  readonly duration: number;
}

const at = (path: string) => new URL(`/fetch-site/${path}`, location.href).href;

/** Progress of every job from now on. */
function progressOf(runner: ReturnType<typeof newRunner>) {
  const told: { readonly percent: number; readonly message: string }[] = [];
  runner.onEvent((event) => {
    if (event.type === "job_progress") told.push({ percent: event.percent, message: event.message });
  });
  return told;
}

const isProgress = (event: JobEvent) => event.type === "job_progress";

// Before any other test has loaded them.
it("what could not be loaded once is loaded by the next that needs it", async () => {
  const instantiate = vi.spyOn(WebAssembly, "instantiate").mockRejectedValueOnce(new RangeError("out of memory"));
  onTestFinished(() => instantiate.mockRestore());
  const runner = newRunner();
  const failed = await ended(runner, runner.createJob("prime").id);
  expect(failed).toMatchObject({ status: "failed", error: { message: "out of memory" } });
  expect((await ended(runner, runner.createJob("prime").id)).status).toBe("completed");
});

describe("the built-in types", () => {
  it("all five job types are defined with proper metadata", () => {
    const types = newRunner().getJobTypes();
    expect(types.map(({ name }) => name)).toEqual(["countdown", "prime", "fibonacci", "url_fetch", "echo"]);
    for (const { description, params } of types) {
      expect(description).not.toBe("");
      expect(params.length).toBeGreaterThan(0);
    }
    expect(newRunner().getJobType("countdown")?.params).toEqual([
      expect.objectContaining({ name: "seconds", type: "integer", default: 10, min: 1, max: 60 }),
    ]);
    expect(newRunner().getJobType("nonsense")).toBeUndefined();
    expect(newRunner({ builtins: false }).getJobTypes()).toEqual([]);
  });

  it("countdown reports progress each second", async () => {
    const runner = newRunner();
    const told = progressOf(runner);
    const { id } = runner.createJob("countdown", { seconds: 2 });
    const record = await ended(runner, id);
    expect(record.result).toEqual({ message: "Countdown complete!" });
    expect(told).toEqual([
      { percent: 0, message: "2 seconds remaining…" },
      { percent: 50, message: "1 second remaining…" },
      { percent: 100, message: "0 seconds remaining…" },
    ]);
    expect((record.completed_at ?? 0) - (record.started_at ?? 0)).toBeGreaterThanOrEqual(1990);
  });

  it("prime finds all primes up to its limit and reports every 10 %", async () => {
    const runner = newRunner();
    const told = progressOf(runner);
    const began = performance.now();
    const record = await ended(runner, runner.createJob("prime").id);
    const took = performance.now() - began;
    const { count, primes, duration } = record.result as { count: number; primes: number[]; duration: number };
    expect([count, primes.length, primes[0], primes.at(-1)]).toEqual([168, 168, 2, 997]);
    expect(duration).toBeGreaterThanOrEqual(0);
    expect(duration).toBeLessThanOrEqual((took + 2) / 1000);
    expect(told.map(({ percent }) => percent)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    const large = await ended(runner, runner.createJob("prime", { limit: 100_000 }).id);
    expect((large.result as { count: number }).count).toBe(9592);
  });

  it("fibonacci is exact, as decimal strings, and reports every 10 numbers", async () => {
    const runner = newRunner();
    const told = progressOf(runner);
    const record = await ended(runner, runner.createJob("fibonacci", { count: 1000 }).id);
    const { numbers } = record.result as { numbers: string[] };
    const exact: bigint[] = [1n, 1n];
    while (exact.length < 1000) exact.push((exact.at(-1) ?? 0n) + (exact.at(-2) ?? 0n));
    expect(numbers).toEqual(exact.map(String));
    expect(told).toHaveLength(100);
    expect(told[4]).toEqual({ percent: 5, message: "Generated 50/1000 numbers" });
    const few = await ended(runner, runner.createJob("fibonacci", { count: 1 }).id);
    expect((few.result as { numbers: string[] }).numbers).toEqual(["1"]);
  });

  it("echo waits, tells the time remaining, and says its message", async () => {
    const runner = newRunner();
    const told = progressOf(runner);
    const before = Date.now();
    const record = await ended(runner, runner.createJob("echo", { message: "<b>hi</b>", delay: 1 }).id);
    const { message, echoed_at } = record.result as { message: string; echoed_at: number };
    expect(message).toBe("<b>hi</b>");
    expect(echoed_at).toBeGreaterThanOrEqual(before + 990);
    expect(told.map(({ message }) => message)).toEqual(["1 second remaining…", "0 seconds remaining…"]);
  });

  it("ten URLs are really fetched concurrently", async () => {
    const runner = newRunner();
    const told = progressOf(runner);
    // The server answers none before all ten are open at the same time. A browser opens six a host at most.
    const hosts: string[] = await (await fetch(at("hosts"))).json();
    const group = crypto.randomUUID();
    const urls = Array.from(
      { length: 10 },
      (_, index) => `${hosts[index % 2]}/hold?group=${group}&of=10&index=${index}`,
    );
    const record = await ended(runner, runner.createJob("url_fetch", { urls }).id);
    const { results } = record.result as { results: Fetched[] };
    expect(results.map(({ url, status, size }) => ({ url, status, size }))).toEqual(
      urls.map((url) => ({ url, status: 200, size: "together".length })),
    );
    expect(told.map(({ message }) => message)).toEqual(
      Array.from({ length: 11 }, (_, count) => `Fetched ${count}/10 URLs`),
    );
  });

  it("a URL that fails is an entry with its error, not the job's failure", async () => {
    const runner = newRunner();
    const urls = [at("text?size=70000"), at("status?code=404"), "http://127.0.0.1:1/"];
    const record = await ended(runner, runner.createJob("url_fetch", { urls }).id);
    expect(record.status).toBe("completed");
    const { results } = record.result as { results: Fetched[] };
    expect(results[0]).toMatchObject({ status: 200, size: 70_000 });
    expect(results[1]).toMatchObject({ status: 404, size: 0 });
    expect(results[2]).toEqual({ url: urls[2], error: expect.stringMatching(/./), duration: expect.any(Number) });
  });

  it("cancelling url_fetch closes its connections", async () => {
    const runner = newRunner();
    const group = crypto.randomUUID();
    const urls = [at(`text?size=1`), ...[1, 2, 3].map((index) => at(`hold?group=${group}&of=99&index=${index}`))];
    const first = nextEvent(runner, (event) => isProgress(event) && "percent" in event && event.percent > 0);
    const { id } = runner.createJob("url_fetch", { urls });
    await first;
    await fetch(at(`held?group=${group}&of=3`));
    runner.cancelJob(id);
    expect((await ended(runner, id)).status).toBe("cancelled");
    expect(runner.getRunningJobs()).toEqual([]);
    expect(await (await fetch(at(`closed?group=${group}&of=3`))).text()).toBe("3");
  });

  it.each([
    ["countdown", { seconds: 60 }],
    ["prime", { limit: 100_000 }],
    ["fibonacci", { count: 1000 }],
    ["echo", { message: "", delay: 30 }],
  ])("%s can be cancelled mid-execution", async (type, params) => {
    const runner = newRunner();
    runner.onEvent((event) => {
      if (event.type === "job_progress" && event.percent > 0) runner.cancelJob(event.job_id, "enough");
    });
    const record = await ended(runner, runner.createJob(type, params).id);
    expect(record.status).toBe("cancelled");
    expect(record.progress.percent).toBeGreaterThan(0);
    expect(record.progress.percent).toBeLessThan(100);
  });

  describe("no body holds the page for more than 8 ms", () => {
    /** Milliseconds, at most, that nothing else had a turn. */
    async function longestHold(work: () => Promise<unknown>): Promise<number> {
      let longest = 0;
      let last = performance.now();
      const look = () => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      };
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        look();
        port2.postMessage(null);
      };
      port2.postMessage(null);
      await work();
      look();
      port1.close();
      return longest;
    }

    const idle: JobType<{ readonly millis: number }> = {
      name: "idle",
      description: "Waits",
      params: [{ name: "millis", type: "number", default: 0 }],
      execute: ({ millis }) => new Promise((resolve) => setTimeout(resolve, millis)),
    };

    it.each([
      ["countdown", { seconds: 1 }],
      ["prime", { limit: 100_000 }],
      ["fibonacci", { count: 1000 }],
      ["url_fetch", { urls: Array.from({ length: 10 }, (_, index) => at(`text?size=70000&index=${index}`)) }],
      ["echo", { message: "", delay: 1 }],
    ])("%s", { timeout: 60_000 }, async (type, params) => {
      const runner = newRunner();
      const idler = newRunner({ types: [idle] });
      const run = (by: JobRunner, type: string, params: Record<string, unknown>) =>
        longestHold(async () => expect((await ended(by, by.createJob(type, params).id)).status).toBe("completed"));
      // Other programs take the processor away at times, and a job of any kind needs some: as long as one that only
      // waits, but for 8 ms, in the best runs of many.
      let [least, leastIdle] = [Infinity, Infinity];
      for (let count = 0; count < 20 && (count === 0 || least - leastIdle > 8); count += 1) {
        const began = performance.now();
        least = Math.min(least, await run(runner, type, params));
        const millis = performance.now() - began;
        leastIdle = Math.min(leastIdle, await run(idler, idle.name, { millis }));
      }
      expect(least - leastIdle).toBeLessThanOrEqual(8);
    });

    it("one that does is noticed", async () => {
      const greedy = () => {
        const end = performance.now() + 40;
        while (performance.now() < end);
      };
      const runner = newRunner({ types: [{ name: "greedy", description: "", params: [], execute: greedy }] });
      expect(await longestHold(() => ended(runner, runner.createJob("greedy").id))).toBeGreaterThan(39);
    });
  });
});
