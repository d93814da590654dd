// What the store does not take.

import type { SharedTaskContext } from "jobgate/shared";
import { expect, onTestFinished, test } from "vitest";
import { ended, latch, queue, until } from "./support/tabs.js";
import { type } from "./support/types.js";

/** Can be cloned, not stored. */
const compiled = () => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));

const untilAborted = ({ signal }: SharedTaskContext) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

test("what can't be stored fails without a retry and says so", async () => {
  const { open } = queue();
  let runs = 0;
  const types = [
    type("result", () => {
      runs++;
      return () => {};
    }),
    type("state", (_: unknown, { setState }: SharedTaskContext) => setState(() => () => {})),
  ];
  const tab = open({ types });
  for (const name of ["result", "state"]) {
    const { id } = await tab.createJob(name, {}, { retry: 3 });
    expect(await ended(tab, id)).toMatchObject({ status: "failed", error: { code: "E_NOT_STORABLE" } });
  }
  expect(runs).toBe(1);
});

test("what can be cloned but not stored fails without a retry and says so", async () => {
  const { open } = queue();
  let runs = 0;
  const counted = () => {
    runs++;
    return compiled();
  };
  const types = [
    type("result", counted),
    type("step", (_: unknown, { step }: SharedTaskContext) => step("compile", counted, { retry: 2 })),
  ];
  const tab = open({ types });
  for (const name of ["result", "step"]) {
    const { id } = await tab.createJob(name, {}, { retry: 3 });
    expect(await ended(tab, id)).toMatchObject({ status: "failed", error: { code: "E_NOT_STORABLE" } });
  }
  expect(runs).toBe(2);

  const { job } = await tab.runJob<unknown, unknown>("key", "result", {}, { delay: 60_000 });
  await expect(job.dispatch(compiled())).rejects.toMatchObject({ code: "E_NOT_STORABLE" });
});

test("a state that can be cloned but not stored fails the job, which hears why; the progress beside it is kept", async () => {
  const { open } = queue();
  const reasons: unknown[] = [];
  const types = [
    type("waits", async (_: unknown, context: SharedTaskContext) => {
      context.progress(30, "compiled");
      context.setState(compiled());
      await untilAborted(context).catch((reason) => reasons.push(reason));
    }),
    type("returns", (_: unknown, { setState }: SharedTaskContext) => {
      setState(compiled());
      return "done";
    }),
    type("throws", (_: unknown, { setState, progress }: SharedTaskContext) => {
      progress(30, "compiled");
      setState(compiled());
      throw compiled();
    }),
    type("result", (_: unknown, { setState }: SharedTaskContext) => {
      setState("compiled");
      return compiled();
    }),
  ];
  const tab = open({ types });
  const outcome = async (name: string) => ended(tab, (await tab.createJob(name, {}, { retry: 3 })).id);
  const failed = {
    status: "failed",
    attempt: 1,
    error: { code: "E_NOT_STORABLE", message: "The state can't be stored" },
  };
  expect(await outcome("waits")).toMatchObject({ ...failed, progress: { percent: 30, message: "compiled" } });
  expect(await outcome("returns")).toMatchObject(failed);
  expect(await outcome("throws")).toMatchObject({ ...failed, progress: { percent: 30, message: "compiled" } });
  const { job } = await tab.runJob("key", "result");
  await expect(job.result).rejects.toMatchObject({ code: "E_NOT_STORABLE", message: "The result can't be stored" });
  expect(job.state).toBe("compiled");
  expect(reasons).toMatchObject([{ code: "E_NOT_STORABLE" }]);
});

