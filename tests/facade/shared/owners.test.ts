import type { SharedRunner, SharedTaskContext } from "jobgate/shared";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  ended,
  frameTab,
  hangingTab,
  holdStore,
  latch,
  locksOf,
  queue,
  settle,
  speakingLast,
  until,
  workerTab,
} from "./support/tabs.js";
import { type } from "./support/types.js";

/** Types of the worker's names that end at once. */
const quick = [
  type("wait", () => "done"),
  type("strict", () => "done", { takeOver: "strict" }),
  type("fragile", () => "done", { onInterrupted: "fail" }),
  type("steps", async (_: unknown, { step }: SharedTaskContext) => step("one", () => ({ by: "page" }))),
];

test("a job whose tab dies is run again by another, and no retry is counted", async () => {
  const { name, open } = queue();
  const owner = await workerTab({ name });
  const tab = open({ types: quick, execute: false });
  const { id } = await tab.createJob("wait");
  await owner.hears("started");
  const running = await until(tab, () => tab.getJob(id)?.status === "running" && tab.getJob(id));
  expect(running).toMatchObject({ interruptions: 0, owner: { epoch: 1 } });
  const heir = open({ types: quick });
  await heir.ready;
  owner.kill();
  expect(await ended(heir, id)).toMatchObject({ status: "completed", result: "done", interruptions: 1, attempt: 1 });
});

test("a job whose page goes is handed over by its mark alone, and no interruption is counted", async () => {
  const { name, open } = queue();
  const watcher = open({ types: quick, execute: false });
  const { id } = await watcher.createJob("wait");
  const owner = await frameTab(name);
  await until(watcher, () => watcher.getJob(id)?.status === "running");
  owner.remove();
  const heir = open({ types: quick });
  expect(await ended(heir, id)).toMatchObject({ status: "completed", interruptions: 0, attempt: 1, result: "done" });
});

test("the mark of a page that has stayed says nothing of a later run: a tab that dies in that is an interruption", async () => {
  const { name, open } = queue();
  const aborted = latch<string>();
  const body = (_: unknown, { signal }: SharedTaskContext) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        aborted.open(signal.reason.name);
        reject(signal.reason);
      });
    });
  const tab = open({ types: [type("wait", body)] });
  const { id } = await tab.createJob("wait");
  await until(tab, () => tab.getJob(id)?.status === "running");
  dispatchEvent(new PageTransitionEvent("pagehide"));
  expect(await aborted.opened).toBe("HandoverError");
  await tab.close();
  const owner = await workerTab({ name });
  await owner.hears("started");
  owner.kill();
  const heir = open({ types: quick });
  expect(await ended(heir, id)).toMatchObject({ status: "completed", interruptions: 1, attempt: 1 });
});

test("a stop of a job whose tab is dead ends it without running its body again", async () => {
  const { name, open } = queue();
  const owner = await workerTab({ name });
  const watcher = open({ types: quick, execute: false });
  const { job } = await watcher.runJob("key", "strict");
  await owner.hears("started");
  owner.kill();
  await job.stop("enough");
  expect(job.record).toMatchObject({ status: "cancelled" });
  expect(await job.settled).toEqual({ type: "Cancelled", reason: "enough" });
});

test("a job that kills its tab again and again fails with E_CRASH_LOOP, one that may not be interrupted at once", async () => {
  const { name, open } = queue();
  const watcher = open({ types: quick, execute: false, maxInterruptions: 2 });
  const { id } = await watcher.createJob("wait");
  for (let times = 0; times < 2; times++) {
    const owner = await workerTab({ name });
    await owner.hears("started");
    owner.kill();
  }
  expect(await ended(watcher, id)).toMatchObject({
    status: "failed",
    interruptions: 2,
    error: { code: "E_CRASH_LOOP" },
  });

  const fragile = await watcher.createJob("fragile");
  const owner = await workerTab({ name });
  await owner.hears("started");
  owner.kill();
  expect(await ended(watcher, fragile.id)).toMatchObject({ status: "failed", error: { code: "E_INTERRUPTED" } });
});

