import type { JobEvent, Unsubscribe } from "jobgate";
import type { SharedTaskContext } from "jobgate/shared";
import { useTestClock } from "jobgate/testing";
import { expect, onTestFinished, test } from "vitest";
import { readAll, typesOf } from "../support/streams.js";
import { ended, holdLooks, latch, queue, until } from "./support/tabs.js";
import { type } from "./support/types.js";

test("a job that one tab creates is run, and every tab sees how it ended", async () => {
  const { open } = queue();
  const types = [type("double", ({ n }: { n: number }) => n * 2, { params: [{ name: "n", type: "number" }] })];
  const [one, other] = [open({ execute: false }), open({ types })];
  const watcher = open({ types, execute: false });
  await expect(one.createJob("double", { n: 21 })).rejects.toMatchObject({ code: "E_UNKNOWN_TYPE" });
  const record = await watcher.createJob("double", { n: 21 });
  expect(record).toMatchObject({ type: "double", status: "pending", durable: true, version: 1, interruptions: 0 });
  for (const tab of [one, other, watcher]) {
    expect(await ended(tab, record.id)).toMatchObject({ status: "completed", result: 42, attempt: 1 });
  }
  expect(other.storage).toBe("disk");
});

test("concurrency counts all tabs", async () => {
  const { open } = queue({ concurrency: 2 });
  let running = 0;
  let most = 0;
  const both = latch();
  const body = async () => {
    most = Math.max(most, ++running);
    if (running === 2) both.open();
    await both.opened;
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
  };
  const tabs = [1, 2, 3].map(() => open({ types: [type("work", body)] }));
  const records = await Promise.all(Array.from({ length: 12 }, (_, at) => tabs[at % 3]!.createJob("work")));
  for (const { id } of records) await ended(tabs[0]!, id);
  expect(most).toBe(2);
});

test("of twelve tabs that start the same key at once one creates the job and the rest are given it", async () => {
  const { open } = queue();
  const release = latch();
  let runs = 0;
  const body = async () => {
    runs++;
    await release.opened;
    return "done";
  };
  const tabs = Array.from({ length: 12 }, () => open({ types: [type("once", body)] }));
  const answers = await Promise.all(tabs.map((tab) => tab.runJob("key", "once")));
  expect(answers.filter(({ type }) => type === "JOB_CREATED")).toHaveLength(1);
  expect(new Set(answers.map(({ job }) => job.record.id)).size).toBe(1);
  release.open();
  expect(await Promise.all(answers.map(({ job }) => job.result))).toEqual(Array(12).fill("done"));
  expect(runs).toBe(1);
});

test("a stop from another tab aborts the body, and its barrier opens when the body has settled", async () => {
  const { open } = queue();
  const started = latch();
  let settled = false;
  const body = (_: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => {
      started.open();
      signal.addEventListener("abort", () =>
        setTimeout(() => {
          settled = true;
          reject(signal.reason);
        }, 10),
      );
    });
  const [owner, other] = [open({ types: [type("long", body)] }), open({ types: [type("long", body)], execute: false })];
  const { job } = await other.runJob("key", "long");
  await started.opened;
  await other.stopJob("key", new Error("enough"));
  expect(settled).toBe(true);
  expect(job.record).toMatchObject({ status: "cancelled", reason: "enough" });
  expect(await job.settled).toMatchObject({ type: "Cancelled", reason: { message: "enough" } });
  expect(await ended(owner, job.record.id)).toMatchObject({ status: "cancelled" });
  await expect(job.result).rejects.toThrow("enough");
});

test("a job that no tab can run yet is stopped at once", async () => {
  const { open } = queue();
  const tab = open({ types: [type("later", () => 1)], execute: false });
  const { job } = await tab.runJob("key", "later", {}, { delay: 60_000 });
  expect(job.record).toMatchObject({ status: "pending", waiting_for: "delay" });
  await job.stop("not now");
  expect(await job.settled).toEqual({ type: "Cancelled", reason: "not now" });
});