test("a job ends whatever hangs on what it has thrown, or on the reason of its stop", async () => {
  const { open } = queue();
  const types = [
    type("value", () => {
      throw compiled();
    }),
    type("cause", () => {
      throw new TypeError("broken", { cause: compiled() });
    }),
    type("list", () => {
      throw new AggregateError([compiled(), 7], "broken");
    }),
    type("wait", (_: unknown, context: SharedTaskContext) => untilAborted(context)),
  ];
  const [tab, other] = [open({ types }), open({ types, execute: false })];
  const error = async (name: string) => {
    const { job } = await other.runJob(name, name);
    const { error: thrown } = (await job.settled) as { error: Error & { errors?: unknown } };
    return thrown;
  };
  expect(await error("value")).toMatchObject({ message: "[object WebAssembly.Module]" });
  expect(await error("cause")).toMatchObject({ name: "TypeError", message: "broken", cause: expect.any(Error) });
  expect((await error("list")).errors).toEqual([expect.any(Error), 7]);
  const { job } = await tab.runJob("key", "wait");
  await job.stop(compiled());
  expect(await job.settled).toEqual({ type: "Cancelled", reason: expect.any(WebAssembly.Module) });
  expect(await ended(other, job.record.id)).toMatchObject({ reason: "[object WebAssembly.Module]" });
});

/** The first state is one that the store does not take. */
function refuseState() {
  const refusals = { count: 0 };
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...[value, key]: Parameters<typeof put>) {
    if (refusals.count === 0 && (value as { state?: unknown }).state !== undefined) {
      refusals.count++;
      throw new DOMException("full", "QuotaExceededError");
    }
    return put.call(this, value, ...(key === undefined ? [] : [key]));
  } as typeof put;
  onTestFinished(() => {
    IDBObjectStore.prototype.put = put;
  });
  return refusals;
}

test("what a body has said while the store took nothing is recorded later", async () => {
  const { open } = queue();
  const given = latch<SharedTaskContext<unknown>>();
  const types = [
    type("tell", (_: unknown, context: SharedTaskContext<unknown>) => {
      given.open(context);
      return untilAborted(context as SharedTaskContext);
    }),
  ];
  const [tab, other] = [open({ types }), open({ types, execute: false })];
  const { job } = await other.runJob("key", "tell");
  const { setState, progress } = await given.opened;
  await until(tab, () => tab.getJob(job.record.id)?.status === "running");
  const refusals = refuseState();
  setState({ at: 1 });
  progress(20);
  await until(other, () => job.record.progress.percent === 20);
  expect(job.state).toEqual({ at: 1 });
  expect(refusals.count).toBe(1);
});

test("what a body has said last is recorded with its end, though the store does not take it at first", async () => {
  const { open } = queue({ takeOverAfter: 400 });
  const refusals = refuseState();
  const types = [
    type("tell", (_: unknown, { setState, progress }: SharedTaskContext) => {
      setState({ rows: 100 });
      progress(100, "all");
      return "done";
    }),
  ];
  const tab = open({ types });
  const { job } = await tab.runJob("key", "tell");
  expect(await job.result).toBe("done");
  expect(job.state).toEqual({ rows: 100 });
  expect(job.record).toMatchObject({ attempt: 1, progress: { percent: 100, message: "all" } });
  expect(refusals.count).toBe(1);
});

test.each([
  ["QuotaExceededError", "E_QUOTA"],
  ["UnknownError", "E_STORAGE_UNAVAILABLE"],
])(
  "a create that the store refuses with %s takes none with it that are asked for beside it, and these keep their order",
  async (name, code) => {
    const { open } = queue();
    const param = [{ name: "n", type: "string" as const }];
    const tab = open({ types: [type("plain", () => {}, { params: param })], execute: false });
    await tab.ready;
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...given: Parameters<typeof put>) {
      if ((given[0] as { params?: { n?: string } }).params?.n === "large") throw new DOMException("no", name);
      return put.apply(this, given);
    };
    onTestFinished(() => {
      IDBObjectStore.prototype.put = put;
    });
    const asked = ["a", "large", "b", "a"].map((n, at) => tab.createJob("plain", { n }, { id: `${n}${at}` }));
    const outcomes = await Promise.all(
      asked.map((one) =>
        one.then(
          ({ id }) => id,
          (error) => error.code,
        ),
      ),
    );
    expect(outcomes).toEqual(["a0", code, "b2", "a3"]);
    expect(tab.getAllJobs().map(({ id }) => id)).toEqual(["a0", "b2", "a3"]);
  },
);
