import { NonRetriableError, type RetryOptions } from "jobgate";
import type { SharedTaskContext } from "jobgate/shared";
import { useTestClock } from "jobgate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { ended, holdStore, latch, queue, settle, speakingLast, until } from "./support/tabs.js";
import { type } from "./support/types.js";

test("state and progress are seen in every tab, and are there again after a handover", async () => {
  const { open } = queue();
  const told = latch();
  const seen: unknown[] = [];
  const types = [
    type("count", async (_: unknown, context: SharedTaskContext<{ n: number } | undefined>) => {
      seen.push(context.state);
      if (context.state !== undefined) return context.state.n;
      context.setState({ n: 1 });
      context.setState((previous) => ({ n: previous!.n + 1 }));
      context.progress(40, "on its way");
      told.open();
      return new Promise((_, reject) => {
        context.signal.addEventListener("abort", () => reject(context.signal.reason));
      });
    }),
  ];
  const owner = open({ types });
  const watcher = open({ types, execute: false });
  const { job } = await watcher.runJob<{ n: number }>("key", "count");
  const states: unknown[] = [];
  const progress: unknown[] = [];
  job.onStateChange((state) => states.push(state));
  job.onProgress((made) => progress.push(made));
  await told.opened;
  await until(watcher, () => job.record.progress.percent === 40);
  expect(job.state).toEqual({ n: 2 });
  expect(states).toEqual([{ n: 2 }]);
  expect(progress).toEqual([{ percent: 40, message: "on its way" }]);
  await owner.close();
  const heir = open({ types });
  expect(await ended(heir, job.record.id)).toMatchObject({ status: "completed", result: 2 });
  expect(seen).toEqual([undefined, { n: 2 }]);
});

test("what a body says last before it is handed over is there again elsewhere", async () => {
  const { open } = queue();
  const begun = latch();
  const types = [
    type("say", (_: unknown, { state, setState, progress, signal }: SharedTaskContext) => {
      if (state !== undefined) return state;
      return new Promise((_, reject) => {
        begun.open();
        signal.addEventListener("abort", () => {
          setState("last words");
          progress(30);
          reject(signal.reason);
        });
      });
    }),
  ];
  const owner = open({ types });
  const { id } = await owner.createJob("say");
  await begun.opened;
  await owner.close();
  const heir = open({ types });
  expect(await ended(heir, id)).toMatchObject({ result: "last words", progress: { percent: 30 } });
});

test("what a body says last is heard before its end", async () => {
  const { open } = queue();
  const types = [type("say", (_: unknown, { progress }: SharedTaskContext) => progress(100, "all"))];
  const watcher = open({ types, execute: false });
  const { job } = await watcher.runJob("key", "say");
  const told: string[] = [];
  job.onProgress(({ percent, message }) => told.push(`${message} ${percent}`));
  const [events, stream] = [job.events(), watcher.watch(job.record.id)];
  open({ types });
  await job.result;
  for await (const event of events) told.push(event.type);
  for await (const { event } of stream) told.push(event);
  // A watcher may hear of all of it at once.
  const saidLast = told.filter((one) => /100|progress|complete/.test(one));
  expect(saidLast).toEqual(["all 100", "job_progress", "job_completed", "progress", "complete"]);
});

test("a listener that leaves as it is called keeps no action from the next", async () => {
  const { open } = queue();
  const [once, all]: string[][] = [[], []];
  const types = [
    type<unknown, void, unknown, string>(
      "listen",
      (_, { onAction }) =>
        new Promise<void>((resolve) => {
          const leave = onAction((action) => {
            once!.push(action);
            leave();
            leaveSecond();
          });
          const leaveSecond = onAction((action) => {
            once!.push(`${action}, left before`);
          });
          onAction((action) => {
            all!.push(action);
            if (action === "end") resolve();
          });
        }),
    ),
  ];
  const tab = open({ types });
  const { job } = await tab.runJob<unknown, string>("key", "listen");
  for (const action of ["a", "b", "end"]) await job.dispatch(action);
  await job.result;
  expect([once, all]).toEqual([["a"], ["a", "b", "end"]]);
});

