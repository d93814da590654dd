// A tab's looks at the store, which take a while where there is much.

import type { SharedRunner } from "jobgate/shared";
import { useTestClock } from "jobgate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { ended, holdTurns, locksOf, queue, until } from "./support/tabs.js";
import { type } from "./support/types.js";

/** As many are told before the page has a turn. */
const AT_ONCE = 100;
const MANY = 150;

const isMidway = (tab: SharedRunner) => until(tab, () => tab.getAllJobs().length === AT_ONCE);

async function manyJobs(open: ReturnType<typeof queue>["open"]) {
  const maker = open({ types: [type("work", () => "done")], execute: false });
  await Promise.all(Array.from({ length: MANY }, () => maker.createJob("work")));
  return maker;
}

test.each(["visible", "online"] as const)(
  "a tab that is not %s claims nothing that asks for that, however long its first look takes",
  async (missing) => {
    const { name, open } = queue();
    await manyJobs(open);
    const spies = [
      vi.spyOn(document, "hidden", "get").mockReturnValue(missing === "visible"),
      vi.spyOn(navigator, "onLine", "get").mockReturnValue(missing !== "online"),
    ];
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore();
    });
    const turns = holdTurns();
    const tab = open({ types: [type("work", () => "done", { requires: { [missing]: true } })] });
    await isMidway(tab);
    expect(await locksOf(name)).toEqual([]);
    turns.goOn();
    await tab.ready;
    const waiting = tab.getAllJobs().filter((job) => job.waiting_for === missing);
    expect(waiting).toHaveLength(MANY);
  },
);

test("a tab whose store newer code has claims nothing, however long its first look takes", async () => {
  const { name, open } = queue();
  await manyJobs(open);
  const newer = indexedDB.open(`jobgate:${name}`, 99);
  await new Promise((resolve) => newer.addEventListener("success", resolve));
  newer.result.close();
  const turns = holdTurns();
  const tab = open({ types: [type("work", () => "done")] });
  await isMidway(tab);
  expect(tab.storage).toBe("outdated");
  expect(await locksOf(name)).toEqual([]);
  turns.goOn();
  await tab.ready;
  expect(tab.getQueueStats()).toMatchObject({ pending: MANY });
});

test("a job that is let go of while a tab tells what it has read does not come back", async () => {
  const { open } = queue();
  const maker = await manyJobs(open);
  const { id } = await maker.createJob("work");
  await maker.cancelJob(id);
  const turns = holdTurns();
  const tab = open({ types: [type("work", () => "done")], execute: false });
  await isMidway(tab);
  const heardOf = async () => {
    const next = await maker.createJob("work");
    await until(tab, () => tab.getJob(next.id));
  };
  // It looks once more, since its page is back.
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  await heardOf();
  expect(await maker.clearCompleted()).toBe(1);
  await heardOf();
  turns.goOn();
  await tab.ready;
  await heardOf();
  expect(tab.getJob(id)).toBeUndefined();
  expect(tab.getQueueStats()).toEqual(maker.getQueueStats());
  expect(await ended(open({ types: [type("work", () => "done")] }), maker.getAllJobs()[0]!.id)).toMatchObject({
    status: "completed",
  });
});

test("whoever hears of changes is first told once jobs are known; of an empty store, that it is there", async () => {
  // Looking again now and then is said as well: time stands still.
  const clock = useTestClock();
  onTestFinished(() => clock.restore());
  const { open } = queue();
  const told: [boolean, number][] = [];
  const empty = open({ types: [type("work", () => "done")], execute: false });
  empty.subscribe(() => told.push([empty.getSnapshot().connected, empty.getAllJobs().length]));
  await empty.ready;
  await expect.poll(() => told).toEqual([[true, 0]]);
  told.length = 0;
  const { id } = await empty.createJob("work");
  const tab = open({ types: [type("work", () => "done")], execute: false });
  const counts: number[] = [];
  tab.subscribe(() => counts.push(tab.getAllJobs().length));
  await tab.ready;
  expect(tab.getJob(id)?.status).toBe("pending");
  await expect.poll(() => counts.length).toBeGreaterThan(0);
  expect(new Set(counts)).toEqual(new Set([1]));
});