test("a failed attempt is tried again, and what it threw last is what the job fails with", async () => {
  const { open } = queue();
  let attempts = 0;
  const tab = open({
    types: [
      type("flaky", () => {
        throw new TypeError(`attempt ${++attempts}`);
      }),
    ],
  });
  const record = await tab.createJob("flaky", {}, { retry: { limit: 2, delay: 1 } });
  const failed = await ended(tab, record.id);
  expect(failed).toMatchObject({ status: "failed", attempt: 3, error: { name: "TypeError", message: "attempt 3" } });
});

test("the highest priority starts first, and a changed priority counts", async () => {
  const { open } = queue({ concurrency: 1 });
  const order: string[] = [];
  const release = latch();
  const types = [
    type("hold", () => release.opened),
    type("note", ({ n }: { n: string }) => order.push(n), { params: [{ name: "n", type: "string" }] }),
  ];
  const tab = open({ types });
  const hold = await tab.createJob("hold");
  await until(tab, () => tab.getJob(hold.id)?.status === "running");
  const ids = await Promise.all(
    ["a", "b", "c"].map((n, at) => tab.createJob("note", { n }, { priority: at === 1 ? 5 : 0 })),
  );
  expect(await tab.setPriority(ids[2]!.id, 9)).toBe(true);
  expect(tab.getAllJobs().map(({ params }) => (params as { n?: string }).n)).toEqual([undefined, "c", "b", "a"]);
  release.open();
  for (const { id } of ids) await ended(tab, id);
  expect(order).toEqual(["c", "b", "a"]);
});

test("what is bad is refused whole and names the field", async () => {
  const { open } = queue();
  expect(() => open({ takeOverAfter: 5 })).toThrow("takeOverAfter");
  expect(() => open({ concurrency: 0 })).toThrow("concurrency");
  for (const version of [0, 1.5, 2 ** 32]) {
    const said = "version must be an integer from 1 to 4294967294: 1 more than before where the params";
    expect(() => open({ types: [type("v", () => 1, { version })] })).toThrow(said);
  }
  const tab = open({ types: [type("n", () => 1, { params: [{ name: "n", type: "integer" }] })] });
  await expect(tab.createJob("n", { n: "x" })).rejects.toMatchObject({ code: "E_INVALID_PARAMS" });
  await expect(tab.createJob("n", { n: 1 }, { priority: Infinity })).rejects.toThrow("priority");
  await expect(tab.createJob("n", { n: 1 }, { signal: {} as never })).rejects.toThrow("signal must be an AbortSignal");
  await expect(tab.createJob("n", { n: 1 }, { retry: { limit: 1, retryIf: () => true } as never })).rejects.toThrow(
    "retryIf",
  );
  await tab.ready;
  expect(tab.getAllJobs()).toEqual([]);
});

test("an id has 1 to 200 characters, each a whole one; with another one nothing is queued", async () => {
  const { open } = queue();
  const tab = open({ types: [type("n", () => 1)] });
  for (const [id, must] of [
    ["", "be a string of 1 to 200 characters"],
    ["x".repeat(201), "be a string of 1 to 200 characters"],
    ["x\udc00", "have no half of a surrogate pair in it"],
  ] as const) {
    const said = new RangeError(`id must ${must}`);
    await expect(tab.createJob("n", {}, { id })).rejects.toThrow(said);
    await expect(tab.runJob("key", "n", {}, { id })).rejects.toThrow(RangeError);
  }
  await tab.ready;
  expect(tab.getAllJobs()).toEqual([]);
  for (const id of ["x", "x".repeat(200)]) expect((await tab.createJob("n", {}, { id })).id).toBe(id);
});