test("an owner that hangs is replaced, and when it wakes up its signal says that it has lost the job", async () => {
  const { name, open } = queue({ takeOverAfter: 1000 });
  const owner = await workerTab({ name, takeOverAfter: 1000 });
  const tab = open({ types: quick, execute: false });
  const { id } = await tab.createJob("wait");
  await owner.hears("started");
  const heir = open({ types: quick });
  await heir.ready;
  let isOver = false;
  const end = ended(heir, id).finally(() => {
    isOver = true;
  });
  // One that hangs amid a transaction holds up the store for as long: then it is not silent, and hangs once more.
  while (!isOver) {
    owner.hang(4000);
    await owner.hears("late");
  }
  expect(await end).toMatchObject({ status: "completed", result: "done", interruptions: 1 });
  expect(await owner.hears("aborted")).toMatchObject({ detail: "LostOwnershipError" });
  expect(heir.getJob(id)).toMatchObject({ status: "completed", result: "done" });
});

test.each([
  ["none that has ended is kept", async () => {}, 0],
  ["those that have ended were cleared", (heir: SharedRunner) => heir.clearCompleted(), 1000],
])("an owner that wakes up hears that it has lost its job also where %s", async (_, clear, retain) => {
  const { open } = queue({ takeOverAfter: 400, retain });
  const [begun, aborted] = [latch(), latch<string>()];
  const body = (_: unknown, { signal }: SharedTaskContext) =>
    new Promise((_, reject) => {
      begun.open();
      signal.addEventListener("abort", () => {
        aborted.open(signal.reason.name);
        reject(signal.reason);
      });
    });
  const { tab: owner, hang, wake } = await hangingTab(() => open({ types: [type("wait", body)] }));
  const { id } = await owner.createJob("wait");
  await begun.opened;
  hang();
  const heir = open({ types: quick });
  const { job } = await heir.runJob("key", "wait", {}, { id });
  expect(await job.settled).toMatchObject({ type: "Normal", result: "done" });
  await clear(heir);
  expect(heir.getJob(id)).toBeUndefined();
  wake();
  expect(await aborted.opened).toBe("LostOwnershipError");
  expect(owner.getJob(id)).toBeUndefined();
});

test("a run that was lost records nothing in a later job that has its id, though that has the same epoch", async () => {
  const { open } = queue({ takeOverAfter: 400 });
  const heard = latch<SharedTaskContext>();
  const [done, release] = [latch(), latch<string>()];
  const lost = (_: unknown, context: SharedTaskContext) => {
    context.onAction(() => {
      heard.open(context);
      return done.opened;
    });
    return release.opened;
  };
  const { tab: owner, hang, wake } = await hangingTab(() => open({ types: [type("wait", lost)] }));
  const create = (tab: SharedRunner) => tab.runJob<unknown, string>("key", "wait", {}, { id: "same" });
  await (await create(owner)).job.dispatch("of the first");
  const { step, progress } = await heard.opened;
  hang();
  const go = latch();
  const later = async ({ step, onAction, epoch }: SharedTaskContext<unknown, string>) => {
    await go.opened;
    const own = await step("one", () => "of the second");
    return new Promise((resolve) => onAction((action) => resolve([epoch, own, action])));
  };
  let runs = 0;
  const execute = (_: unknown, context: SharedTaskContext<unknown, string>) =>
    runs++ === 0 ? "first" : later(context);
  const heir = open({ types: [type<unknown, unknown, unknown, string>("wait", execute)] });
  expect(await ended(heir, "same")).toMatchObject({ result: "first" });
  await heir.clearCompleted();
  const { job } = await create(heir);
  await job.dispatch("of the second");
  await until(heir, () => job.record.status === "running");
  wake();
  const stepped = step("one", () => "of the first");
  progress(77, "of the first");
  done.open();
  release.open("of the first");
  await expect(stepped).rejects.toMatchObject({ code: "E_LOST_OWNERSHIP" });
  go.open();
  expect(await job.settled).toEqual({ type: "Normal", result: [1, "of the second", "of the second"] });
  expect(job.record).toMatchObject({ progress: { percent: 0, message: "" }, interruptions: 0 });
});

