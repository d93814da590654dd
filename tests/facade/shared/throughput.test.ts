// What many jobs cost: transactions and turns are counted, no clock is looked at.

import { useTestClock } from "jobgate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { ended, queue, until } from "./support/tabs.js";
import { type } from "./support/types.js";

const types = [type("later", () => 1)];
const delay = 3_600_000;

/** Of this page, from now on. */
function transactions() {
  const spy = vi.spyOn(IDBDatabase.prototype, "transaction");
  onTestFinished(() => spy.mockRestore());
  return () => {
    const modes = spy.mock.calls.map(([, mode]) => mode);
    spy.mockClear();
    return { written: modes.filter((mode) => mode === "readwrite").length, all: modes.length };
  };
}

test("what is created in one go is written in one transaction, and told to subscribers together", async () => {
  const { open } = queue();
  const tab = open({ types, execute: false });
  await tab.ready;
  let told = 0;
  tab.subscribe(() => {
    told += 1;
  });
  const count = transactions();
  const records = await Promise.all(
    Array.from({ length: 500 }, (_, n) => tab.createJob("later", {}, { delay, priority: n })),
  );
  expect(count().written).toBe(1);
  expect(told).toBeLessThan(5);
  expect(new Set(records.map(({ id }) => id)).size).toBe(500);
  expect(tab.getQueueStats().pending).toBe(500);
});

test("what is too much for one transaction is written in several, with turns in between", async () => {
  const { open } = queue();
  const tab = open({ types, execute: false });
  await tab.ready;
  const known = new Set<number>();
  tab.subscribe(() => known.add(tab.getQueueStats().total));
  const count = transactions();
  const records = await Promise.all(Array.from({ length: 1200 }, () => tab.createJob("later", {}, { delay })));
  expect(count().written).toBe(3);
  expect([...known]).toEqual([500, 1000, 1200]);
  expect(tab.getAllJobs().map(({ id }) => id)).toEqual(expect.arrayContaining(records.map(({ id }) => id)));
});

test("a queue with a limit counts its jobs once for all that is created in one go", async () => {
  const { open } = queue();
  const tab = open({ types, execute: false, maxPending: 100 });
  await tab.createJob("later", {}, { delay, key: "one" });
  const counts = vi.spyOn(IDBObjectStore.prototype, "count");
  onTestFinished(() => counts.mockRestore());
  const created = Array.from({ length: 150 }, (_, n) =>
    // Every third takes the place of the one under its key.
    tab.createJob("later", {}, { delay, ...(n % 3 === 0 && { key: "one", onDuplicate: "replace" }) }),
  );
  const outcomes = await Promise.allSettled(created);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(50 + 99);
  expect(tab.getQueueStats()).toMatchObject({ pending: 100, cancelled: 50 });
  expect(counts).toHaveBeenCalledTimes(1);
});

test("thousands of jobs are read in parts, and the page has its turn in between", async () => {
  const { open } = queue();
  const tab = open({ types, execute: false });
  await Promise.all(Array.from({ length: 2000 }, () => tab.createJob("later", {}, { delay })));
  const other = open({ types, execute: false });
  const parts = new Set<number>();
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    parts.add(other.getQueueStats().total);
    channel.port2.postMessage(0);
  };
  channel.port2.postMessage(0);
  await other.ready;
  channel.port1.close();
  expect(other.getAllJobs()).toHaveLength(2000);
  expect([...parts].filter((known) => known > 0 && known < 2000).length).toBeGreaterThan(2);
  // A job that is let go of in the middle of it does not come back.
  expect(await tab.cancelJob(tab.getAllJobs()[0]!.id)).toBe(true);
  const late = open({ types, execute: false });
  const cleared = tab.clearCompleted();
  await late.ready;
  expect(await cleared).toBe(1);
  await until(late, () => late.getQueueStats().total === 1999);
});

test("what a tab has written itself it does not read again", async () => {
  const { open } = queue();
  const tab = open({ types, execute: false });
  await tab.ready;
  const spy = vi.spyOn(IDBIndex.prototype, "getAll");
  onTestFinished(() => spy.mockRestore());
  await Promise.all(Array.from({ length: 50 }, () => tab.createJob("later", {}, { delay })));
  await tab.createJob("later", {}, { delay });
  spy.mockClear();
  window.dispatchEvent(new Event("online")); // has it look
  await expect.poll(() => spy.mock.calls.length).toBeGreaterThan(0);
  const [range] = spy.mock.calls[0] as [IDBKeyRange];
  expect(range.lower).toBeGreaterThanOrEqual(51);
});

test("a tab that has nothing to do looks no more often than every five seconds, and hears of a job at once", async () => {
  const clock = useTestClock();
  onTestFinished(() => clock.restore());
  const { open } = queue();
  const [tab, other] = [open({ types }), open({ types, execute: false })];
  await Promise.all([tab.ready, other.ready]);
  const count = transactions();
  await clock.advance(60_000);
  expect(count().all).toBeLessThanOrEqual(2 * 12);
  const { id } = await other.createJob("later");
  expect(await ended(other, id)).toMatchObject({ status: "completed" });
});
