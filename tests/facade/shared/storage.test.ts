import { jobHandler } from "jobgate/runner";
import type { SharedTaskContext } from "jobgate/shared";
import { useTestClock } from "jobgate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { asker, posted } from "../http/support/ask.js";
import { ended, latch, queue, until } from "./support/tabs.js";
import { type } from "./support/types.js";

const n = [{ name: "n", type: "integer" as const }];
const types = [type("n", ({ n }: { n: number }) => n, { params: n }), type("plain", () => "done")];

const hold = () => {
  const release = latch();
  const held = type("hold", (_: unknown, { signal }: SharedTaskContext) =>
    Promise.race([
      release.opened,
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    ]),
  );
  return { release, held };
};

/** The same type, and how often its body has been called. */
function counted(held: ReturnType<typeof hold>["held"]) {
  let runs = 0;
  const execute = (params: unknown, context: SharedTaskContext) => {
    runs++;
    return held.execute(params, context);
  };
  return { type: { ...held, execute }, runs: () => runs };
}

test("a store is given its time to open, however far a test moves its own meanwhile", async () => {
  const clock = useTestClock();
  onTestFinished(() => clock.restore());
  const { open } = queue();
  const tabs = [open({ types }), open({ types, fallback: "reject" })];
  const made = tabs.map((tab) => tab.createJob("n", { n: 7 }));
  await clock.advance(60_000);
  for (const tab of tabs) await tab.ready;
  expect(tabs.map(({ storage }) => storage)).toEqual(["disk", "disk"]);
  for (const { id } of await Promise.all(made)) expect(await ended(tabs[0]!, id)).toMatchObject({ result: 7 });
});

test("without hints all is the same, only slower", async () => {
  vi.stubGlobal("BroadcastChannel", undefined);
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  const { held } = hold();
  const { open } = queue({ takeOverAfter: 400 });
  const owner = open({ types: [...types, held] });
  const other = open({ types: [...types, held], execute: false });
  const { job } = await other.runJob("key", "hold");
  await until(other, () => job.record.status === "running");
  await job.stop("enough");
  expect(job.record.status).toBe("cancelled");
  const { id } = await other.createJob("n", { n: 4 });
  expect(await ended(other, id)).toMatchObject({ result: 4 });
  expect(await ended(owner, id)).toMatchObject({ result: 4 });
});

test("finished jobs beyond those that are kept go, in every tab, and clearCompleted lets go of the rest", async () => {
  const { open } = queue({ retain: 2 });
  const tab = open({ types });
  const watcher = open({ types, execute: false });
  await watcher.ready;
  for (let n = 0; n < 5; n++) {
    const { id } = await tab.createJob("n", { n });
    await until(tab, () => tab.getJob(id)?.status === "completed");
  }
  for (const each of [tab, watcher]) {
    const kept = () => each.getAllJobs().map(({ result }) => result);
    await until(each, () => kept().join() === "4,3");
  }
  expect(await watcher.clearCompleted()).toBe(2);
  await until(tab, () => tab.getAllJobs().length === 0);
  expect(watcher.getSnapshot()).toMatchObject({ jobs: [], connected: true, stats: { total: 0 } });
  const snapshot = watcher.getSnapshot();
  expect(watcher.getSnapshot()).toBe(snapshot);
});

test("what is still there at the next visit goes on", async () => {
  const { open } = queue();
  const first = open({ types, execute: false });
  const created = await Promise.all([1, 2, 3].map((n) => first.createJob("n", { n })));
  await first.close();
  const next = open({ types });
  await next.ready;
  for (const [at, { id }] of created.entries()) expect(await ended(next, id)).toMatchObject({ result: at + 1 });
});

test("a full queue takes no more, in whichever tab", async () => {
  const { open } = queue({ maxPending: 2 });
  const [one, other] = [open({ types, execute: false }), open({ types, execute: false })];
  await one.createJob("plain");
  await other.createJob("plain");
  await expect(one.createJob("plain")).rejects.toMatchObject({ code: "E_QUEUE_FULL" });
  await expect(other.createJob("plain")).rejects.toMatchObject({ code: "E_QUEUE_FULL" });
  expect(one.getQueueStats().pending).toBe(2);
});

