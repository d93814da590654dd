import { jobHandler } from "jobgate/runner";
import type { SharedRunnerOptions, SharedTaskContext } from "jobgate/shared";
import { useTestClock } from "jobgate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { asker, posted } from "../http/support/ask.js";
import { ended, latch, opened, queue, until } from "./support/tabs.js";
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

/** A queue where IndexedDB can't be opened: each runner's own, in memory. */
function memoryQueue(options: SharedRunnerOptions = {}) {
  const broken = vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("not here", "InvalidStateError");
  });
  onTestFinished(() => broken.mockRestore());
  return queue({ fallback: "memory", ...options });
}

/** The page lets go of what it runs, and is back at once. */
function putAway(): void {
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
}

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

test("in memory a queue is one runner's alone: another of its name sees none of its jobs, and has its own keys", async () => {
  const { release, held } = hold();
  const { open } = memoryQueue();
  const [one, other] = [open({ types: [held] }), open({ types: [held] })];
  const [first, second] = [await one.runJob("key", "hold"), await other.runJob("key", "hold")];
  expect([first.type, second.type]).toEqual(["JOB_CREATED", "JOB_CREATED"]);
  expect(await other.findJob(first.job.record.id)).toBeUndefined();
  expect(one.getAllJobs().map(({ id }) => id)).toEqual([first.job.record.id]);
  await first.job.stop("enough");
  expect(second.job.record).toMatchObject({ status: "running" });
  release.open();
  expect(await second.job.settled).toMatchObject({ type: "Normal" });
});

test("in memory, too, a key has one job: it is joined or refused, one waits behind it and follows, or takes its place", async () => {
  const { release, held } = hold();
  const { held: other } = hold();
  const tab = memoryQueue().open({ types: [...types, held, { ...other, name: "other" }] });
  const first = await tab.runJob("key", "hold");
  await until(tab, () => first.job.record.status === "running");
  const joined = await tab.runJob("key", "plain");
  expect([joined.type, joined.job.record.id]).toEqual(["JOB_ALREADY_RUNNING", first.job.record.id]);
  await expect(tab.runJob("key", "plain", {}, { onDuplicate: "reject" })).rejects.toMatchObject({
    code: "E_DUPLICATE",
  });
  const second = await tab.runJob("key", "plain", {}, { onDuplicate: "queue" });
  const third = await tab.runJob("key", "other", {}, { onDuplicate: "queue" });
  expect(await second.job.settled).toMatchObject({ type: "Cancelled" });
  expect(third.job.record).toMatchObject({ status: "pending" });
  release.open();
  await until(tab, () => third.job.record.status === "running");
  expect(first.job.record).toMatchObject({ status: "completed" });
  const last = await tab.runJob("key", "plain", {}, { onDuplicate: "replace" });
  expect(await last.job.result).toBe("done");
  expect(third.job.record).toMatchObject({ status: "cancelled" });
});

test("in memory, too, a job is found, steered and run again, and an id is one job's", async () => {
  const tab = memoryQueue().open({ types });
  const { id } = await tab.createJob("n", { n: 5 }, { id: "mine", delay: 60_000 });
  expect(await tab.createJob("plain", {}, { id })).toMatchObject({ id, type: "n" });
  expect(await tab.setPriority(id, 9)).toBe(true);
  expect(await tab.findJob(id)).toMatchObject({ status: "pending", priority: 9, waiting_for: "delay" });
  await expect(tab.retryJob(id)).rejects.toMatchObject({ code: "E_NOT_FINISHED" });
  expect(await tab.cancelJob(id, "not now")).toBe(true);
  expect(await tab.cancelJob(id)).toBe(false);
  expect(tab.getJob(id)).toMatchObject({ status: "cancelled", reason: "not now" });
  const again = await tab.retryJob(id);
  expect(await ended(tab, again.id)).toMatchObject({ status: "completed", result: 5 });
  expect(await tab.findJob("none")).toBeUndefined();
  await expect(tab.retryJob("none")).rejects.toMatchObject({ code: "E_UNKNOWN_JOB" });
});

test("in memory, too, those that have ended first are let go of first, and clearCompleted lets go of the rest", async () => {
  const { release, held } = hold();
  const tab = memoryQueue({ retain: 2 }).open({ types: [...types, held] });
  const last = await tab.createJob("hold");
  for (const n of [1, 2, 3]) await ended(tab, (await tab.createJob("n", { n })).id);
  release.open();
  await ended(tab, last.id);
  expect(tab.getAllJobs().map(({ type, result }) => [type, result])).toEqual([
    ["hold", undefined],
    ["n", 3],
  ]);
  expect(await tab.clearCompleted()).toBe(2);
  expect(tab.getAllJobs()).toEqual([]);
  expect(await tab.findJob(last.id)).toBeUndefined();
});