test("a create that is repeated under its id has the same answer", async () => {
  const { open } = queue();
  const tab = open({ types: [type("n", () => 1)] });
  const [one, again] = await Promise.all([tab.createJob("n", {}, { id: "x" }), tab.createJob("n", {}, { id: "x" })]);
  expect([one.id, again.id]).toEqual(["x", "x"]);
  await ended(tab, "x");
  expect(await tab.createJob("n", {}, { id: "x" })).toMatchObject({ status: "completed" });
  expect(tab.getQueueStats()).toMatchObject({ completed: 1, total: 1 });
});

test("tells its types, checks params, and says what runs of how much may", async () => {
  const { open } = queue({ concurrency: 2 });
  const release = latch();
  const types = [type("hold", () => release.opened, { params: [{ name: "n", type: "integer" }] })];
  const [owner, other] = [open({ types }), open({ types, execute: false })];
  expect(other.getJobTypes()).toEqual([{ name: "hold", description: "", params: [{ name: "n", type: "integer" }] }]);
  expect(other.getJobType("hold")).toBe(other.getJobTypes()[0]);
  expect(other.getJobType("none")).toBeUndefined();
  expect(other.validateJobParams("hold", { n: 1 })).toEqual({ valid: true, params: { n: 1 } });
  expect(other.validateJobParams("hold", { n: 1.5 })).toMatchObject({ valid: false, errors: [{ param: "n" }] });
  expect(() => other.validateJobParams("none", {})).toThrow(expect.objectContaining({ code: "E_UNKNOWN_TYPE" }));
  const { id } = await owner.createJob("hold", { n: 1 });
  await until(other, () => other.getJob(id)?.status === "running");
  expect(other.getWorkerStats()).toEqual({ active: 1, capacity: 2 });
  release.open();
  await ended(other, id);
  expect(other.getWorkerStats()).toEqual({ active: 0, capacity: 2 });
  expect(open({ concurrency: Infinity }).getWorkerStats()).toEqual({ active: 0, capacity: 64 });
});

test("the latest job that had a key is known after it has ended, as long as it is kept", async () => {
  const { open } = queue({ retain: 1 });
  const types = [type("say", ({ n }: { n: number }) => n, { params: [{ name: "n", type: "number" }] })];
  const [tab, other] = [open({ types }), open({ types, execute: false })];
  expect(tab.getLastJob("key")).toBeUndefined();
  for (const n of [1, 2]) {
    const { job } = await tab.runJob("key", "say", { n });
    expect(tab.getLastJob("key")!.record.id).toBe(job.record.id);
    await job.result;
    await ended(other, job.record.id);
    for (const one of [tab, other]) expect(one.getLastJob("key")!.record).toMatchObject({ result: n });
  }
  const { id } = await tab.createJob("say", { n: 3 });
  await ended(tab, id);
  await until(tab, () => tab.getLastJob("key") === undefined);
});

test("a state is told when it was set, not with each progress", async () => {
  const { open } = queue();
  const states: unknown[] = [];
  const given = latch<SharedTaskContext<unknown>>();
  const end = latch();
  const body = (_: unknown, context: SharedTaskContext<unknown>) => {
    given.open(context);
    return end.opened;
  };
  const types = [type("states", body)];
  const [owner, other] = [open({ types }), open({ types, execute: false })];
  await other.ready;
  const { job } = await other.runJob("key", "states");
  job.onStateChange((state) => states.push(state));
  const { setState, progress } = await given.opened;
  setState({ at: 1 });
  await until(other, () => job.state !== undefined);
  for (const percent of [10, 20]) {
    progress(percent);
    await until(other, () => job.record.progress.percent === percent);
  }
  setState({ at: 2 });
  end.open();
  await ended(other, job.record.id);
  expect(states).toEqual([{ at: 1 }, { at: 2 }]);
  expect(owner.getLastJob("key")!.state).toEqual({ at: 2 });
});