test("a key that is taken: join, reject, queue, replace", async () => {
  const { release, held } = hold();
  const { open } = queue();
  const all = [...types, held];
  const [tab, other] = [open({ types: all }), open({ types: all, execute: false })];
  const first = await other.runJob("key", "hold");
  await until(other, () => first.job.record.status === "running");
  expect((await tab.runJob("key", "plain")).type).toBe("JOB_ALREADY_RUNNING");
  await expect(other.runJob("key", "plain", {}, { onDuplicate: "reject" })).rejects.toMatchObject({
    code: "E_DUPLICATE",
  });
  const second = await other.runJob("key", "plain", {}, { onDuplicate: "queue" });
  const third = await tab.runJob("key", "plain", {}, { onDuplicate: "queue" });
  expect(third.type).toBe("JOB_CREATED");
  expect(await second.job.settled).toMatchObject({ type: "Cancelled" });
  expect(third.job.record).toMatchObject({ status: "pending", key: "key" });
  release.open();
  expect(await third.job.result).toBe("done");

  const again = await tab.runJob("key", "hold");
  await again.job.settled;
  expect(other.getRunningJob("key")?.record.id).not.toBe(first.job.record.id);
});

test("a job that is replaced has ended before the one in its place starts", async () => {
  const { held } = hold();
  const { open } = queue();
  const all = [...types, held];
  const [tab, other] = [open({ types: all }), open({ types: all, execute: false })];
  const first = await tab.runJob("key", "hold");
  await until(tab, () => first.job.record.status === "running");
  const next = await other.runJob("key", "plain", {}, { onDuplicate: "replace" });
  expect(await next.job.result).toBe("done");
  expect(first.job.record).toMatchObject({ status: "cancelled" });
  expect(first.job.record.completed_at).toBeLessThanOrEqual(next.job.record.started_at ?? 0);
});

test("where there is no IndexedDB a create is refused, or the queue is this tab's alone", async () => {
  const { open } = queue();
  const broken = vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("not here", "InvalidStateError");
  });
  onTestFinished(() => broken.mockRestore());
  const refused = open({ types });
  await refused.ready;
  await expect(refused.createJob("plain")).rejects.toMatchObject({ code: "E_STORAGE_UNAVAILABLE" });
  expect(refused.getSnapshot()).toMatchObject({ jobs: [], connected: false });

  const alone = open({ types, fallback: "memory" });
  const { id, durable } = await alone.createJob("n", { n: 3 });
  expect(durable).toBe(false);
  expect(await ended(alone, id)).toMatchObject({ status: "completed", result: 3, durable: false });
  expect(alone.storage).toBe("memory");
});

test("a create whose transaction is aborted at commit rejects, and nothing was queued", async () => {
  const { open } = queue();
  const tab = open({ types, execute: false });
  await tab.ready;
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...given: Parameters<typeof put>) {
    const request = put.apply(this, given);
    if ((given[0] as { type?: string }).type === "plain") {
      request.addEventListener("success", () => this.transaction.abort());
    }
    return request;
  };
  onTestFinished(() => {
    IDBObjectStore.prototype.put = put;
  });
  await expect(tab.createJob("plain")).rejects.toMatchObject({ code: "E_STORAGE_UNAVAILABLE" });
  IDBObjectStore.prototype.put = put;
  expect(tab.getAllJobs()).toEqual([]);
  await tab.createJob("plain");
  expect(tab.getQueueStats().total).toBe(1);
});