test("in memory, too, a full queue takes no more until there is room, and what runs counts for nothing", async () => {
  const { release, held } = hold();
  const tab = memoryQueue({ maxPending: 1, concurrency: 1 }).open({ types: [...types, held] });
  const first = await tab.createJob("hold");
  await until(tab, () => tab.getJob(first.id)?.status === "running");
  const second = await tab.createJob("plain");
  await expect(tab.createJob("plain")).rejects.toMatchObject({ code: "E_QUEUE_FULL" });
  expect(tab.getQueueStats().total).toBe(2);
  release.open();
  await ended(tab, second.id);
  const third = await tab.createJob("plain");
  expect(await ended(tab, third.id)).toMatchObject({ status: "completed" });
});

test("in memory, too, a step is called once in all attempts, and gives each what it gave, whatever became of that", async () => {
  let calls = 0;
  const body = async (_: unknown, { step, attempt }: SharedTaskContext) => {
    const list = await step("once", () => {
      calls++;
      return [calls];
    });
    list.push(attempt);
    if (attempt < 3) throw new Error("again");
    return list;
  };
  const tab = memoryQueue().open({ types: [type("steps", body)] });
  const { id } = await tab.createJob("steps", {}, { retry: { limit: 2, delay: 0 } });
  expect(await ended(tab, id)).toMatchObject({ status: "completed", result: [1, 3] });
  expect(calls).toBe(1);
});

test("in memory, too, actions that are sent at once come in their order, and one not done with when its run is let go of comes to the next", async () => {
  const sent = latch();
  const heard: [number, string][] = [];
  const body = async (_: unknown, { onAction, epoch }: SharedTaskContext<unknown, string>) => {
    await sent.opened;
    return new Promise((resolve) => {
      onAction((action) => {
        heard.push([epoch, action]);
        if (action === "c") resolve("all");
        if (action !== "b" || epoch > 1) return undefined;
        putAway();
        return new Promise(() => {});
      });
    });
  };
  const tab = memoryQueue().open({ types: [type<unknown, unknown, unknown, string>("listen", body)] });
  const { job } = await tab.runJob<unknown, string>("key", "listen");
  await Promise.all(["a", "b", "c"].map((action) => job.dispatch(action)));
  sent.open();
  expect(await job.result).toBe("all");
  expect(heard).toEqual([
    [1, "a"],
    [1, "b"],
    [2, "b"],
    [2, "c"],
  ]);
});

test.each([
  ["on disk", queue],
  ["in memory", memoryQueue],
])("%s an action is what was sent, whatever a run before has made of it", async (_, make) => {
  interface Action {
    readonly items: string[];
  }
  const heard: string[] = [];
  const body = (_: unknown, { onAction, epoch }: SharedTaskContext<unknown, Action>) =>
    new Promise<void>((resolve) => {
      onAction(({ items }) => {
        heard.push(items.join());
        items.pop();
        if (epoch > 1) return resolve();
        putAway();
        // Not done with it: the next run is given it, too.
        return new Promise<void>(() => {});
      });
    });
  const tab = make().open({ types: [type<unknown, void, unknown, Action>("listen", body)] });
  const { job } = await tab.runJob<unknown, Action>("key", "listen");
  await job.dispatch({ items: ["a", "b"] });
  await job.result;
  expect(heard).toEqual(["a,b", "a,b"]);
});

test.each([
  ["on disk", queue],
  ["in memory", memoryQueue],
])("%s a state is what was set, whatever an attempt has made of the one that it was given", async (_, make) => {
  interface State {
    readonly items: string[];
  }
  const given: unknown[] = [];
  const body = (_: unknown, { state, setState, attempt }: SharedTaskContext<State>) => {
    given.push(structuredClone(state));
    if (attempt === 1) setState({ items: ["a"] });
    else state.items.push("not set");
    if (attempt < 3) throw new Error("again");
  };
  const tab = make().open({ types: [type("list", body)] });
  const { job } = await tab.runJob<State>("key", "list", {}, { retry: { limit: 2, delay: 0 } });
  await job.result;
  expect(given).toEqual([undefined, { items: ["a"] }, { items: ["a"] }]);
  expect(job.state).toEqual({ items: ["a"] });
});