test("what a shared queue has no use for is refused, and says what does it", () => {
  const { open } = queue();
  expect(() => open({ maxPendingPerPort: 5 } as never)).toThrow(/^maxPendingPerPort is no option of a SharedRunner/);
  expect(() => open({ autoStart: false } as never)).toThrow(/^autoStart is no option of a SharedRunner/);
  expect(() => open({ trace: "yes" } as never)).toThrow(/^trace must be a boolean/);
});

test("with trace, runs are measured for the Performance panel", async () => {
  const { open } = queue();
  const measured: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => measured.push(...list.getEntries()));
  observer.observe({ type: "measure" });
  const types = [
    type("well", () => 1),
    type("ill", () => {
      throw new Error("broken");
    }),
  ];
  const tab = open({ types, trace: true });
  for (const { name } of types) await ended(tab, (await tab.createJob(name)).id);
  await expect.poll(() => measured.map(({ name }) => name)).toEqual(["well: attempt 1", "ill: attempt 1"]);
  const { detail } = measured[1] as PerformanceMeasure;
  expect(detail.devtools).toMatchObject({ track: "SharedRunner", tooltipText: "ill: attempt 1, rejected" });
  observer.disconnect();
});

test("onEvent tells every tab what happens to any job, and the record which tab it is that runs it", async () => {
  const { open } = queue();
  const body = (_: unknown, { attempt, log }: { attempt: number; log(message: string): void }) => {
    log(`attempt ${attempt}`);
    if (attempt === 1) throw new Error("not yet");
    return "done";
  };
  const types = [type("twice", body)];
  const [watcher, owner] = [open({ types, execute: false }), open({ types })];
  const heard = new Map<string, string[]>();
  const owners: (string | undefined)[] = [];
  for (const tab of [watcher, owner]) {
    await tab.ready;
    const events: string[] = [];
    heard.set(tab.tab, events);
    tab.onEvent((event) => {
      events.push(event.type);
      if (event.type === "job_started" && tab === owner) owners.push(tab.getJob(event.job_id)?.owner?.tab);
    });
  }
  const unheard: unknown[] = [];
  owner.onEvent((event) => unheard.push(event))();
  const { id } = await watcher.createJob("twice", {}, { retry: { limit: 1, delay: 10 } });
  await ended(watcher, id);
  await ended(owner, id);
  const all = ["job_created", "job_started", "job_log", "job_retrying", "job_started", "job_log", "job_completed"];
  expect(heard.get(owner.tab)).toEqual(all);
  expect(heard.get(watcher.tab)).toContain("job_completed");
  expect(owners).toEqual([owner.tab, owner.tab]);
  expect(owner.tab).not.toBe(watcher.tab);
  expect(unheard).toEqual([]);
});

test("onEvent says that a running job is asked to stop, and why, once, and then that it has been cancelled", async () => {
  const { open } = queue();
  const [runs, release] = [latch(), latch()];
  const body = async (_: unknown, { signal }: SharedTaskContext) => {
    runs.open();
    await release.opened;
    signal.throwIfAborted();
  };
  const runner = open({ types: [type("slow", body)] });
  await runner.ready;
  const heard: JobEvent[] = [];
  runner.onEvent((event) => heard.push(event));
  const { id } = await runner.createJob("slow");
  await runs.opened;
  await runner.cancelJob(id, "enough");
  await runner.setPriority(id, 1);
  release.open();
  expect(await ended(runner, id)).toMatchObject({ status: "cancelled" });
  expect(heard.map(({ type }) => type)).toEqual(["job_created", "job_started", "job_stopping", "job_cancelled"]);
  expect(heard[2]).toEqual({ type: "job_stopping", job_id: id, reason: "enough" });
});

