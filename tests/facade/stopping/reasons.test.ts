import { gate } from "jobgate";
import { describe, expect, it } from "vitest";
import { type AnyJob, type AnyManager, newManager } from "../support/manager.js";
import { type AnyContext, Work } from "../support/work.js";

/** Whatever a caller may give for a reason; each must come out as the very same value. */
const reasons: readonly unknown[] = [
  new Error("an error"),
  new DOMException("mine", "DataError"),
  { any: "object" },
  Object.freeze(["list"]),
  "text",
  "",
  0,
  Number.NaN,
  false,
  null,
  Symbol("reason"),
  () => "function",
  12n,
];

type Stop = (job: AnyJob, manager: AnyManager, caller: AbortController, reason: unknown) => unknown;
const ways: Record<string, Stop> = {
  "job.stop": (job, _manager, _caller, reason) => job.stop(reason),
  "job.stop with a timeout": (job, _manager, _caller, reason) => job.stop(reason, { timeout: 60_000 }),
  "manager.stopJob": (job, manager, _caller, reason) => manager.stopJob(job.key, reason),
  "manager.stopAll": (_job, manager, _caller, reason) => manager.stopAll(reason),
  "manager.close": (_job, manager, _caller, reason) => manager.close(reason),
  "the caller's signal": (_job, _manager, caller, reason) => caller.abort(reason),
};

describe("reasons arrive whole", () => {
  for (const [name, stop] of Object.entries(ways)) {
    it(`${name}, running: signal.reason, completion.reason and the rejection of result are the very reason`, async () => {
      for (const reason of reasons) {
        const manager = newManager();
        const caller = new AbortController();
        const work = new Work();
        const { job } = manager.runJob("report", work.factory, { signal: caller.signal });
        const heard: unknown[] = [];
        work.context.signal.addEventListener("abort", () => heard.push(work.context.signal.reason));
        stop(job, manager, caller, reason);
        expect(Object.is(work.context.signal.reason, reason), String(reason)).toBe(true);
        expect(Object.is(job.signal.reason, reason)).toBe(true);
        expect(heard.length === 1 && Object.is(heard[0], reason)).toBe(true);
        work.resolve("too late");
        await expectCancelled(job, reason);
      }
    });

    it(`${name}, pending: the very reason`, async () => {
      for (const reason of reasons) {
        const manager = newManager({ paused: true });
        const caller = new AbortController();
        const { job } = manager.runJob("report", new Work().factory, { signal: caller.signal });
        stop(job, manager, caller, reason);
        await expectCancelled(job, reason);
        expect(Object.is(job.signal.reason, reason), String(reason)).toBe(true);
      }
    });

    it(`${name}, without a reason: one DOMException AbortError everywhere`, async () => {
      const manager = newManager();
      const caller = new AbortController();
      const work = new Work();
      const { job } = manager.runJob("report", work.factory, { signal: caller.signal });
      stop(job, manager, caller, undefined);
      const { reason } = work.context.signal;
      expect(reason).toBeInstanceOf(DOMException);
      expect(reason.name).toBe("AbortError");
      expect(job.signal.reason).toBe(reason);
      work.resolve();
      await expectCancelled(job, reason);
    });
  }

  it("also when the signal is first read after the stop", async () => {
    const reason = { why: "closed" };
    const manager = newManager();
    let context: AnyContext | undefined;
    const { job } = manager.runJob("report", (given) => {
      context = given;
      return new Promise(() => {});
    });
    void job.stop(reason);
    expect(context?.signal.aborted).toBe(true);
    expect(context?.signal.reason).toBe(reason);
    expect(job.signal.reason).toBe(reason);
  });

  it.each([
    ["stopJob", (manager: AnyManager) => manager.stopJob("report", "later")],
    ["stopAll", (manager: AnyManager) => manager.stopAll("later")],
    ["close", (manager: AnyManager) => manager.close("later")],
  ])("%s after a newer job took its place has no say, also before that is told", async (_name, stop) => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const door = gate();
    door.listen(() => {
      manager.runJob("report", () => {}, { onDuplicate: "replace" });
      void stop(manager);
    });
    door.open();
    expect(job.signal.reason).toMatchObject({ message: "Replaced by a newer job under the same key" });
    work.resolve("too late");
    await expectCancelled(job, job.signal.reason);
  });

  it("a job aborted before it was run carries the very reason", async () => {
    for (const reason of reasons) {
      const { job } = newManager().runJob("report", () => {}, { signal: AbortSignal.abort(reason) });
      await expectCancelled(job, reason);
    }
  });

  it("a continuation is given the very reason, the very error, the very result", async () => {
    const manager = newManager();
    const value = { any: "object" };
    const ends: [string, (work: Work, job: AnyJob) => void][] = [
      ["result", (work) => work.resolve(value)],
      ["error", (work) => work.reject(value)],
      [
        "reason",
        (work, job) => {
          void job.stop(value);
          work.resolve();
        },
      ],
    ];
    for (const [field, end] of ends) {
      const work = new Work();
      const { job } = manager.runJob("report", work.factory);
      const told = new Promise<Record<string, unknown>>((resolve) => {
        job.continuations.addOrRunNow("look", (_job, completion) => resolve({ ...completion }));
      });
      end(work, job);
      expect((await told)[field]).toBe(value);
    }
  });
});

async function expectCancelled(job: AnyJob, reason: unknown): Promise<void> {
  const completion = await job.settled;
  expect(completion.type).toBe("Cancelled");
  expect("reason" in completion && Object.is(completion.reason, reason), String(reason)).toBe(true);
  const rejection = await job.result.then(
    () => "resolved",
    (error: unknown) => ({ error }),
  );
  expect(rejection).toHaveProperty("error");
  expect(Object.is((rejection as { error: unknown }).error, reason)).toBe(true);
}