test("an owner whose store takes nothing is replaced as one that hangs, and what its body says then is not recorded", async () => {
  const { name, open } = queue({ takeOverAfter: 1000 });
  const aborted = latch<string>();
  const body = (_: unknown, { signal, setState, progress }: SharedTaskContext) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        setState("late");
        progress(50, "late");
        resolve("late");
        aborted.open(signal.reason.name);
      });
    });
  const owner = open({ types: [type("wait", body)] });
  const { job } = await owner.runJob("key", "wait");
  await until(owner, () => job.record.status === "running");
  const refused = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
    throw new DOMException("not now", "InvalidStateError");
  });
  onTestFinished(() => refused.mockRestore());
  const heir = await workerTab({ name, takeOverAfter: 1000 });
  await heir.hears("started");
  refused.mockRestore();
  expect(await aborted.opened).toBe("LostOwnershipError");
  // What it might still write for its body is begun while the first is written, and the second is written after that.
  for (const priority of [1, 2]) expect(await owner.setPriority(job.record.id, priority)).toBe(true);
  const { record, state } = job;
  expect(record).toMatchObject({ status: "running", interruptions: 1, progress: { percent: 0, message: "" } });
  expect([record.owner?.tab === owner.tab, state]).toEqual([false, undefined]);
});

test("an owner that hangs is not replaced where its type says so", async () => {
  const { name, open } = queue({ takeOverAfter: 200 });
  const owner = await workerTab({ name, takeOverAfter: 200 });
  const watcher = open({ types: quick, execute: false });
  const { id } = await watcher.createJob("strict");
  await owner.hears("started");
  owner.hang(1200);
  const heir = open({ types: quick });
  await heir.ready;
  await owner.hears("late");
  expect(heir.getJob(id)).toMatchObject({ status: "running", interruptions: 0, owner: { epoch: 1 } });
});

test("a page that left a job and came back said so of that job: of another under its id, nobody was told", async () => {
  const { name, open } = queue();
  const watcher = open({ types: quick, execute: false });
  const release = latch();
  const page = open({ types: [type("fragile", () => release.opened, { onInterrupted: "fail" })] });
  const create = () => watcher.createJob("fragile", {}, { id: "same" });
  await create();
  await until(watcher, () => watcher.getJob("same")?.status === "running");
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  release.open();
  await ended(watcher, "same");
  await page.close();
  expect(await watcher.clearCompleted()).toBe(1);
  await create();
  const owner = await workerTab({ name });
  await owner.hears("started");
  owner.kill();
  expect(await ended(watcher, "same")).toMatchObject({ status: "failed", error: { code: "E_INTERRUPTED" } });
});

test("a step that was recorded is not called again after its tab has died", async () => {
  const { name, open } = queue();
  const owner = await workerTab({ name });
  const watcher = open({ types: quick, execute: false });
  const { id } = await watcher.createJob("steps");
  expect(await owner.hears("effect")).toMatchObject({ detail: "one" });
  await owner.hears("started");
  owner.kill();
  const heir = open({ types: quick });
  expect(await ended(heir, id)).toMatchObject({ status: "completed", result: { by: "worker" } });
});

test("a tab that closes hands over what it runs, and its body hears why", async () => {
  const { open } = queue();
  const started = latch();
  const reason = latch<{ name: string; code: string }>();
  const body = (_: unknown, { signal }: SharedTaskContext) =>
    new Promise((_, reject) => {
      started.open();
      signal.addEventListener("abort", () => {
        reason.open(signal.reason);
        reject(signal.reason);
      });
    });
  const owner = open({ types: [type("wait", body)] });
  const { id } = await owner.createJob("wait");
  await started.opened;
  await owner.close();
  expect(await reason.opened).toMatchObject({ name: "HandoverError", code: "E_HANDOVER" });
  await expect(owner.createJob("wait")).rejects.toMatchObject({ code: "E_CLOSED" });
  const heir = open({ types: quick });
  expect(await ended(heir, id)).toMatchObject({ status: "completed", interruptions: 0, attempt: 1 });
});

test("a tab that closes when a body has ended records that, however long the store takes: it is not called again", async () => {
  const { name, open } = queue();
  const { body, begun, go, calls } = speakingLast("done");
  const types = [type("wait", body)];
  const owner = open({ types });
  const { id } = await owner.createJob("wait");
  await begun;
  const store = await holdStore(name);
  go();
  await settle();
  const closed = owner.close();
  store.goOn();
  await closed;
  const { job } = await open({ types }).runJob("key", "wait", {}, { id });
  expect(await job.settled).toEqual({ type: "Normal", result: "done" });
  expect([job.state, calls()]).toEqual(["all", 1]);
});