test("what a body logs is told in every tab before its end, whatever of the job a tab has not seen", async () => {
  const { name, open } = queue();
  const [runs, end] = [latch<SharedTaskContext>(), latch()];
  const body = (_: unknown, context: SharedTaskContext) => {
    runs.open(context);
    return end.opened;
  };
  const types = [type("logs", body)];
  const [owner, watcher] = [open({ types }), open({ types, execute: false })];
  const { job } = await watcher.runJob("key", "logs");
  const { id } = job.record;
  const { log, setState } = await runs.opened;
  for (const tab of [owner, watcher]) await until(tab, () => tab.getJob(id)?.status === "running");
  const heard: string[] = [];
  watcher.onEvent((event) => heard.push(event.type));
  const told = readAll(job.events());
  // It hears of what is logged, and not yet of the state that was set before.
  const looks = holdLooks();
  setState("set");
  await until(owner, () => owner.getLastJob("key")?.state === "set");
  const lines = new BroadcastChannel(`jobgate:${name}`);
  onTestFinished(() => lines.close());
  const line = new Promise<void>((resolve) => {
    lines.onmessage = ({ data }) => data.log && resolve();
  });
  log("a line");
  await line;
  end.open();
  await ended(owner, id);
  looks.goOn();
  await watcher.findJob(id);
  expect(typesOf(await told)).toEqual(["job_created", "job_log", "job_completed"]);
  expect(heard).toEqual(["job_log", "job_completed"]);
});

test("a line that an earlier job under the id has logged is told of no later one, and what is no line of none", async () => {
  const { name, open } = queue();
  const lines = new BroadcastChannel(`jobgate:${name}`);
  onTestFinished(() => lines.close());
  const said: { id: string; changed: number }[] = [];
  lines.onmessage = ({ data }) => data.log && said.push(data.log);
  const ends = [latch(), latch()];
  let runs = 0;
  const body = (_: unknown, context: SharedTaskContext) => {
    context.log("a line");
    return ends[runs++]!.opened;
  };
  const types = [type("logs", body)];
  const [owner, watcher] = [open({ types }), open({ types, execute: false })];
  await owner.createJob("logs", {}, { id: "same" });
  await expect.poll(() => said.length).toBe(1);
  ends[0]!.open();
  await ended(watcher, "same");
  await owner.clearCompleted();
  await until(watcher, () => watcher.getJob("same") === undefined);
  await owner.createJob("logs", {}, { id: "same" });
  await expect.poll(() => said.length).toBe(2);
  await until(watcher, () => watcher.getJob("same")?.status === "running");
  const [earlier, later] = said;
  const told: unknown[] = [];
  watcher.onEvent((event) => told.push(event));
  const junk = [null, 7, "log", [], { log: 7 }, { log: {} }, { log: { ...later, message: {} } }, { hint: "yes" }];
  for (const message of junk) lines.postMessage(message);
  lines.postMessage({ log: { ...earlier, message: "late" } });
  lines.postMessage({ log: { ...later, message: "its own" } });
  await expect.poll(() => told.length).toBeGreaterThan(0);
  expect(told).toMatchObject([{ type: "job_log", job_id: "same", message: "its own" }]);
  ends[1]!.open();
});

test("a listener that another one has taken away while both are told is not called any more", async () => {
  const { open } = queue();
  const [runs, end] = [latch<SharedTaskContext>(), latch()];
  const body = (_: unknown, context: SharedTaskContext) => {
    runs.open(context);
    return end.opened;
  };
  const tab = open({ types: [type("states", body)] });
  const { job } = await tab.runJob("key", "states");
  const { setState } = await runs.opened;
  const heard: string[] = [];
  const leaving: Unsubscribe[] = [];
  const takeAway = (listen: (listener: () => void) => Unsubscribe, what: string) => {
    const first = listen(() => {
      heard.push(what);
      for (const leave of leaving.splice(0)) leave();
      first();
    });
    return listen(() => heard.push(`${what}, taken away`));
  };
  leaving.push(takeAway((listener) => job.onStateChange(listener), "state"));
  setState("set");
  await until(tab, () => job.state === "set");
  expect(heard).toEqual(["state"]);
  leaving.push(takeAway((listener) => tab.onEvent(listener), "event"));
  end.open();
  await job.settled;
  await until(tab, () => heard.includes("event"));
  leaving.push(takeAway((listener) => tab.subscribe(listener), "any"));
  await tab.createJob("states");
  await until(tab, () => heard.includes("any"));
  expect(heard).toEqual(["state", "event", "any"]);
});

