import type { ManagedJob } from "jobgate";
import type { WorkerPool } from "jobgate/worker-pool";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserNames, launch } from "./support/browser.ts";
import { startPoolSite } from "./support/pool/site.ts";

// biome-ignore lint/suspicious/noExplicitAny: jobs of every type
type AnyJob = ManagedJob<number, any, any, any>;

declare const page: {
  readonly pools: { readonly own: WorkerPool; readonly default: WorkerPool };
  run(pool: "own" | "default", type: string, params?: unknown): AnyJob;
  running(job: AnyJob): Promise<void>;
  strangers(): Promise<unknown>;
  longestHold(work: () => Promise<unknown>): Promise<{ readonly gap: number; readonly tasks: readonly number[] }>;
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

  async function open(address: string): Promise<Page> {
    const tab = await browser.newPage();
    await tab.goto(address);
    await tab.locator("body[data-ready]").waitFor({ state: "attached" });
    return tab;
  }

  test.each(["built", "isolated", "development"] as const)("both kinds of workers run, %s", async (how) => {
    const tab = await open(site[how]);
    expect(await tab.evaluate(() => page.run("own", "echo", [1, "two"]).result)).toEqual([1, "two"]);
    const result = await tab.evaluate(() => page.run("default", "prime", { limit: 1_000_000 }).result);
    expect(result).toMatchObject({ count: 78_498, largest: 999_983 });
    await tab.close();
  });

  test("an isolated page's loop sees the abort without a turn of the event loop", async () => {
    const tab = await open(site.isolated);
    const seen = await tab.evaluate(async () => {
      const job = page.run("own", "spins");
      await page.running(job);
      await job.stop("enough");
      return { isolated: crossOriginIsolated, completion: job.completion, stats: page.pools.own.stats };
    });
    expect(seen).toMatchObject({ isolated: true, completion: { type: "Cancelled" }, stats: { spawned: 1, killed: 0 } });
    await tab.close();
  });

  test("elsewhere such a loop is killed", async () => {
    const tab = await open(site.built);
    const seen = await tab.evaluate(async () => {
      const job = page.run("own", "spins");
      await page.running(job);
      await job.stop("enough");
      return { completion: job.completion, stats: page.pools.own.stats, next: await page.run("own", "echo", 1).result };
    });
    expect(seen).toMatchObject({ completion: { type: "Cancelled" }, stats: { spawned: 2, killed: 1 }, next: 1 });
    await tab.close();
  });

  test("four large computations leave the page smooth", async () => {
    const tab = await open(site.built);
    const { ours, others, counts } = await tab.evaluate(async () => {
      const compute = () =>
        Promise.all([0, 1, 2, 3].map(() => page.run("default", "prime", { limit: 20_000_000 }).result));
      // Once before: what is loaded and compiled at first is no computation.
      await compute();
      let results: { count: number }[] = [];
      const ours = await page.longestHold(async () => {
        results = await compute();
      });
      const others = await page.longestHold(page.strangers);
      return { ours, others, counts: results.map(({ count }) => count) };
    });
    expect(counts).toEqual([1_270_607, 1_270_607, 1_270_607, 1_270_607]);
    const longest = (tasks: readonly number[]) => Math.max(0, ...tasks);
    const told = (who: string, { gap, tasks }: typeof ours) =>
      `${who}: longest task over 50 ms ${longest(tasks)} ms, longest gap ${gap.toFixed(1)} ms`;
    console.log(`${name}: ${told("four jobs", ours)}; ${told("four workers without the package", others)}`);
    // Only Chromium measures tasks, by the clock on the wall: where other programs take the processors, any task is long.
    expect(longest(ours.tasks)).toBeLessThan(Math.max(50, 2 * longest(others.tasks)));
    await tab.close();
  });
});
