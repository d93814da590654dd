import { gate, JobManager, subject } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** Each field with numbers out of its bounds, and with values of a wrong type. */
interface Field {
  readonly path: string;
  readonly outOfBounds: readonly unknown[];
  readonly wrongType: readonly unknown[];
}

const notNumbers = ["5", null, {}, true, [], 5n];
const runFields: readonly Field[] = [
  { path: "delay", outOfBounds: [-1, -0.001, nan, infinity, -infinity], wrongType: notNumbers },
  { path: "timeout", outOfBounds: [-1, nan, -infinity], wrongType: notNumbers },
  { path: "priority", outOfBounds: [nan, infinity, -infinity], wrongType: [null, {}, true, []] },
  { path: "retry", outOfBounds: [-1, 1.5, nan, -infinity], wrongType: ["5", true, null, () => {}] },
  { path: "retry.limit", outOfBounds: [-1, 1.5, nan], wrongType: ["5", null, undefined, true] },
  { path: "retry.delay", outOfBounds: [-1, nan, infinity], wrongType: notNumbers },
  { path: "retry.maxDelay", outOfBounds: [-1, nan], wrongType: notNumbers },
  { path: "retry.retryIf", outOfBounds: [], wrongType: [1, "yes", {}, true] },
  { path: "group", outOfBounds: ["\ud800"], wrongType: [1, {}, true, null] },
  { path: "name", outOfBounds: [], wrongType: [1, {}, true, null] },
  { path: "signal", outOfBounds: [], wrongType: [1, "abort", {}, new AbortController(), null] },
];
const managerFields: readonly Field[] = [
  { path: "concurrency", outOfBounds: [0, -1, 1.5, nan, -infinity], wrongType: notNumbers },
  { path: "groupConcurrency", outOfBounds: [0, -1, 1.5, nan, -infinity], wrongType: notNumbers },
  { path: "maxPending", outOfBounds: [-1, 1.5, nan, -infinity], wrongType: notNumbers },
  { path: "retain", outOfBounds: [-1, 1.5, nan, -infinity], wrongType: notNumbers },
  { path: "paused", outOfBounds: [], wrongType: [1, "yes", {}, null] },
  { path: "name", outOfBounds: [], wrongType: [1, {}, true, null] },
  { path: "rateLimit.limit", outOfBounds: [0, -1, 1.5, nan], wrongType: ["5", null, undefined, true] },
  { path: "rateLimit.interval", outOfBounds: [-1, nan], wrongType: ["5", null, undefined, true] },
];
/** Words of a closed list: which of the two classes an unknown one throws is not said. */
const words = ["onDuplicate", "retry.backoff", "retry.jitter"];

function optionsWith(path: string, value: unknown): Record<string, unknown> {
  const [outer, inner] = path.split(".") as [string, string | undefined];
  if (inner === undefined) return { [outer]: value };
  const others = outer === "retry" ? { limit: 1 } : { limit: 1, interval: 1 };
  return { [outer]: { ...others, [inner]: value } };
}

const show = (value: unknown) =>
  typeof value === "object" ? JSON.stringify(value) : `${typeof value} ${String(value)}`;

/** The error must be of the class, and its message must name the field. */
function refusal(kind: ErrorConstructor, path: string): (error: unknown) => void {
  const field = path.split(".").at(-1) as string;
  return (error) => {
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain(field);
  };
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}