test("an action that comes as an attempt ends is the next one's", async () => {
  const { open } = queue();
  const heard: string[] = [];
  const begun = latch();
  let fail = () => {};
  const types = [
    type<unknown, void, unknown, string>(
      "listen",
      (_, { onAction, attempt, setState }) =>
        new Promise<void>((resolve, reject) => {
          onAction((action) => {
            heard.push(`${action} in ${attempt}`);
            resolve();
          });
          fail = () => {
            setState("last words");
            reject(new Error("again"));
          };
          begun.open();
        }),
    ),
  ];
  const tab = open({ types });
  const { job } = await tab.runJob<unknown, string>("key", "listen", {}, { retry: { limit: 1, delay: 0 } });
  await begun.opened;
  const { transaction } = IDBDatabase.prototype;
  const spy = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (this: IDBDatabase, ...given) {
    // It ends while the action is read.
    if (given[1] === "readonly") {
      spy.mockRestore();
      fail();
    }
    return transaction.apply(this, given);
  });
  onTestFinished(() => spy.mockRestore());
  await job.dispatch("a");
  await job.result;
  expect(heard).toEqual(["a in 2"]);
});

test("actions come in order, one at a time, from any tab, also those that were sent before the body listened", async () => {
  const { open } = queue();
  const heard: string[] = [];
  const types = [
    type<unknown, string[], unknown, string>(
      "listen",
      (_, { onAction }) =>
        new Promise((resolve) => {
          onAction(async (action) => {
            heard.push(`${action} begins`);
            await new Promise((done) => setTimeout(done, 5));
            heard.push(`${action} ends`);
            if (action === "c") resolve(heard);
          });
        }),
    ),
  ];
  const watcher = open({ types, execute: false });
  const { job } = await watcher.runJob<unknown, string>("key", "listen");
  await job.dispatch("a");
  await job.dispatch("b");
  open({ types });
  await job.dispatch("c");
  expect(await job.result).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
  await job.dispatch("d");
});

test("an action that was not done with when the tab let go comes again", async () => {
  const { open } = queue();
  const heard: string[] = [];
  const begun = latch();
  let isFirst = true;
  const types = [
    type<unknown, unknown, unknown, string>("listen", (_, { onAction, signal }) => {
      const stuck = isFirst;
      isFirst = false;
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        onAction((action) => {
          heard.push(action);
          begun.open();
          if (stuck) return new Promise(() => {});
          if (action === "b") resolve("both");
          return undefined;
        });
      });
    }),
  ];
  const [owner, watcher] = [open({ types }), open({ types, execute: false })];
  const { job } = await watcher.runJob<unknown, string>("key", "listen");
  await job.dispatch("a");
  await job.dispatch("b");
  await begun.opened;
  await owner.close();
  open({ types });
  expect(await job.result).toBe("both");
  expect(heard).toEqual(["a", "a", "b"]);
});

test("an action that comes while nobody listens is kept for the next listener", async () => {
  const { open } = queue();
  const types = [
    type<unknown, unknown, unknown, string>("listen", async (_, { onAction, step }) => {
      const next = () =>
        new Promise<string>((resolve) => {
          const leave = onAction((action) => {
            leave();
            resolve(action);
          });
        });
      const first = await next();
      // Each is recorded: the next action has come meanwhile.
      for (let n = 0; n < 9; n++) await step(`${n}`, () => {});
      return [first, await next()];
    }),
  ];
  const tab = open({ types });
  const { job } = await tab.runJob<unknown, string>("key", "listen");
  await Promise.all([job.dispatch("a"), job.dispatch("b")]);
  expect(await job.result).toEqual(["a", "b"]);
});