test("an outcome that the store does not take at first is recorded all the same", async () => {
  const { open } = queue({ takeOverAfter: 400 });
  const { release, held } = hold();
  const tab = open({ types: [held] });
  const { id } = await tab.createJob("hold");
  await until(tab, () => tab.getJob(id)?.status === "running");
  const transaction = IDBDatabase.prototype.transaction;
  let refusals = 0;
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...given: Parameters<typeof transaction>) {
    if (refusals < 3 && given[1] === "readwrite") {
      refusals++;
      throw new DOMException("full", "QuotaExceededError");
    }
    return transaction.apply(this, given);
  };
  onTestFinished(() => {
    IDBDatabase.prototype.transaction = transaction;
  });
  release.open();
  expect(await ended(tab, id)).toMatchObject({ status: "completed", interruptions: 0 });
  expect(refusals).toBe(3);
});

test("a page that is put away lets go and begins nothing on disk, and joins again when it is back", async () => {
  const { open } = queue();
  const { release, held } = hold();
  const { type, runs } = counted(held);
  const tab = open({ types: [type] });
  const { id } = await tab.createJob("hold");
  await until(tab, () => tab.getJob(id)?.status === "running" && runs() === 1);
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  release.open();
  expect(await ended(tab, id)).toMatchObject({ status: "completed", interruptions: 0 });
  expect(runs()).toBe(2);
});

test("newer code takes the store: this tab runs and creates nothing, it watches and stops", async () => {
  const { name, open } = queue();
  const tab = open({ types });
  const { id } = await tab.createJob("plain", {}, { delay: 60_000 });
  const newer = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`jobgate:${name}`, 99);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  onTestFinished(() => newer.close());
  await until(tab, () => tab.storage === "outdated");
  await expect(tab.createJob("plain")).rejects.toMatchObject({ code: "E_STORAGE_UNAVAILABLE" });
  expect(tab.getSnapshot().connected).toBe(false);
  const late = open({ types });
  await late.ready;
  expect(late.storage).toBe("outdated");
  const ask = asker(jobHandler(late));
  const refused = await ask("/api/jobs", posted({ type: "plain" }));
  expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining("Newer code")]);
  expect((await ask(`/api/jobs/${id}`, { method: "DELETE" })).status).toBe(200);
  expect(await ended(tab, id)).toMatchObject({ status: "cancelled" });
});

test("newer code takes the store from a tab that runs a job: it is handed over at once", async () => {
  const { name, open } = queue();
  const { held } = hold();
  const tab = open({ types: [held] });
  const { id } = await tab.createJob("hold");
  await until(tab, () => tab.getJob(id)?.status === "running");
  const request = indexedDB.open(`jobgate:${name}`, 99);
  request.onsuccess = () => request.result.close();
  await until(tab, () => tab.storage === "outdated" && tab.getJob(id)?.status === "pending");
  expect(tab.getJob(id)).toMatchObject({ attempt: 1, interruptions: 0 });
});

test("a tab from which newer code has taken the store runs nothing when its page is back, either", async () => {
  const { name, open } = queue();
  const { held } = hold();
  const { type, runs } = counted(held);
  const tab = open({ types: [type] });
  const { id } = await tab.createJob("hold");
  await until(tab, () => tab.getJob(id)?.status === "running" && runs() === 1);
  const request = indexedDB.open(`jobgate:${name}`, 99);
  request.onsuccess = () => request.result.close();
  await until(tab, () => tab.storage === "outdated" && tab.getJob(id)?.status === "pending");
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  // Each is written after what the tab had begun.
  for (let priority = 1; priority < 20; priority++) await tab.setPriority(id, priority);
  expect(tab.getJob(id)).toMatchObject({ status: "pending", priority: 19 });
  expect(runs()).toBe(1);
});

test("a store that the browser takes away is said to be lost, and nothing hangs", async () => {
  const { name, open } = queue();
  const { held } = hold();
  const tab = open({ types: [held] });
  const { id } = await tab.createJob("hold");
  await until(tab, () => tab.getJob(id)?.status === "running");
  indexedDB.deleteDatabase(`jobgate:${name}`);
  await until(tab, () => tab.storage === "lost");
  await expect(tab.createJob("hold")).rejects.toMatchObject({ code: "E_STORAGE_UNAVAILABLE" });
  await expect(tab.cancelJob(id)).rejects.toMatchObject({ code: "E_STORAGE_LOST" });
  await tab.close();
});