describe("bad input to runJob is refused whole", () => {
  const tried = runFields.flatMap(({ path, outOfBounds, wrongType }) => [
    ...outOfBounds.map((value) => ({ path, value, kind: RangeError as ErrorConstructor })),
    ...wrongType.map((value) => ({ path, value, kind: TypeError as ErrorConstructor })),
  ]);
  it.each(tried.map((one) => [`${one.path} = ${show(one.value)}: ${one.kind.name}`, one] as const))(
    "%s, and nothing has changed",
    (_title, { path, value, kind }) => {
      const manager = newManager();
      const before = manager.getSnapshot();
      let told = 0;
      manager.subscribe(() => {
        told += 1;
      });
      const work = new Work();
      refusal(kind, path)(thrownBy(() => manager.runJob("report", work.factory, optionsWith(path, value))));
      expect(manager.getSnapshot()).toBe(before);
      expect([work.starts, told, manager.getRunningJob("report")]).toEqual([0, 0, undefined]);
      expect(manager.runJob("report", work.factory).type).toBe("JOB_CREATED");
    },
  );

  it.each(words)("%s: an unknown word is refused, and nothing has changed", (path) => {
    const manager = newManager();
    for (const bad of ["", "no such word", 5, null, {}]) {
      const call = () => manager.runJob("report", () => {}, optionsWith(path, bad));
      expect(call, show(bad)).toThrow(path.split(".").at(-1));
    }
    expect(manager.stats.total).toBe(0);
  });

  it("an unknown word for priority is refused", () => {
    const call = () => newManager().runJob("report", () => {}, { priority: "urgent" as "background" });
    expect(call).toThrow("priority");
  });

  it("bad options on a taken key leave the job that stands as it was", () => {
    const manager = newManager();
    const { job } = manager.runJob("report", new Work().factory);
    for (const onDuplicate of ["join", "replace", "queue", "reject"] as const) {
      expect(() => manager.runJob("report", () => {}, { onDuplicate, delay: -1 })).toThrow(RangeError);
    }
    expect(job.stopping).toBe(false);
    expect(manager.jobs()).toEqual([job]);
  });

  it("a factory that is no function: TypeError", () => {
    const manager = newManager();
    for (const bad of [undefined, null, {}, "factory", 1]) {
      expect(() => manager.runJob("report", bad as never), show(bad)).toThrow(TypeError);
      expect(() => manager.runJob("report", bad as never)).toThrow("factory");
    }
    expect(manager.stats.total).toBe(0);
  });

  it("undefined is the same as not given", async () => {
    const manager = newManager({ concurrency: undefined, retain: undefined, defaults: undefined });
    const nothing = Object.fromEntries(
      ["signal", "priority", "timeout", "retry", "delay", "group", "onDuplicate", "initialState", "name"].map(
        (name) => [name, undefined],
      ),
    );
    expect(await manager.runJob("report", () => 1, nothing).job.result).toBe(1);
    const retry = { limit: 1, delay: undefined, backoff: undefined, jitter: undefined, retryIf: undefined };
    expect(await manager.runJob("report", () => 2, { retry }).job.result).toBe(2);
    expect(await manager.runJob("report", () => 3, undefined).job.result).toBe(3);
  });
});

describe("bad input to JobManager is refused", () => {
  for (const { path, outOfBounds, wrongType } of managerFields) {
    it(path, () => {
      for (const value of outOfBounds) {
        refusal(RangeError, path)(thrownBy(() => new JobManager(optionsWith(path, value))));
      }
      for (const value of wrongType) {
        refusal(TypeError, path)(thrownBy(() => new JobManager(optionsWith(path, value))));
      }
    });
  }

  it("bad defaults are refused when the manager is made", () => {
    for (const { path, outOfBounds } of runFields) {
      if (path === "signal") continue;
      for (const value of outOfBounds) {
        const defaults = optionsWith(path, value);
        refusal(RangeError, path)(thrownBy(() => new JobManager({ defaults })));
      }
    }
    expect(() => new JobManager({ defaults: { onDuplicate: "no such word" as "join" } })).toThrow("onDuplicate");
  });

  it("the bound stands in the message", () => {
    expect(() => new JobManager({ concurrency: 0 })).toThrow(/\b1\b/);
    expect(() => newManager().runJob("report", () => {}, { delay: -1 })).toThrow(/\b0\b/);
  });

  it("Infinity is fine where it makes sense", () => {
    newManager({ concurrency: infinity, groupConcurrency: infinity, maxPending: infinity });
    newManager({ paused: true }).runJob("report", () => {}, { timeout: infinity, retry: infinity });
  });
});

describe("bad input elsewhere is refused", () => {
  it("stop's timeout out of bounds: RangeError, and the job was not asked to stop", async () => {
    const { job } = newManager().runJob("report", new Work().factory);
    for (const timeout of [nan, -1]) {
      const call = async () => job.stop("enough", { timeout });
      await expect(call()).rejects.toThrow(RangeError);
      await expect(call()).rejects.toThrow("timeout");
    }
    expect(job.stopping).toBe(false);
    expect(job.signal.aborted).toBe(false);
  });

  it("a listener that is no function: TypeError, and it is not counted", () => {
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const numbers = subject<number>();
    const calls: ((listener: never) => unknown)[] = [
      numbers.listen,
      gate().listen,
      job.onStateChange,
      job.onProgress,
      job.onStopped,
      (listener) => job.continuations.addOrRunNow("key", listener),
      work.context.onAction,
      manager.subscribe,
      (listener) => manager.onKeyChange("report", listener),
    ];
    for (const [index, call] of calls.entries()) {
      for (const bad of [undefined, null, {}, "listener", 1]) {
        expect(() => call(bad as never), `call ${index} with ${show(bad)}`).toThrow(TypeError);
      }
    }
    expect(numbers.listenerCount).toBe(0);
    expect(job.continuations.size).toBe(0);
  });
});