test("steps are matched by name, are not called again in a retry, and may not be named twice", async () => {
  const { open } = queue();
  const calls: string[] = [];
  const keys = new Set<string>();
  const types = [
    type("steps", async (_: unknown, { step, attempt, idempotencyKey }: SharedTaskContext) => {
      const call = (name: string) =>
        step(name, ({ idempotencyKey: key }) => {
          calls.push(name);
          keys.add(key);
          return `${name}${attempt}`;
        });
      const both = await Promise.all(attempt === 1 ? [call("a"), call("b")] : [call("b"), call("a")]);
      if (attempt === 1) throw new Error("again");
      await expect(step("a", () => 0)).rejects.toMatchObject({ code: "E_DUPLICATE_STEP" });
      expect(keys).toEqual(new Set([`${idempotencyKey}:a`, `${idempotencyKey}:b`]));
      return both;
    }),
  ];
  const tab = open({ types });
  const { id } = await tab.createJob("steps", {}, { retry: { limit: 1, delay: 0 } });
  expect(await ended(tab, id)).toMatchObject({ status: "completed", result: ["b1", "a1"] });
  expect(calls).toEqual(["a", "b"]);
});

test("a step is tried again as it says, and its time is its own", async () => {
  const { open } = queue();
  let tries = 0;
  const types = [
    type("steps", async (_: unknown, { step, signal }: SharedTaskContext) => {
      const late = step(
        "late",
        ({ signal: own }) =>
          new Promise((_, reject) => {
            own.addEventListener("abort", () => reject(own.reason));
          }),
        { timeout: 5 },
      );
      await expect(late).rejects.toMatchObject({ name: "TimeoutError" });
      expect(signal.aborted).toBe(false);
      return step(
        "flaky",
        () => {
          tries++;
          if (tries < 3) throw new Error(`try ${tries}`);
          return tries;
        },
        { retry: { limit: 2, delay: 1 } },
      );
    }),
  ];
  const tab = open({ types });
  const { id } = await tab.createJob("steps");
  expect(await ended(tab, id)).toMatchObject({ status: "completed", result: 3 });
});

test("a step's own delay and retryIf are asked, and what they throw is reported and counts as nothing", async () => {
  const { open } = queue();
  const reports: unknown[] = [];
  const hear = (event: ErrorEvent) => {
    event.preventDefault();
    reports.push(event.error.message);
  };
  addEventListener("error", hear);
  onTestFinished(() => removeEventListener("error", hear));
  const asked: unknown[] = [];
  const broken = () => {
    throw new Error("broken");
  };
  const fail = (times: number) => () => {
    if (times-- > 0) throw new Error(`${times} more`);
    return "done";
  };
  const types = [
    type("delay", (_: unknown, { step }: SharedTaskContext) => {
      const delay = (error: unknown, attempt: number) => {
        asked.push([(error as Error).message, attempt]);
        return 0;
      };
      return step("flaky", fail(2), { retry: { limit: 2, delay } });
    }),
    type("brokenDelay", (_: unknown, { step }: SharedTaskContext) =>
      step("flaky", fail(1), { retry: { limit: 1, delay: broken, maxDelay: 0 } }),
    ),
    type("brokenIf", (_: unknown, { step }: SharedTaskContext) =>
      step("flaky", fail(1), { retry: { limit: 1, delay: 0, retryIf: broken } }),
    ),
  ];
  const tab = open({ types });
  const outcome = async (name: string) => ended(tab, (await tab.createJob(name)).id);
  expect(await outcome("delay")).toMatchObject({ result: "done" });
  expect(asked).toEqual([
    ["1 more", 1],
    ["0 more", 2],
  ]);
  expect(await outcome("brokenDelay")).toMatchObject({ result: "done" });
  expect(await outcome("brokenIf")).toMatchObject({ status: "failed", error: { message: "0 more" } });
  expect(reports).toEqual(["broken", "broken"]);
});

