import { describe, expect, it, onTestFinished } from "vitest";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";

interface Entry {
  readonly name: string;
  readonly duration: number;
  readonly color: string;
  readonly track: string;
  readonly outcome: string | undefined;
  readonly why: string | undefined;
}

/** What the Performance panel is given while the test runs, in the order in which it is given. */
function watchMeasures(): { readonly entries: Entry[]; settled(): Promise<Entry[]> } {
  const entries: Entry[] = [];
  const take = (list: PerformanceEntryList) => {
    for (const entry of list) {
      const { devtools } = (entry as PerformanceMeasure).detail;
      expect(devtools).toMatchObject({ dataType: "track-entry", trackGroup: "jobgate" });
      const { color, track, properties } = devtools;
      const { outcome, why } = Object.fromEntries(properties);
      entries.push({ name: entry.name, duration: entry.duration, color, track, outcome, why });
    }
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ type: "measure" });
  onTestFinished(() => observer.disconnect());
  return {
    entries,
    async settled() {
      await turn();
      take(observer.takeRecords());
      return entries;
    },
  };
}

const told = ({ name, outcome }: Entry) => `${name} ${outcome}`;

describe("trace: true", () => {
  it("shows an attempt as an entry on the manager's track", async () => {
    const measures = watchMeasures();
    const manager = newManager({ name: "uploads", trace: true });
    const work = new Work();
    const { job } = manager.runJob("photo", work.factory);
    expect(await measures.settled()).toEqual([]);
    const started = performance.now();
    while (performance.now() < started + 5);
    work.resolve("result");
    expect(await job.result).toBe("result");
    expect(await measures.settled()).toMatchObject([
      { name: "photo: attempt 1", track: "uploads", color: "primary", outcome: "completed" },
    ]);
    expect(measures.entries[0]?.duration).toBeGreaterThanOrEqual(4);
  });

  it("counts what a body does before its first await", async () => {
    const measures = watchMeasures();
    const manager = newManager({ trace: true });
    const body = () => {
      const started = performance.now();
      while (performance.now() < started + 5);
    };
    await manager.runJob("key", body).job.settled;
    expect((await measures.settled())[0]?.duration).toBeGreaterThanOrEqual(4);
  });

  it("shows waiting, each attempt in a colour of its own, and how the last one failed", async () => {
    const measures = watchMeasures();
    const manager = newManager({ trace: true, concurrency: 1 });
    const before = new Work();
    manager.runJob("before", before.factory);
    const work = new Work();
    const { job } = manager.runJob("key", work.factory, { name: "report", retry: { limit: 2, delay: 0 } });
    before.resolve();
    (await work.started(1)).reject(new Error("once"));
    (await work.started(2)).reject(new Error("twice"));
    (await work.started(3)).reject(new Error("for good"));
    await job.settled;
    const [, ...report] = await measures.settled();
    expect(report.map(({ name, color, outcome, why }) => [name, color, outcome, why])).toEqual([
      ["report: waiting", "tertiary-light", "started", undefined],
      ["report: attempt 1", "primary", "retrying", "once"],
      ["report: waiting", "tertiary-light", "started", undefined],
      ["report: attempt 2", "primary-light", "retrying", "twice"],
      ["report: waiting", "tertiary-light", "started", undefined],
      ["report: attempt 3", "error", "failed", "for good"],
    ]);
  });

  it("shows when a job was asked to stop, and how long it took to end", async () => {
    const measures = watchMeasures();
    const manager = newManager({ trace: true });
    const work = new Work();
    const { job } = manager.runJob("key", work.factory);
    const stopped = job.stop("the user left");
    // It has not ended yet, and may never.
    expect(await measures.settled()).toMatchObject([
      { name: "key: attempt 1", outcome: "asked to stop", why: "the user left" },
    ]);
    work.resolve();
    await stopped;
    expect((await measures.settled()).slice(1)).toMatchObject([
      { name: "key: stopping", color: "secondary", outcome: "cancelled", why: "the user left" },
    ]);
  });

  it("shows a job that is stopped while it waits, and one that times out", async () => {
    const measures = watchMeasures();
    const manager = newManager({ trace: true, paused: true });
    await manager.runJob("waits", untilAborted).job.stop("enough");
    manager.resume();
    await manager.runJob("late", untilAborted, { timeout: 1 }).job.settled;
    expect((await measures.settled()).map(told)).toEqual([
      "waits: waiting cancelled",
      "late: attempt 1 asked to stop",
      "late: stopping failed",
    ]);
  });

  it("takes the name from the manager's defaults, and any key", async () => {
    const measures = watchMeasures();
    const named = newManager({ trace: true, defaults: { name: "download" } });
    await named.runJob("key", () => 1).job.settled;
    const unnamed = newManager<symbol>({ trace: true });
    await unnamed.runJob(Symbol("page"), () => 1).job.settled;
    expect((await measures.settled()).map(({ name }) => name)).toEqual([
      "download: attempt 1",
      "Symbol(page): attempt 1",
    ]);
  });

  it("leaves nothing in the page's own list of entries", async () => {
    const measures = watchMeasures();
    performance.measure("the app's own", {
      start: 0,
      detail: { devtools: { trackGroup: "jobgate", dataType: "track-entry", properties: [] } },
    });
    onTestFinished(() => performance.clearMeasures("the app's own"));
    const manager = newManager({ trace: true });
    for (let n = 0; n < 100; n += 1) manager.runJob(`${n}`, () => n);
    await manager.onIdle();
    expect((await measures.settled()).length).toBe(101);
    expect(performance.getEntriesByType("measure").map(({ name }) => name)).toEqual(["the app's own"]);
  });

  it("changes nothing for jobs: joins, refusals, results, jobs of their own", async () => {
    const manager = newManager({ trace: true });
    const work = new Work();
    const { job } = manager.runJob("key", work.factory);
    expect(manager.runJob("key", untilAborted)).toEqual({ type: "JOB_ALREADY_RUNNING", job });
    const { runJob } = manager;
    expect(() => runJob("other", "no function" as never)).toThrow(/factory/);
    expect(() => runJob("other", untilAborted, { timeout: -1 })).toThrow(RangeError);
    expect(() => newManager({ trace: 1 as never })).toThrow(/trace must be a boolean/);
    work.resolve("result");
    expect(await job.result).toBe("result");
  });

  it("an empty name is no fault, one that is no string is runJob's to refuse", async () => {
    const measures = watchMeasures();
    const manager = newManager({ trace: true });
    expect(await manager.runJob("", () => "unnamed").job.result).toBe("unnamed");
    expect(await manager.runJob("key", () => "named", { name: "" }).job.result).toBe("named");
    expect(() => manager.runJob("key", untilAborted, { name: 5 as never })).toThrow(/^name must be a string/);
    expect((await measures.settled()).map(({ name }) => name)).toEqual([": attempt 1", ": attempt 1"]);
  });

  it("runs bodies in a task made where runJob is called, where the console has such", async () => {
    const page = console as { createTask?: unknown };
    const { createTask } = page;
    onTestFinished(() => {
      page.createTask = createTask;
    });
    const happened: string[] = [];
    page.createTask = (name: string) => {
      happened.push(`task ${name}`);
      return {
        run<T>(work: () => T): T {
          happened.push("run");
          return work();
        },
      };
    };
    const manager = newManager({ trace: true, paused: true });
    const { job } = manager.runJob("key", () => "result");
    expect(happened).toEqual(["task key"]);
    manager.resume();
    expect(await job.result).toBe("result");
    expect(happened).toEqual(["task key", "run"]);
    page.createTask = undefined;
    expect(await manager.runJob("key", () => "without").job.result).toBe("without");
  });
});

it("without it nothing is measured", async () => {
  const measures = watchMeasures();
  const manager = newManager();
  await manager.runJob("key", () => 1).job.settled;
  expect(await measures.settled()).toEqual([]);
});
