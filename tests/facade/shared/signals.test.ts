// The caller's signal of a job, while the caller's tab lives.

import type { SharedTaskContext } from "jobgate/shared";
import { expect, test } from "vitest";
import { ended, latch, queue, until } from "./support/tabs.js";
import { type } from "./support/types.js";

/** A signal that says how many listen to it. */
function heldSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const counting = (method: "addEventListener" | "removeEventListener", by: number) => {
    const own = signal[method].bind(signal) as (...given: unknown[]) => void;
    Object.assign(signal, {
      [method]: (...given: unknown[]) => {
        listeners += by;
        own(...given);
      },
    });
  };
  counting("addEventListener", 1);
  counting("removeEventListener", -1);
  Object.defineProperty(signal, "listeners", { get: () => listeners });
  return {
    signal: signal as AbortSignal & { readonly listeners: number },
    abort: (reason: unknown) => controller.abort(reason),
  };
}

/** A type whose body ends when it is asked to, and those whose body was called. */
function stoppable() {
  const called: string[] = [];
  const runs = latch();
  const body = (_: unknown, { id, signal }: SharedTaskContext) =>
    new Promise((_, reject) => {
      called.push(id);
      signal.addEventListener("abort", () => reject(signal.reason));
      runs.open();
    });
  return { types: [type("stoppable", body)], called, runs: runs.opened };
}

test("the signal that a job is given stops it from then on, with its reason, and nothing of ours stays on it", async () => {
  const { open } = queue();
  const { types, runs } = stoppable();
  const [owner, other] = [open({ types }), open({ types, execute: false })];
  const { signal, abort } = heldSignal();
  const { job } = await other.runJob("key", "stoppable", {}, { signal });
  const { id } = await other.createJob("stoppable", {}, { signal, delay: 60_000 });
  await runs;
  const reason = new Error("enough");
  abort(reason);
  expect(await job.settled).toEqual({ type: "Cancelled", reason });
  expect((await job.settled) as { reason: unknown }).toMatchObject({ reason: expect.toSatisfy((it) => it === reason) });
  for (const tab of [owner, other]) {
    expect(await ended(tab, id)).toMatchObject({ status: "cancelled", reason: "enough" });
    expect(await ended(tab, job.record.id)).toMatchObject({ status: "cancelled", reason: "enough" });
  }
  expect(signal.listeners).toBe(0);
});

test("a job whose signal has aborted before is created and cancelled, and its body never called", async () => {
  const { open } = queue();
  const { types, called } = stoppable();
  const [owner, other] = [open({ types }), open({ types, execute: false })];
  // Storable nowhere: it goes along in words.
  const reason = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  const signal = AbortSignal.abort(reason);
  const [plain, first] = await Promise.all([
    owner.createJob("stoppable"),
    other.createJob("stoppable", {}, { signal, priority: 9 }),
  ]);
  const { job, type: what } = await other.runJob("key", "stoppable", {}, { signal });
  expect([first.status, job.record.status, what]).toEqual(["cancelled", "cancelled", "JOB_CREATED"]);
  const completion = (await job.settled) as { reason: unknown };
  expect(completion.reason).toBe(reason);
  await until(owner, () => called.length > 0);
  for (const id of [first.id, job.record.id]) {
    expect(await ended(owner, id)).toMatchObject({ status: "cancelled", reason: expect.any(String) });
  }
  expect(called).toEqual([plain.id]);
  // Nobody stands under the key.
  expect(other.getRunningJob("key")).toBeUndefined();
});

test("a signal that aborts while its job is being created stops it, too", async () => {
  const { open } = queue();
  const { types } = stoppable();
  const tab = open({ types });
  const caller = new AbortController();
  const creating = tab.createJob("stoppable", {}, { signal: caller.signal });
  caller.abort("too late");
  expect(await ended(tab, (await creating).id)).toMatchObject({ status: "cancelled", reason: "too late" });
});

test("the signal of a caller who is given the job that stands stops nothing, and is let go of", async () => {
  const { open } = queue();
  const { types, runs } = stoppable();
  const tab = open({ types });
  const { job } = await tab.runJob("key", "stoppable");
  await runs;
  const { signal, abort } = heldSignal();
  expect(await tab.runJob("key", "stoppable", {}, { signal })).toMatchObject({ type: "JOB_ALREADY_RUNNING" });
  await expect(tab.runJob("key", "stoppable", {}, { signal, onDuplicate: "reject" })).rejects.toMatchObject({
    code: "E_DUPLICATE",
  });
  expect(signal.listeners).toBe(0);
  abort("enough");
  const gone = { signal: AbortSignal.abort("before") };
  expect(await tab.runJob("key", "stoppable", {}, gone)).toMatchObject({ type: "JOB_ALREADY_RUNNING" });
  expect(await tab.setPriority(job.record.id, 1)).toBe(true);
  expect(job.record).toMatchObject({ status: "running" });
  expect(job.record).not.toHaveProperty("stopping");
});

test("a runner that is closed lets go of the signals of its jobs", async () => {
  const { open } = queue();
  const { types } = stoppable();
  const tab = open({ types, execute: false });
  const { signal } = heldSignal();
  await tab.createJob("stoppable", {}, { signal });
  expect(signal.listeners).toBe(1);
  await tab.close();
  await expect.poll(() => signal.listeners).toBe(0);
});