test("a step's NonRetriableError is final, unless a retryIf of one's own says yes; it is asked while a retry is left", async () => {
  const { open } = queue();
  const asked: number[] = [];
  const rules: RetryOptions[] = [
    { limit: 1, delay: 0 },
    {
      limit: 2,
      delay: 0,
      retryIf: (_, attempt) => {
        asked.push(attempt);
        return true;
      },
    },
  ];
  const types = rules.map((retry, at) =>
    type(`steps ${at}`, async (_: unknown, { step }: SharedTaskContext) => {
      let calls = 0;
      const fail = () => {
        calls++;
        throw new NonRetriableError("no");
      };
      await step("never", fail, { retry }).catch(() => {});
      return calls;
    }),
  );
  const tab = open({ types });
  const results = types.map(async ({ name }) => (await ended(tab, (await tab.createJob(name)).id)).result);
  expect(await Promise.all(results)).toEqual([1, 3]);
  expect(asked).toEqual([1, 2]);
});

/** A retry that says something else each time it is asked. */
class Fickle {
  private asked = 0;
  readonly limit = 1;
  get delay() {
    this.asked += 1;
    return this.asked === 1 ? 0 : -1;
  }
}

test("a retry may be a class's, and is what it said when it was first asked: a job's and a step's", async () => {
  const { open } = queue();
  const onceTwice = () => {
    let calls = 0;
    return () => {
      calls += 1;
      if (calls === 1) throw new Error("no");
      return calls;
    };
  };
  const job = onceTwice();
  const types = [
    type("job", () => job()),
    type("step", (_: unknown, { step }: SharedTaskContext) => step("once", onceTwice(), { retry: new Fickle() })),
  ];
  const tab = open({ types });
  const { id } = await tab.createJob("job", {}, { retry: new Fickle() });
  expect(await ended(tab, id)).toMatchObject({ result: 2 });
  expect(await ended(tab, (await tab.createJob("step")).id)).toMatchObject({ result: 2 });
});

test("a step's options are refused by name, and its body is not called", async () => {
  const { open } = queue();
  const refused: [object, string][] = [
    [{ retry: null }, "retry must be a number or an object, got null"],
    [{ retry: { limit: 1, retryIf: 1 } }, "retry.retryIf must be a function, got number"],
    [{ timeout: "soon" }, "timeout must be a number, got string"],
  ];
  const said: unknown[] = [];
  const types = [
    type("refused", async (_: unknown, { step }: SharedTaskContext) => {
      for (const [options] of refused)
        await step("a", () => said.push("called"), options).catch(({ message }) => said.push(message));
    }),
  ];
  const tab = open({ types });
  await ended(tab, (await tab.createJob("refused")).id);
  expect(said).toEqual(refused.map(([, message]) => message));
});

test("what a step rejects with while its page goes is not its failure: it is called again if the page stays", async () => {
  const { open } = queue();
  let bodies = 0;
  let calls = 0;
  const steps = (_: unknown, { step }: SharedTaskContext) => {
    bodies++;
    const fetched = step(
      "fetch",
      () => {
        calls++;
        if (calls > 2) return `call ${calls}`;
        dispatchEvent(new Event("beforeunload"));
        throw new TypeError("the page goes");
      },
      { retry: { limit: 1, delay: 0 } },
    );
    return fetched.catch(() => "given up");
  };
  const tab = open({ types: [type("steps", steps), type("fragile", steps, { onInterrupted: "fail" })] });
  const { id } = await tab.createJob("steps");
  expect(await ended(tab, id)).toMatchObject({ status: "completed", result: "call 3", attempt: 1 });
  expect([bodies, calls]).toEqual([1, 3]);
  // It is not to be called twice for that.
  calls = 0;
  expect(await ended(tab, (await tab.createJob("fragile")).id)).toMatchObject({ result: "given up" });
  expect(calls).toBe(2);
});

