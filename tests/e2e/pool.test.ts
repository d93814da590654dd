import type { ManagedJob, RunOptions } from "jobgate";
import type { WorkerPool } from "jobgate/worker-pool";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { browserNames, launch } from "./support/browser.ts";
import { startPoolSite } from "./support/pool/site.ts";

// biome-ignore lint/suspicious/noExplicitAny: jobs of every type
type AnyJob = ManagedJob<number, any, any, any>;
type PoolName = "own" | "default" | "ownPatient" | "defaultPatient" | "trusted" | "missing" | "broken";

interface Ending {
  readonly type: string;
  readonly error: unknown;
  readonly reason: unknown;
  readonly attempt: number;
  readonly took: number;
}

interface Hold {
  readonly gap: number;
  /** Only some browsers tell. */
  readonly task?: number;
}

declare const page: {
  readonly pools: Readonly<Record<PoolName, WorkerPool>>;
  /** Of each own worker that was ended: whether another was there before anything else happened. */
  readonly replaced: readonly boolean[];
  run(pool: PoolName, type: string, params?: unknown, options?: RunOptions & { transfer?: Transferable[] }): AnyJob;
  running(job: AnyJob): Promise<void>;
  endOf(job: AnyJob): Promise<Ending>;
  unreadable(): Promise<unknown>;
  kept(): Promise<number>;
  terminate(): void;
  strangers(): Promise<unknown>;
  /** In the best of their rounds. */
  longestHolds(
    ours: () => Promise<unknown>,
    others: () => Promise<unknown>,
  ): Promise<{ readonly ours: Hold; readonly others: Hold; readonly bound: number }>;
};

let site: Awaited<ReturnType<typeof startPoolSite>>;

beforeAll(async () => {
  site = await startPoolSite();
});

afterAll(() => site?.close());