test("params are shown as they are run, and can't be changed there, in a tab that has only read them, too", async () => {
  const { open } = queue();
  const params = [{ name: "items", type: "array" as const, items: { type: "string" as const } }];
  const list = type("list", ({ items }: { items: string[] }) => items.sort().join(), { params });
  const make = open({ types: [list], execute: false });
  const { id } = await make.createJob("list", { items: ["b", "a"] });
  const other = open({ types: [list], execute: false });
  const shown = await until(other, () => other.getJob(id)?.params as { items: string[] } | undefined);
  expect(() => shown.items.sort()).toThrow(TypeError);
  const tab = open({ types: [list] });
  expect(await ended(tab, id)).toMatchObject({ result: "a,b", params: { items: ["b", "a"] } });
});

test("in memory, too, a page that is put away lets go of what it runs, and goes on with it when it is back", async () => {
  const { release, held } = hold();
  const { type, runs } = counted(held);
  const tab = memoryQueue().open({ types: [type] });
  const { id } = await tab.createJob("hold");
  await until(tab, () => tab.getJob(id)?.status === "running" && runs() === 1);
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  await until(tab, () => tab.getJob(id)?.status === "pending");
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  await until(tab, () => tab.getJob(id)?.status === "running" && runs() === 2);
  release.open();
  expect(await ended(tab, id)).toMatchObject({ status: "completed", attempt: 1, interruptions: 0, durable: false });
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

/** A body that hears actions until one of them is "end", which it is never done with the first time. */
function listening(heard: string[]) {
  let isFirst = true;
  return type<unknown, unknown, unknown, string>(
    "listen",
    (_, { onAction, signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        onAction((action) => {
          heard.push(action);
          if (action !== "end") return undefined;
          if (!isFirst) return resolve("heard");
          isFirst = false;
          return new Promise(() => {});
        });
      }),
  );
}

/** The store of actions fails at that call, until it has done so that often. */
function failing(method: "get" | "delete", times: number) {
  const failures = { count: 0 };
  const original = IDBObjectStore.prototype[method] as (this: IDBObjectStore, key: IDBValidKey) => IDBRequest;
  IDBObjectStore.prototype[method] = function (this: IDBObjectStore, key: IDBValidKey): IDBRequest {
    if (this.name === "actions" && Array.isArray(key) && failures.count < times) {
      failures.count++;
      throw new DOMException("not now", "UnknownError");
    }
    return original.call(this, key);
  };
  onTestFinished(() => {
    IDBObjectStore.prototype[method] = original;
  });
  return failures;
}

test("an action that the store does not give at first is heard all the same, before those that follow", async () => {
  const { open } = queue();
  const heard: string[] = [];
  const tab = open({ types: [listening(heard)] });
  const { job } = await tab.runJob<unknown, string>("key", "listen");
  const failures = failing("get", 1);
  for (const action of ["a", "b", "end"]) await job.dispatch(action);
  await expect.poll(() => heard).toEqual(["a", "b", "end"]);
  expect(failures.count).toBe(1);
});

test("that an action was heard is recorded though the store does not take it at first, and it does not come again", async () => {
  const { open } = queue({ takeOverAfter: 400 });
  const heard: string[] = [];
  const types = [listening(heard)];
  const [owner, watcher] = [open({ types }), open({ types, execute: false })];
  const { job } = await watcher.runJob<unknown, string>("key", "listen");
  const failures = failing("delete", 2);
  for (const action of ["a", "b", "end"]) await job.dispatch(action);
  await expect.poll(() => heard).toEqual(["a", "b", "end"]);
  expect(failures.count).toBe(2);
  await owner.close();
  open({ types });
  expect(await job.result).toBe("heard");
  expect(heard).toEqual(["a", "b", "end", "end"]);
});

test("a tab that was not given an action, and lets go of the job, asks for it no more", async () => {
  const clock = useTestClock();
  onTestFinished(() => clock.restore());
  const { open } = queue();
  const owner = open({ types: [listening([])] });
  const { job } = await owner.runJob<unknown, string>("key", "listen");
  const failures = failing("get", Infinity);
  await job.dispatch("a");
  await expect.poll(() => failures.count).toBe(1);
  await owner.close();
  await clock.runAll({ limit: 20 });
  expect(failures.count).toBe(1);
});

test("a page that is put away lets go and begins nothing on disk, and joins again when it is back", async () => {
  const { open } = queue();
  const { release, held } = hold();
  const { type, runs } = counted(held);
  const tab = open({ types: [type] });
  const { id } = await tab.createJob("hold");
  await until(tab, () => tab.getJob(id)?.status === "running" && runs() === 1);
  putAway();
  release.open();
  expect(await ended(tab, id)).toMatchObject({ status: "completed", interruptions: 0 });
  expect(runs()).toBe(2);
});

test("newer code takes the store: this tab runs and creates nothing, it watches and stops", async () => {
  const { name, open } = queue();
  const tab = open({ types });
  const { id } = await tab.createJob("plain", {}, { delay: 60_000 });
  const newer = await opened(indexedDB.open(`jobgate:${name}`, 99));
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

test("of a row to which newer code has added a number the rest is read, and what was added stays", async () => {
  const { name, open } = queue();
  const tab = open({ types });
  const { id } = await tab.createJob("plain", {}, { delay: 60_000 });
  const { job: next } = await tab.runJob("key", "plain", {}, { delay: 60_000, onDuplicate: "queue" });
  const behind = await tab.runJob("key", "plain", {}, { delay: 60_000, onDuplicate: "queue" });
  const ids = [id, next.record.id, behind.job.record.id];
  const newer = await opened(indexedDB.open(`jobgate:${name}`, 99));
  onTestFinished(() => newer.close());
  await until(tab, () => tab.storage === "outdated");
  const rowsOf = () => {
    const jobs = newer.transaction("jobs", "readwrite").objectStore("jobs");
    const read = Promise.all(ids.map((each) => opened<{ row: number[] }>(jobs.get(each))));
    return read.then((stored) => ({ jobs, stored }));
  };
  const { jobs, stored } = await rowsOf();
  for (const [at, job] of stored.entries()) jobs.put({ ...job, row: [...job.row, 7 + at] });
  expect(await tab.setPriority(id, 5)).toBe(true);
  expect(await tab.cancelJob(id)).toBe(true);
  expect(await tab.findJob(id)).toMatchObject({ status: "cancelled", priority: 5 });
  // Whoever waits behind it has its key.
  await next.stop();
  expect(await tab.findJob(ids[2]!)).toMatchObject({ status: "pending", waiting_for: "delay" });
  const length = stored[0]!.row.length;
  expect((await rowsOf()).stored.map(({ row }) => row.slice(length))).toEqual([[7], [8], [9]]);
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

test("rows that are no jobs are passed over: the others are seen, run and kept", async () => {
  const { name, open } = queue();
  const first = open({ types, execute: false });
  await first.createJob("n", { n: 1 }, { id: "mine" });
  await first.close();
  const database = await opened(indexedDB.open(`jobgate:${name}`));
  const store = database.transaction("jobs", "readwrite").objectStore("jobs");
  const [stored] = await opened(store.getAll());
  const odd = [
    { changed: 0.5 },
    { ...stored, id: "no-row", row: "running" },
    { ...stored, id: "short", row: [1, 2] },
    { ...stored, id: "words", row: stored.row.map(String) },
    { ...stored, id: "late", changed: "z" },
    { ...stored, id: "paramless", params: undefined },
    { ...stored, id: "typeless", type: 7 },
    { ...stored, id: "ended", ended: 0, row: null },
  ];
  for (const [at, row] of odd.entries()) store.put({ id: `odd${at}`, ...row });
  await opened(store.count());
  database.close();
  const tab = open({ types, retain: 1 });
  expect(await ended(tab, "mine")).toMatchObject({ status: "completed", result: 1 });
  for (const id of ["two", "short"]) {
    await tab.createJob("n", { n: 2 }, { id });
    expect(await ended(tab, id)).toMatchObject({ status: "completed", result: 2 });
  }
  expect(tab.getAllJobs().map(({ id }) => id)).toEqual(["short"]);
  expect(await tab.findJob("words")).toBeUndefined();
});

test("a slot says whose job is there until that job's end is recorded", async () => {
  const { name, open } = queue();
  const { release, held } = hold();
  const tab = open({ types: [held, ...types], concurrency: 2 });
  const jobs = async () => {
    const database = await opened(indexedDB.open(`jobgate:${name}`));
    const { slots } = await opened(database.transaction("meta").objectStore("meta").get("meta"));
    database.close();
    return slots.flatMap(({ job }: { job?: string }) => job ?? []);
  };
  await tab.createJob("hold", {}, { id: "held" });
  await until(tab, () => tab.getJob("held")?.status === "running");
  await tab.createJob("plain", {}, { id: "quick" });
  await ended(tab, "quick");
  expect(await jobs()).toEqual(["held"]);
  release.open();
  await ended(tab, "held");
  expect(await jobs()).toEqual([]);
});