test("what a step's retryIf refuses is final also while its page goes", async () => {
  const { open } = queue();
  let calls = 0;
  const steps = async (_: unknown, { step }: SharedTaskContext) => {
    const refused = () => {
      calls++;
      dispatchEvent(new Event("beforeunload"));
      throw new TypeError("no use");
    };
    return step("ask", refused, { retry: { limit: 1, delay: 0, retryIf: () => false } }).catch(() => "given up");
  };
  const tab = open({ types: [type("steps", steps)] });
  expect(await ended(tab, (await tab.createJob("steps")).id)).toMatchObject({ result: "given up" });
  expect(calls).toBe(1);
});

test("a sleep is taken up where it was when another tab takes the job over", async () => {
  const clock = useTestClock();
  onTestFinished(() => clock.restore());
  const { open } = queue();
  const [first, second] = [latch(), latch()];
  const asleep = [first.open, second.open];
  let isAwake = false;
  const types = [
    type("sleeper", async (_: unknown, { sleep, step }: SharedTaskContext) => {
      const woken = sleep("nap", 10_000);
      // Recorded in their order.
      await step("after it", () => {});
      asleep.shift()!();
      await woken;
      isAwake = true;
    }),
  ];
  const owner = open({ types });
  const { id } = await owner.createJob("sleeper");
  await first.opened;
  await clock.advance(6000);
  await owner.close();
  const heir = open({ types });
  await second.opened;
  await clock.advance(3999);
  expect(isAwake).toBe(false);
  await clock.advance(1);
  expect(isAwake).toBe(true);
  expect(await ended(heir, id)).toMatchObject({ status: "completed" });
});

test("a sleep whose time is none is refused at once, and leaves its name to another; one that is over takes no time", async () => {
  const { open } = queue();
  const none = [Number.NaN, Infinity, new Date(Number.NaN)];
  const other = ["60000", "soon", undefined, null, true, 1n, [], { valueOf: () => 1 }];
  const types = [
    type("sleeper", async (_: unknown, { sleep }: SharedTaskContext) => {
      const said = new RangeError("time must be a finite number of milliseconds, or a Date");
      for (const time of none) await expect(sleep("nap", time)).rejects.toThrow(said);
      for (const time of other) {
        const kind = time === null ? "null" : typeof time;
        const told = new TypeError(`time must be a number of milliseconds or a Date, got ${kind}`);
        await expect(sleep("nap", time as never)).rejects.toThrow(told);
      }
      await sleep("nap", new Date(0));
      await sleep("another", -1e9);
      return "awake";
    }),
  ];
  const tab = open({ types });
  expect(await ended(tab, (await tab.createJob("sleeper")).id)).toMatchObject({ status: "completed", result: "awake" });
});

test("a sleep that its body does not wait for ends with it", async () => {
  const { open } = queue();
  const asleep = latch<Promise<void>[]>();
  const types = [
    type("quick", async (_: unknown, { sleep, step }: SharedTaskContext) => {
      const fail = () => {
        throw new Error("again");
      };
      const late = step("late", fail, { retry: { limit: 1, delay: 60_000 } });
      const nap = sleep("nap", 60_000);
      await step("after it", () => {});
      asleep.open([nap, late]);
      return Promise.race([nap, late, "done"]);
    }),
  ];
  const tab = open({ types });
  expect(await ended(tab, (await tab.createJob("quick")).id)).toMatchObject({ result: "done" });
  for (const one of await asleep.opened) await expect(one).rejects.toMatchObject({ name: "AbortError" });
});

test("a step of a run that was asked to stop rejects with the reason, each time it is tried", async () => {
  const { open } = queue();
  const [begun, told] = [latch(), latch<unknown[]>()];
  const types = [
    type("steps", async (_: unknown, { step, sleep, signal }: SharedTaskContext) => {
      begun.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      const reasons: unknown[] = [];
      for (let times = 0; times < 2; times++) {
        await step("one", () => {}).catch((reason) => reasons.push(reason));
        await sleep("two", 1).catch((reason) => reasons.push(reason));
      }
      told.open(reasons);
    }),
  ];
  const tab = open({ types });
  const { job } = await tab.runJob("key", "steps");
  await begun.opened;
  await job.stop("enough");
  expect(await told.opened).toEqual(Array.from({ length: 4 }, () => "enough"));
});

