import type { JobEvent } from "jobgate";
import type { SharedTaskContext } from "jobgate/shared";
import { describe, expect, it } from "vitest";
import { changed } from "../runner/support/ports.js";
import { ended, heldType, newRunner } from "../runner/support/runner.js";
import { queue } from "../shared/support/tabs.js";
import { type } from "../shared/support/types.js";
import { newManager } from "../support/manager.js";
import { ofType, readAll, readUntil, typesOf } from "../support/streams.js";
import { Work } from "../support/work.js";

/** Thousands of jobs that come and go. */
async function runMany(manager: ReturnType<typeof newManager>, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => manager.runJob(`job ${n}`, async () => n).job.settled));
}

describe("events that nobody has read yet", () => {
  it("are all there, in order, while they are few thousand", async () => {
    const manager = newManager();
    const stream = manager.events();
    await runMany(manager, 1000);
    await manager.close();
    const events = await readAll(stream);
    const types = ["job_created", "job_started", "job_completed", "job_removed"] as const;
    for (const type of types) expect(ofType(events, type).length).toBe(1000);
  });

  it("of many thousand jobs that have come and gone are not told; the statistics count them", async () => {
    const manager = newManager();
    const stream = manager.events();
    await runMany(manager, 50_000);
    await manager.close();
    const events = await readAll(stream);
    expect(events.length).toBeLessThan(15_000);
    expect(ofType(events, "stats_update").at(-1)?.stats).toMatchObject({ completed: 50_000, total: 50_000 });
    // Whoever's end is told was told of before.
    const created = new Set(ofType(events, "job_created").map(({ job }) => job.id));
    for (const { job_id } of ofType(events, "job_completed")) expect(created.has(job_id)).toBe(true);
    for (const { job_id } of ofType(events, "job_removed")) expect(created.has(job_id)).toBe(true);
  });

  it("tell how every job ended that the reader had heard of, and of every job that is there", async () => {
    const manager = newManager();
    const reader = manager.events().getReader();
    const [ends, stays] = [new Work(), new Work()];
    const known = manager.runJob("known", ends.factory).job;
    await readUntil(reader, (event) => event.type === "job_started");
    const staying = manager.runJob("stays", stays.factory).job;
    ends.resolve("done");
    for (let n = 0; n < 5; n += 1) {
      stays.context.progress(50 + 10 * n);
      await runMany(manager, 5000);
    }
    void manager.close();
    stays.resolve();
    const events = await readUntil(reader, (event) => event.type === "job_cancelled" && event.job_id === staying.id);
    const of = (id: string) => events.filter((event) => "job_id" in event && event.job_id === id);
    expect(typesOf(of(known.id))).toEqual(["job_completed", "job_removed"]);
    expect(ofType(events, "job_created").some(({ job }) => job.id === staying.id)).toBe(true);
    expect(ofType(events, "job_progress").find(({ job_id }) => job_id === staying.id)?.percent).toBe(90);
  });

  it("tell of a job whose id another had before, and how that one ended if the reader had heard of it", async () => {
    const { type, held } = heldType();
    const quick = { name: "quick", description: "", params: [], execute: async () => "done" };
    const runner = newRunner({ types: [type, quick], concurrency: Infinity });
    const reader = runner.manager.events().getReader();
    runner.createJob("held", {}, { id: "known" });
    await readUntil(reader, (event) => event.type === "job_started");
    held[0]?.work.resolve("done");
    await ended(runner, "known");
    await ended(runner, runner.createJob("quick", {}, { id: "unknown" }).id);
    for (const id of ["known", "unknown"]) runner.createJob("held", {}, { id });
    for (let n = 0; n < 6000; n += 1) runner.createJob("quick");
    await changed(runner, () => runner.getQueueStats().completed === 6002);
    held[1]?.context.log("read up to here");
    const events = await readUntil(reader, (event) => event.type === "job_log");
    const idOf = (event: JobEvent) => (event.type === "job_created" ? event.job.id : "job_id" in event && event.job_id);
    const of = (id: string) => typesOf(events.filter((event) => idOf(event) === id));
    expect(of("known")).toEqual(["job_completed", "job_removed", "job_created", "job_started", "job_log"]);
    expect(of("unknown")).toEqual(["job_created", "job_started"]);
  });

  it("keep the newest lines of a long log", async () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("job", work.factory);
    const stream = job.events();
    for (let n = 0; n < 50_000; n += 1) work.context.log(`line ${n}`);
    work.resolve(7);
    const events = await readAll(stream);
    const lines = ofType(events, "job_log").map(({ message }) => message);
    expect(lines.length).toBeLessThan(15_000);
    const first = 50_000 - lines.length;
    expect(lines.slice(1)).toEqual(Array.from({ length: lines.length - 1 }, (_, n) => `line ${first + n + 1}`));
    expect(typesOf(events).at(-1)).toBe("job_completed");
  });

  it("keep the newest lines of a long log of a shared job, too", async () => {
    const body = (_: unknown, { log }: SharedTaskContext) => {
      for (let n = 0; n < 50_000; n += 1) log(`line ${n}`);
      return 7;
    };
    const tab = queue().open({ types: [type("long", body)] });
    const { job } = await tab.runJob("key", "long");
    const stream = job.events();
    await job.settled;
    const events = await readAll(stream);
    const lines = ofType(events, "job_log").map(({ message }) => message);
    expect(lines.length).toBeLessThan(15_000);
    expect(lines.at(-1)).toBe("line 49999");
    expect(typesOf(events).at(-1)).toBe("job_completed");
  });
});