test("no lock is held while nothing runs", async () => {
  const { name, open } = queue();
  const tab = open({ types: quick });
  const { id } = await tab.createJob("wait");
  await ended(tab, id);
  await until(tab, () => tab.getQueueStats().completed === 1);
  await expect.poll(() => locksOf(name)).toEqual([]);
});

test("a tab never runs a job of a higher version than its own, and brings older params to its own", async () => {
  const { open } = queue();
  const params = [{ name: "n", type: "integer" as const }];
  const create = open({ types: [type("v", () => "old", { params, version: 1 })], execute: false });
  const old = await create.createJob("v", { n: 1 });
  const migrate = (given: unknown, from: number) => {
    expect(from).toBe(1);
    return { m: (given as { n: number }).n + 10 };
  };
  const body = ({ m }: { m: number }) => `new ${m}`;
  const renamed = [{ name: "m", type: "integer" as const }];
  const types = [type("v", body, { params: renamed, version: 2, migrate })];
  const next = open({ types });
  expect(await ended(next, old.id)).toMatchObject({ result: "new 11", version: 2, params: { m: 11 } });
  await next.close();

  const newer = open({ types, execute: false });
  const { id } = await newer.createJob("v", { m: 5 });
  const older = open({ types: [type("v", () => "old", { params, version: 1 })] });
  await until(older, () => older.getJob(id)?.waiting_for === "type");
  const able = open({ types });
  expect(await ended(able, id)).toMatchObject({ result: "new 5" });
});

test("a job of an older version that is run again has its params brought to this one, as any other", async () => {
  const { open } = queue();
  const params = [{ name: "n", type: "integer" as const }];
  const old = open({ types: [type("v", () => "old", { params, version: 1 })] });
  const { id } = await old.createJob("v", { n: 1 });
  expect(await ended(old, id)).toMatchObject({ result: "old", version: 1 });
  await old.close();
  const migrate = (given: unknown, from: number) => ({ m: (given as { n: number }).n + 10 * from });
  const renamed = [{ name: "m", type: "integer" as const }];
  const next = open({ types: [type("v", ({ m }: { m: number }) => m, { params: renamed, version: 2, migrate })] });
  await next.ready;
  const again = await next.retryJob(id);
  expect(await ended(next, again.id)).toMatchObject({ result: 11, version: 2, params: { m: 11 } });
});

test("a job whose params can't be migrated is parked, not dropped", async () => {
  const { open } = queue();
  const create = open({ types: [type("v", () => 1)], execute: false });
  const { id } = await create.createJob("v");
  const migrate = () => {
    throw new Error("no way");
  };
  const reports: unknown[] = [];
  const hear = (event: ErrorEvent) => {
    event.preventDefault();
    reports.push(event.error.message);
  };
  addEventListener("error", hear);
  const tab = open({ types: [type("v", () => 1, { version: 2, migrate })] });
  await until(tab, () => tab.getJob(id)?.waiting_for === "migration");
  removeEventListener("error", hear);
  expect(reports).toEqual(["no way"]);
  const able = open({ types: [type("v", () => "done", { version: 2, migrate: () => ({}) })] });
  expect(await ended(able, id)).toMatchObject({ status: "completed", result: "done" });
});

test("of a lock that is asked for and withdrawn again, and once more before that is over, nothing is kept", async () => {
  const { name, open } = queue({ concurrency: 1 });
  // Of the only slot, in which nothing runs.
  const release = latch();
  void navigator.locks.request(`jobgate:${name}:0:0`, () => release.opened);
  const tab = open({ types: [type("sends", () => 1, { requires: { online: true } })] });
  await tab.createJob("sends");
  const { opened } = tab as unknown as { opened: { driver: { locks: { requests: Map<number, object> } } } };
  const { requests } = opened.driver.locks;
  expect(requests.size).toBe(1);
  const isOnline = vi.spyOn(navigator, "onLine", "get");
  onTestFinished(() => isOnline.mockRestore());
  for (const online of [false, true, false]) {
    isOnline.mockReturnValue(online);
    dispatchEvent(new Event("online"));
  }
  await expect.poll(() => requests.size).toBe(0);
  release.open();
});