test("a body that has ended in time has, however long the store takes for what it said last", async () => {
  const clock = useTestClock();
  onTestFinished(() => clock.restore());
  const { name, open } = queue();
  const { body, begun, go, calls } = speakingLast("in time");
  const tab = open({ types: [type("quick", body)] });
  const { id } = await tab.createJob("quick", {}, { timeout: 1000, retry: { limit: 1, delay: 0 } });
  await begun;
  const store = await holdStore(name);
  go();
  await settle();
  await clock.advance(1001);
  store.goOn();
  expect(await ended(tab, id)).toMatchObject({ status: "completed", result: "in time", attempt: 1 });
  expect(calls()).toBe(1);
});

test("an attempt that takes too long fails with a TimeoutError, whatever its body says", async () => {
  const { open } = queue();
  const types = [
    type(
      "long",
      (_: unknown, { signal }: SharedTaskContext) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve("late"));
        }),
    ),
  ];
  const tab = open({ types });
  const { id } = await tab.createJob("long", {}, { timeout: 20 });
  expect(await ended(tab, id)).toMatchObject({ status: "failed", error: { name: "TimeoutError" } });
});

test("the tab where an earlier attempt failed says why the last one did, elsewhere", async () => {
  const { open } = queue();
  const [begun, release] = [latch(), latch()];
  const first = async () => {
    begun.open();
    await release.opened;
    throw new Error("one");
  };
  const tab = open({ types: [type("fail", first, { requires: { visible: true } })] });
  const { job } = await tab.runJob("key", "fail", {}, { retry: { limit: 1, delay: 0 } });
  await begun.opened;
  // It runs none of that type any more.
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  onTestFinished(() => hidden.mockRestore());
  document.dispatchEvent(new Event("visibilitychange"));
  const second = () => {
    throw new Error("two");
  };
  open({ types: [type("fail", second)] });
  release.open();
  await expect(job.result).rejects.toThrow("two");
  expect(job.record).toMatchObject({ status: "failed", error: { message: "two" } });
});

test("a stop that was not recorded leaves its reason nowhere", async () => {
  const { open } = queue();
  const begun = latch();
  const body = (_: unknown, { signal }: SharedTaskContext) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      begun.open();
    });
  const tab = open({ types: [type("wait", body)] });
  const { job } = await tab.runJob("key", "wait");
  await begun.opened;
  const { transaction } = IDBDatabase.prototype;
  const refused = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
    throw new DOMException("not now", "InvalidStateError");
  });
  onTestFinished(() => refused.mockRestore());
  await expect(job.stop("A")).rejects.toMatchObject({ code: "E_STORAGE_UNAVAILABLE" });
  refused.mockRestore();
  expect(IDBDatabase.prototype.transaction).toBe(transaction);
  await job.stop("B");
  expect(await job.settled).toEqual({ type: "Cancelled", reason: "B" });
});

test("a watcher hears the present state first, then what follows, then the end, in any tab", async () => {
  const { open } = queue();
  const release = latch();
  const types = [
    type("tell", async (_: unknown, { log }: SharedTaskContext) => {
      log("hello");
      await release.opened;
      return 7;
    }),
  ];
  const watcher = open({ types, execute: false });
  const { job } = await watcher.runJob("key", "tell");
  const events = job.events();
  const stream = watcher.watch(job.record.id);
  open({ types });
  await until(watcher, () => job.record.status === "running");
  release.open();
  const heard: unknown[] = [];
  for await (const { event, data } of stream) heard.push([event, (data as { status?: string }).status]);
  expect(heard).toEqual([
    ["status", "pending"],
    ["status", "running"],
    ["complete", "completed"],
  ]);
  const kinds: string[] = [];
  for await (const event of events) kinds.push(event.type);
  expect(kinds).toEqual(["job_created", "job_started", "job_log", "job_completed"]);
});