test("under one key a handle stops its own job and speaks to no other", async () => {
  const { open } = queue();
  const actions: string[] = [];
  const types = [
    type<unknown, void, unknown, string>("talk", (_, { id, onAction, signal }) => {
      onAction((action) => void actions.push(`${id}: ${action}`));
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }),
  ];
  const [tab, other] = [open({ types }), open({ types, execute: false })];
  const run = async (id: string) => {
    const { job } = await other.runJob<unknown, string>("key", "talk", {}, { id, onDuplicate: "queue" });
    return job;
  };
  const [first, second] = [await run("first"), await run("second")];
  await until(other, () => other.getJob("first")?.status === "running");
  await first.dispatch("to the first");
  await expect.poll(() => actions).toEqual(["first: to the first"]);
  await second.stop("enough");
  expect(await second.settled).toEqual({ type: "Cancelled", reason: "enough" });
  expect(other.getJob("first")).toMatchObject({ status: "running" });
  const third = await run("third");
  await first.stop();
  await until(other, () => other.getJob("third")?.status === "running");
  // One that has ended has nobody to speak to, and nothing to stop.
  await first.dispatch("to nobody");
  await first.stop();
  expect(third.record.status).toBe("running");
  await third.dispatch("to the third");
  await expect.poll(() => actions).toEqual(["first: to the first", "third: to the third"]);
  await tab.stopJob("key");
});

test("what changes nothing leaves a snapshot as it is, and tells nobody", async () => {
  // A look now and then, which is told of, is not what this is about: time stands still.
  const clock = useTestClock();
  onTestFinished(() => clock.restore());
  const { open } = queue();
  const release = latch();
  const runs = latch<SharedTaskContext>();
  const types = [
    type("logs", (_: unknown, context: SharedTaskContext) => {
      runs.open(context);
      return release.opened;
    }),
  ];
  const [owner, other] = [open({ types }), open({ types, execute: false })];
  const { id } = await owner.createJob("logs");
  const context = await runs.opened;
  for (const tab of [owner, other]) await until(tab, () => tab.getJob(id)?.status === "running");
  const before = [owner, other].map((tab) => tab.getSnapshot());
  const told: string[] = [];
  const line = latch();
  other.onEvent(({ type }) => type === "job_log" && line.open());
  owner.subscribe(() => told.push("owner"));
  other.subscribe(() => told.push("other"));
  context.log("a line");
  await line.opened;
  expect(await owner.clearCompleted()).toBe(0);
  expect(told).toEqual([]);
  // What waits could wait for something else now, and nothing does.
  dispatchEvent(new Event("online"));
  expect([owner, other].map((tab, at) => tab.getSnapshot() === before[at])).toEqual([true, true]);
  release.open();
});

test("who looks at a key now and then sees the job that has begun and ended meanwhile", async () => {
  const { open } = queue();
  const tab = open({
    types: [type("echo", ({ n }: { n: number }) => n, { params: [{ name: "n", type: "integer" }] })],
  });
  const { getSnapshot } = (
    tab as unknown as { watchKey(key: string): { getSnapshot(): { status: string; result: unknown } } }
  ).watchKey("key");
  expect(getSnapshot()).toMatchObject({ status: "idle" });
  for (const n of [1, 2]) {
    const { job } = await tab.runJob("key", "echo", { n });
    expect(await job.result).toBe(n);
    expect(getSnapshot()).toMatchObject({ status: "completed", result: n, job: { record: { id: job.record.id } } });
  }
});