describe.each(browserNames)("an app with a worker pool, in %s", (name) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  async function open(how: Parameters<typeof site.addressOf>[0], before?: () => void): Promise<Page> {
    const tab = await browser.newPage();
    onTestFinished(() => tab.close());
    tab.setDefaultTimeout(50_000); // sooner than the test's own, so that the message says what was missing
    if (before !== undefined) await tab.addInitScript(before);
    await tab.goto(site.addressOf(how));
    await tab.locator("body[data-ready]").waitFor({ state: "attached" });
    return tab;
  }

  test.each(["built", "isolated", "development", "unbundled"] as const)(
    "both kinds of workers run, %s",
    async (how) => {
      const tab = await open(how);
      expect(await tab.evaluate(() => page.run("own", "echo", [1, "two"]).result)).toEqual([1, "two"]);
      const result = await tab.evaluate(() => page.run("default", "prime", { limit: 1_000_000 }).result);
      expect(result).toMatchObject({ count: 78_498, largest: 999_983 });
    },
  );

  describe("where Trusted Types are required", () => {
    const PRIMES = { type: "Normal", error: undefined };
    const primes = (tab: Page) => tab.evaluate(() => page.endOf(page.run("default", "prime", { limit: 100 })));

    test("a worker whose address a policy of the app has made runs; the package's own needs one and says so", async () => {
      const tab = await open("trusted");
      expect(await tab.evaluate(() => page.run("trusted", "echo", 1).result)).toBe(1);
      const required = await tab.evaluate(() => "trustedTypes" in globalThis);
      expect(await primes(tab)).toMatchObject(
        required
          ? { type: "Failed", error: { code: "E_WORKER_CRASHED", message: expect.stringMatching(/Trusted.*`spawn`/) } }
          : PRIMES,
      );
      expect(await tab.evaluate(() => page.run("trusted", "echo", 2).result)).toBe(2);
    });

    test("a default policy of the app lets the package's own worker run", async () => {
      const tab = await open("trusted", () => {
        const { trustedTypes } = globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): void } };
        trustedTypes?.createPolicy("default", { createScriptURL: (address: string) => address });
      });
      expect(await primes(tab)).toMatchObject(PRIMES);
    });
  });

  // How the package was built is the same to each engine.
  describe.each(name === "chromium" ? (["built", "unbundled"] as const) : (["built"] as const))("%s", (how) => {
    const ending = async (tab: Page, type: string, params?: unknown, options?: RunOptions) =>
      tab.evaluate(([type, params, options]) => page.endOf(page.run("own", type, params, options)), [
        type,
        params,
        options,
      ] as const);
    const worksOn = async (tab: Page, stats: object) => {
      expect(await tab.evaluate(() => page.run("own", "echo", "next").result)).toBe("next");
      expect(await tab.evaluate(() => page.pools.own.stats)).toMatchObject({ size: 1, busy: 0, idle: 1, ...stats });
    };
    const UNHARMED = { spawned: 1, killed: 0 };
    const PAYMENT = { is: ["Error", "RangeError"], name: "PaymentError", code: "E_PAYMENT" };

    test("hands over buffers, both ways", async () => {
      const tab = await open(how);
      const seen = await tab.evaluate(async () => {
        await page.run("own", "echo").result;
        const kept = page.kept();
        const { buffer } = Float64Array.of(1, 2, 3);
        const result = await page.run("own", "double", { buffer }, { transfer: [buffer] }).result;
        return { here: buffer.byteLength, there: await kept, doubled: [...new Float64Array(result.buffer)] };
      });
      expect(seen).toEqual({ here: 0, there: 0, doubled: [2, 4, 6] });
    });

    test("tells of progress, state and log, the last of each too", async () => {
      const tab = await open(how);
      const seen = await tab.evaluate(async () => {
        const job = page.run("own", "talks");
        const lines: string[] = [];
        for await (const event of job.events()) if (event.type === "job_log") lines.push(event.message);
        return { progress: job.progress, state: job.state, lines };
      });
      const lines = Array.from({ length: 100 }, (_, line) => `line ${line + 1}`);
      expect(seen).toEqual({ progress: { percent: 100, message: "100 of 100" }, state: { time: 100 }, lines });
    });

    test.each([
      [
        "an error's class, name, code, stack and cause",
        "custom",
        { ...PAYMENT, message: "no money", stack: true, cause: { name: "TypeError", cause: "expired" } },
      ],
      [
        "an AggregateError's errors",
        "aggregate",
        {
          is: ["Error", "AggregateError"],
          message: "several",
          errors: [
            expect.objectContaining({ name: "TypeError", message: "one" }),
            "two",
            expect.objectContaining(PAYMENT),
          ],
        },
      ],
    ])("a body that throws: %s", async (_, what, error) => {
      const tab = await open(how);
      expect(await ending(tab, "throws", what)).toMatchObject({ type: "Failed", error });
      await worksOn(tab, UNHARMED);
    });

    test("an app's class of NonRetriableError ends the job without its retries", async () => {
      const tab = await open(how);
      const retry = { limit: 3, delay: 1 };
      const error = { is: expect.arrayContaining(["NonRetriableError"]), name: "Final", code: "E_NON_RETRIABLE" };
      expect(await ending(tab, "throws", "final", { retry })).toMatchObject({ type: "Failed", attempt: 1, error });
      expect(await ending(tab, "throws", "custom", { retry })).toMatchObject({ attempt: 4 });
    });

    test("a type that is not there", async () => {
      const tab = await open(how);
      const is = expect.arrayContaining(["UnknownJobTypeError"]);
      const error = {
        is,
        name: "UnknownJobTypeError",
        code: "E_UNKNOWN_TYPE",
        message: expect.stringContaining("echo"),
      };
      expect(await ending(tab, "nonsense")).toMatchObject({ type: "Failed", error });
      await worksOn(tab, UNHARMED);
    });

    test("what can't be sent: params, results, states", async () => {
      const tab = await open(how);
      const params = await tab.evaluate(() => page.endOf(page.run("own", "echo", () => {})));
      const unreadable = await tab.evaluate(async () => page.endOf(page.run("own", "echo", await page.unreadable())));
      const endings = [params, unreadable, await ending(tab, "badResult"), await ending(tab, "badState")];
      for (const [index, word] of ["params", "read in a worker", "result", "state"].entries()) {
        const error = { is: ["Error", "DOMException"], name: "DataCloneError", message: expect.stringContaining(word) };
        expect(endings[index]).toMatchObject({ type: "Failed", error });
      }
      await worksOn(tab, UNHARMED);
    });

    const CRASHED = { is: expect.arrayContaining(["WorkerCrashedError"]), name: "WorkerCrashedError" };

    test.each([
      ["throws outside a job", "throwsOutside", { message: expect.stringContaining("outside a job"), cause: PAYMENT }],
      ["leaves a rejection unhandled", "rejectsOutside", { cause: { is: ["Error", "TypeError"] } }],
      ["closes itself", "closes", { message: expect.stringContaining("close()") }],
    ])("a worker that %s", async (_, type, error) => {
      const tab = await open(how);
      const seen = await ending(tab, type);
      expect(seen).toMatchObject({ type: "Failed", error: { ...CRASHED, code: "E_WORKER_CRASHED", ...error } });
      await worksOn(tab, { spawned: 2, killed: 1 });
    });

    test("a worker that is ended by someone else", async () => {
      const tab = await open(how);
      const seen = await tab.evaluate(async () => {
        const job = page.run("own", "checkpoints");
        await page.running(job);
        page.terminate();
        return page.endOf(job);
      });
      expect(seen).toMatchObject({
        type: "Failed",
        error: { ...CRASHED, message: expect.stringContaining("is gone") },
      });
      await worksOn(tab, { spawned: 2, killed: 1 });
    });

    test("a worker that answers twice", async () => {
      const tab = await open(how);
      expect(await tab.evaluate(() => page.run("own", "answersTwice").result)).toBe("first");
      await worksOn(tab, UNHARMED);
    });

    test.each(["missing", "broken"] as const)("a script that is %s", async (pool) => {
      const tab = await open(how);
      const seen = await tab.evaluate((pool) => page.endOf(page.run(pool, "echo")), pool);
      expect(seen).toMatchObject({
        type: "Failed",
        error: { ...CRASHED, message: expect.stringContaining("could be loaded") },
      });
      expect(seen.took).toBeLessThan(15_000);
    });

    test("close cancels what waits, what runs and what does not listen", async () => {
      const tab = await open(how);
      const seen = await tab.evaluate(async () => {
        const jobs = [
          page.run("own", "spins"),
          page.run("own", "echo"),
          page.run("default", "prime", { limit: 10 ** 9 }),
        ];
        await page.running(jobs[0]!);
        await page.running(jobs[2]!);
        await Promise.all([page.pools.own.close(), page.pools.default.close()]);
        const { busy, idle } = page.pools.own.stats;
        const refused = await page.endOf(page.run("own", "echo"));
        return { busy, idle, refused, types: (await Promise.all(jobs.map(page.endOf))).map(({ type }) => type) };
      });
      const types = ["Cancelled", "Cancelled", "Cancelled"];
      expect(seen).toMatchObject({ busy: 0, idle: 0, types, refused: { type: "Failed", error: { code: "E_CLOSED" } } });
    });
  });

  test.each(["own", "default"] as const)("where no worker is allowed, jobs fail at once: %s", async (pool) => {
    const tab = await open("workerless");
    const seen = await tab.evaluate((pool) => page.endOf(page.run(pool, "echo")), pool);
    expect(seen).toMatchObject({ type: "Failed", error: { name: "WorkerCrashedError", code: "E_WORKER_CRASHED" } });
    // Nobody waits for the 30 s that a silent worker has.
    expect(seen.took).toBeLessThan(15_000);
  });

  /** A job that runs is asked to stop; what is seen of it and of the next, which waits for its worker. */
  const stopOne = (tab: Page, pool: PoolName, type: string, params?: unknown) =>
    tab.evaluate(
      async ([pool, type, params]) => {
        const job = page.run(pool, type, params);
        await page.running(job);
        const next = type === "prime" ? page.run(pool, "prime", { limit: 100 }) : page.run(pool, "echo");
        await job.stop("enough");
        await next.result;
        return {
          replaced: page.replaced,
          isolated: crossOriginIsolated,
          completion: job.completion,
          stats: page.pools[pool].stats,
        };
      },
      [pool, type, params] as const,
    );
  const STOPPED = { completion: { type: "Cancelled", reason: "enough" } };

  test.each([
    ["a loop that only asks", "ownPatient", "spins", undefined],
    ["a loop of checkpoints", "ownPatient", "checkpoints", undefined],
    ["the package's sieve", "defaultPatient", "prime", { limit: 1_000_000_000 }],
  ] as const)("an isolated page's worker sees the abort at once: %s", async (_, pool, type, params) => {
    const seen = await stopOne(await open("isolated"), pool, type, params);
    expect(seen).toMatchObject({ ...STOPPED, isolated: true, stats: { killed: 0 } });
  });

  test.each(["built", "unbundled"] as const)("elsewhere a loop that only asks is killed, %s", async (how) => {
    const seen = await stopOne(await open(how), "own", "spins");
    // Chromium takes 2 s to end what spins. The next job does not wait for that, only for a new worker.
    expect(seen).toMatchObject({ ...STOPPED, isolated: false, stats: { spawned: 2, killed: 1 }, replaced: [true] });
  });

  test("elsewhere the package's sieve hears of the abort, and its worker lives on", async () => {
    const seen = await stopOne(await open("built"), "defaultPatient", "prime", { limit: 1_000_000_000 });
    expect(seen).toMatchObject({ ...STOPPED, isolated: false, stats: { spawned: 1, killed: 0 } });
  });

  test("four large computations leave the page smooth", async () => {
    const tab = await open("built");
    const { ours, others, bound, counts } = await tab.evaluate(async () => {
      let results: { count: number }[] = [];
      const compute = async () => {
        const jobs = [0, 1, 2, 3].map(() => page.run("default", "prime", { limit: 20_000_000 }));
        results = await Promise.all(jobs.map((job) => job.result));
      };
      // Once before: what is loaded and compiled at first is no computation.
      await compute();
      const holds = await page.longestHolds(compute, page.strangers);
      return { ...holds, counts: results.map(({ count }) => count) };
    });
    expect(counts).toEqual([1_270_607, 1_270_607, 1_270_607, 1_270_607]);
    const told = (who: string, { gap, task }: Hold) =>
      `${who}: longest gap ${gap.toFixed(1)} ms, longest task over 50 ms: ${task ?? "not told"}`;
    console.log(`${name}: ${told("four jobs", ours)}; ${told("four workers without the package", others)}`);
    expect(ours.gap).toBeLessThan(bound);
    if (ours.task !== undefined) expect(ours.task).toBeLessThan(bound);
  });
});
