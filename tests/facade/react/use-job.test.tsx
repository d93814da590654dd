import { gate, type Job, JobManager, subject } from "jobgate";
import { type UseJob, useJob } from "jobgate/react";
import { StrictMode, startTransition, useState } from "react";
import { flushSync } from "react-dom";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type AnyManager, newManager } from "../support/manager.js";
import { deferred, untilAborted, Work } from "../support/work.js";
import { does, mount } from "./support/render.js";

// biome-ignore lint/suspicious/noExplicitAny: most tests are not about types
type AnyView = UseJob<any, any, any>;

/** A component that shows all of its job, and the view that it was drawn with last. */
function watcher(manager: AnyManager) {
  const seen = { view: undefined as unknown as AnyView };
  function Watcher({ name }: { name: string }) {
    const view: AnyView = useJob(manager, name);
    seen.view = { ...view };
    return `${view.status} ${view.isActive} ${view.state} ${view.progress.percent} ${view.result} ${view.error}`;
  }
  return { Watcher, seen };
}

async function watched(manager: AnyManager = newManager()) {
  const { Watcher, seen } = watcher(manager);
  const mounted = await mount(<Watcher name="key" />);
  return { manager, seen, mounted, Watcher };
}

describe("useJob", () => {
  it("is idle while nothing has run under the key", async () => {
    const { seen, mounted } = await watched();
    expect(mounted.text).toBe("idle false undefined 0 undefined undefined");
    expect(seen.view.job).toBeUndefined();
    expect(seen.view.progress).toEqual({ percent: 0, message: "" });
  });

  it("shows the job that run starts, to its end", async () => {
    const { seen, mounted, manager } = await watched();
    const work = new Work();
    await does(() => seen.view.run(work.factory, { initialState: "new" }));
    expect(mounted.text).toBe("running true new 0 undefined undefined");
    expect(seen.view.job).toBe(manager.getRunningJob("key"));
    await does(() => work.context.setState("later"));
    await does(() => work.context.progress(40, "almost half"));
    expect(mounted.text).toBe("running true later 40 undefined undefined");
    expect(seen.view.progress).toEqual({ percent: 40, message: "almost half" });
    await does(() => work.resolve("done"));
    expect(mounted.text).toBe("completed false later 40 done undefined");
    expect(manager.getRunningJob("key")).toBeUndefined();
  });

  it("shows a job that another starts later, and the next one", async () => {
    const { seen, mounted, manager } = await watched();
    const first = new Work();
    await does(() => manager.runJob("other", first.factory));
    expect(mounted.text).toMatch(/^idle/);
    await does(() => manager.runJob("key", first.factory));
    expect(mounted.text).toMatch(/^running/);
    await does(() => first.resolve(1));
    expect(mounted.text).toMatch(/^completed .* 1 undefined$/);
    const ended = seen.view.job;
    const second = new Work();
    await does(() => manager.runJob("key", second.factory));
    expect(mounted.text).toBe("running true undefined 0 1 undefined");
    expect(seen.view.job).not.toBe(ended);
  });

  it("shows a job that ran before it was mounted", async () => {
    const manager = newManager();
    const work = new Work();
    manager.runJob("key", work.factory);
    work.context.setState("here");
    const { mounted } = await watched(manager);
    expect(mounted.text).toMatch(/^running true here/);
  });

  it("shows a job that waits, starts, waits for its retry and starts again", async () => {
    const { seen, mounted, manager } = await watched(newManager({ concurrency: 1 }));
    const before = new Work();
    const work = new Work();
    manager.runJob("before", before.factory);
    await does(() => seen.view.run(work.factory, { retry: { limit: 1, delay: 1 } }));
    expect(mounted.text).toMatch(/^pending true/);
    await does(() => before.resolve());
    expect(mounted.text).toMatch(/^running true/);
    manager.pause();
    await does(() => work.reject(new Error("once")));
    expect(mounted.text).toMatch(/^pending true/);
    await does(() => {
      manager.resume();
      return work.started(2);
    });
    expect(mounted.text).toMatch(/^running true/);
  });

  it("keeps the result of the last that completed, while the next runs and if it fails", async () => {
    const { seen, manager } = await watched(newManager({ retain: 3 }));
    await does(() => seen.view.run(() => "well").settled);
    await does(() => seen.view.run(() => Promise.reject(new Error("broken"))).settled);
    expect(seen.view).toMatchObject({ status: "failed", result: "well" });
    const work = new Work();
    await does(() => seen.view.run(work.factory));
    expect(seen.view).toMatchObject({ status: "running", result: "well" });
    // So does a component that comes later, where the manager retains it.
    const later = await watched(manager);
    expect(later.seen.view).toMatchObject({ status: "running", result: "well" });
    await does(() => work.resolve("better"));
    expect([seen.view.result, later.seen.view.result]).toEqual(["better", "better"]);
  });

  it("shows the manager's retained job to a component that comes after its end", async () => {
    const manager = newManager({ retain: 1 });
    const { job } = manager.runJob("key", () => "done");
    await job.settled;
    const { seen, mounted } = await watched(manager);
    expect(mounted.text).toMatch(/^completed false .* done undefined$/);
    expect(seen.view.job).toBe(job);
    await does(() => manager.forget(job.id));
    expect(seen.view.job).toBe(job);
    const anew = await watched(manager);
    expect(anew.seen.view).toMatchObject({ status: "idle", job: undefined, result: undefined });
  });

  it("goes on showing a job that the manager has forgotten, whatever it keeps under the key of before", async () => {
    const manager = newManager({ retain: 3 });
    await manager.runJob("key", () => "old").job.settled;
    const { seen, mounted, Watcher } = await watched(manager);
    const work = new Work();
    await does(() => seen.view.run(work.factory));
    const { job } = seen.view;
    await does(() => manager.runJob("key", untilAborted, { onDuplicate: "queue" }).job.stop());
    const then = Date.now();
    await expect.poll(() => Date.now()).toBeGreaterThan(then);
    await does(() => work.resolve("new"));
    await does(() => manager.forget(job!.id));
    expect(manager.jobs().map(({ status }) => status)).toEqual(["completed", "cancelled"]);
    await mounted.draw(<Watcher name="key" />);
    expect(seen.view).toMatchObject({ job, status: "completed", result: "new" });
  });

  it("shows the last to end where the one that stood and the one behind it are stopped at once", async () => {
    const { seen, manager } = await watched(newManager({ retain: 3 }));
    manager.pause();
    await does(() => seen.view.run(untilAborted));
    await does(() => manager.runJob("key", untilAborted, { onDuplicate: "queue" }));
    await does(() => seen.view.stop("enough"));
    expect(seen.view.job).toBe(manager.getLastJob("key"));
  });

  it("tells of a job that will be tried again: when, for which time, and what went wrong", async () => {
    const { seen } = await watched();
    const work = new Work();
    const retry = { limit: 1, delay: 20_000, jitter: "none" } as const;
    await does(() => seen.view.run(work.factory, { retry }));
    expect(seen.view).toMatchObject({ attempt: 1, readyAt: undefined, lastError: undefined });
    const error = new Error("once");
    const before = Date.now();
    await does(() => work.reject(error));
    expect(seen.view).toMatchObject({ attempt: 1, lastError: error, error: undefined });
    expect(seen.view.readyAt).toBeGreaterThanOrEqual(before + 20_000 - 2);
    expect(Math.abs((seen.view.readyAt ?? 0) - (seen.view.job?.readyAt ?? 0))).toBeLessThanOrEqual(2);
    const { readyAt } = seen.view;
    await does(() => work.context.progress(50));
    expect(seen.view.readyAt).toBe(readyAt);
    await does(() => seen.view.stop());
    expect(seen.view).toMatchObject({ status: "cancelled", readyAt: undefined, lastError: undefined });
  });

  it("tells that a delay is over also while no slot is free", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { seen, manager } = await watched(newManager({ concurrency: 1 }));
    manager.runJob("first", untilAborted);
    await does(() => seen.view.run(untilAborted, { delay: 20_000 }));
    expect(seen.view).toMatchObject({ status: "pending", readyAt: expect.any(Number) });
    await does(() => vi.advanceTimersByTime(20_000));
    expect(seen.view).toMatchObject({ status: "pending", readyAt: undefined });
  });

  it("run gives the job, whose result may be awaited or not", async () => {
    const { seen, manager } = await watched();
    const work = new Work();
    let job!: ReturnType<typeof seen.view.run>;
    await does(() => {
      job = seen.view.run(work.factory);
    });
    expect(job).toBe(manager.getRunningJob("key"));
    expect(seen.view.run(untilAborted)).toBe(job);
    await does(() => work.resolve(5));
    expect(await job.result).toBe(5);
    // Not awaited: this would be told as unhandled, which fails the run of the tests.
    await does(() => seen.view.run(() => Promise.reject(new Error("nobody waits"))));
    expect(seen.view.status).toBe("failed");
  });

  it("tells failed from cancelled", async () => {
    const { seen, mounted } = await watched();
    const work = new Work();
    await does(() => seen.view.run(work.factory));
    const error = new Error("broken");
    await does(() => work.reject(error));
    expect(mounted.text).toMatch(/^failed false/);
    expect(seen.view.error).toBe(error);

    await does(() => seen.view.run(untilAborted));
    await does(() => seen.view.stop("enough"));
    expect(mounted.text).toMatch(/^cancelled false/);
    expect(seen.view.error).toBeUndefined();
    expect(seen.view.job?.completion).toEqual({ type: "Cancelled", reason: "enough" });
  });

  it("stop resolves when the body has settled, not before", async () => {
    const { seen, mounted } = await watched();
    const work = new Work();
    await does(() => seen.view.run(work.factory));
    let stopped = false;
    await does(() => {
      void seen.view.stop("enough").then(() => {
        stopped = true;
      });
    });
    expect(stopped).toBe(false);
    expect(mounted.text).toMatch(/^running true/);
    await does(() => work.resolve());
    expect(stopped).toBe(true);
    expect(mounted.text).toMatch(/^cancelled false/);
  });

  it("shows the one that stands, not the one that waits behind it", async () => {
    const { seen, mounted } = await watched();
    const first = new Work();
    const second = new Work();
    await does(() => seen.view.run(first.factory, { initialState: "first" }));
    await does(() => seen.view.run(second.factory, { initialState: "second", onDuplicate: "queue" }));
    expect(mounted.text).toMatch(/^running true first/);
    await does(() => first.resolve());
    expect(mounted.text).toMatch(/^running true second/);
  });

  it("shows the one that replaces another once that has ended", async () => {
    const { seen, mounted, manager } = await watched();
    const first = new Work();
    const second = new Work();
    await does(() => seen.view.run(first.factory, { initialState: "first" }));
    await does(() => manager.runJob("key", second.factory, { initialState: "second", onDuplicate: "replace" }));
    expect(mounted.text).toMatch(/^running true first/);
    await does(() => first.resolve());
    expect(mounted.text).toMatch(/^running true second/);
  });

  it("shows a job that run starts and that ends at once, since its signal had aborted", async () => {
    const { seen, mounted } = await watched();
    await does(() => seen.view.run(untilAborted, { signal: AbortSignal.abort("too late") }));
    expect(mounted.text).toMatch(/^cancelled false/);
    expect(seen.view.job?.completion).toEqual({ type: "Cancelled", reason: "too late" });
  });

  it("shows the state of a job that the factory returns", async () => {
    const { seen, mounted, manager } = await watched(newManager({ concurrency: 1 }));
    const states = subject<string>();
    const stopped = gate();
    const own = {
      state: "of its own",
      dispatch() {},
      onStateChange: states.listen,
      onStopped: stopped.listen,
      stop: async () => stopped.open(),
    } satisfies Job<string>;
    const before = new Work();
    manager.runJob("before", before.factory);
    await does(() => seen.view.run(() => own));
    await does(() => before.resolve());
    expect(mounted.text).toMatch(/^running true of its own/);
    await does(() => {
      own.state = "changed";
      states.next(own.state);
    });
    expect(mounted.text).toMatch(/^running true changed/);
    await does(() => stopped.open());
    expect(mounted.text).toMatch(/^completed false changed/);
  });

  it("run throws what runJob throws", async () => {
    const { seen, manager } = await watched();
    expect(() => seen.view.run(untilAborted, { timeout: -1 })).toThrow(RangeError);
    manager.close();
    expect(() => seen.view.run(untilAborted)).toThrow(expect.objectContaining({ code: "E_CLOSED" }));
  });

  it("run and stop are the same functions as long as manager and key are", async () => {
    const { seen, mounted, Watcher } = await watched();
    const { run, stop } = seen.view;
    await does(() => run(untilAborted));
    expect([seen.view.run, seen.view.stop]).toEqual([run, stop]);
    await mounted.draw(<Watcher name="other" />);
    expect(seen.view.run).not.toBe(run);
  });

  it("unmounting does not stop the job", async () => {
    const { seen, mounted, manager } = await watched();
    const work = new Work();
    await does(() => seen.view.run(work.factory));
    await mounted.unmount();
    expect(manager.getRunningJob("key")?.stopping).toBe(false);
    work.context.setState("nobody looks");
    work.resolve("done");
    await manager.onIdle();
    expect(manager.stats.completed).toBe(1);
  });

  it("follows a key that changes fast, and forgets what it saw under the others", async () => {
    const { seen, mounted, manager, Watcher } = await watched();
    const works = ["a", "b", "c"].map((name) => {
      const work = new Work();
      manager.runJob(name, work.factory, { initialState: name });
      return work;
    });
    for (const name of ["a", "b", "c", "b"]) {
      await mounted.draw(<Watcher name={name} />);
      expect(mounted.text).toMatch(new RegExp(`^running true ${name} `));
      expect(seen.view.job?.key).toBe(name);
    }
    await does(() => works[0]?.context.setState("unseen"));
    await does(() => works[1]?.context.setState("seen"));
    expect(mounted.text).toMatch(/^running true seen/);
    await does(() => works[1]?.resolve());
    expect(mounted.text).toMatch(/^completed/);
    await mounted.draw(<Watcher name="nothing here" />);
    expect(mounted.text).toMatch(/^idle/);
    await mounted.draw(<Watcher name="b" />);
    expect(mounted.text).toMatch(/^idle/);
  });

  it("takes any value for a key, compared as a Map compares", async () => {
    const manager: AnyManager<unknown> = newManager<unknown>();
    const key = { page: 1 };
    const Watcher = ({ of }: { of: unknown }) => useJob(manager, of).status;
    const mounted = await mount(<Watcher of={key} />);
    await does(() => manager.runJob(key, untilAborted));
    expect(mounted.text).toBe("running");
    await mounted.draw(<Watcher of={{ page: 1 }} />);
    expect(mounted.text).toBe("idle");
    await mounted.draw(<Watcher of={Number.NaN} />);
    await does(() => manager.runJob(Number.NaN, untilAborted));
    expect(mounted.text).toBe("running");
  });

  it("an object made inline is another key at each drawing: idle, and no endless loop", async () => {
    const manager: AnyManager<object> = newManager<object>();
    const Watcher = ({ page }: { page: number }) => `${page} ${useJob(manager, { page }).status}`;
    const mounted = await mount(
      <StrictMode>
        <Watcher page={1} />
      </StrictMode>,
    );
    await mounted.draw(
      <StrictMode>
        <Watcher page={2} />
      </StrictMode>,
    );
    expect(mounted.text).toBe("2 idle");
    await mounted.unmount();
  });

  it("follows a key that changes several times in one go, and one whose drawing is given up", async () => {
    const manager = newManager();
    const { Watcher, seen } = watcher(manager);
    let choose!: (name: string) => void;
    function Chooser() {
      const [name, setName] = useState("ended");
      choose = setName;
      return <Watcher name={name} />;
    }
    for (const name of ["key", "a", "b"]) manager.runJob(name, untilAborted, { initialState: name });
    const ended = new Work();
    manager.runJob("ended", ended.factory, { initialState: "ended" });
    const mounted = await mount(<Chooser />);
    await does(() => ended.resolve());
    expect(mounted.text).toMatch(/^completed false ended/);
    // The transition to "a" is overtaken: what was seen under the key that stays is still known.
    await does(() => {
      startTransition(() => choose("a"));
      choose("b");
      choose("ended");
    });
    expect(mounted.text).toMatch(/^completed false ended/);
    await does(() => {
      for (const name of ["a", "b", "a", "key", "b"]) flushSync(() => choose(name));
    });
    expect(mounted.text).toMatch(/^running true b /);
    expect(seen.view.job?.key).toBe("b");
    await does(() => manager.stopJob("key"));
    expect(mounted.text).toMatch(/^running true b /);
    await does(() => manager.stopJob("b"));
    expect(mounted.text).toMatch(/^cancelled false b /);
  });

  it("sees what happens between drawing and listening", async () => {
    const manager = newManager();
    const { Watcher } = watcher(manager);
    const work = new Work();
    const Starter = () => {
      if (work.starts === 0) manager.runJob("key", work.factory);
      return null;
    };
    // Drawn after the watcher, before its effects.
    const mounted = await mount([<Watcher key="1" name="key" />, <Starter key="2" />]);
    expect(mounted.text).toMatch(/^running/);
  });

  it("sees a job that starts and ends in one go", async () => {
    const { mounted, manager } = await watched();
    const { promise, resolve } = deferred();
    await does(() => {
      manager.runJob("key", () => "quick").job.onStopped(resolve);
      return promise;
    });
    expect(mounted.text).toMatch(/^completed false undefined 0 quick/);
  });

  it("works with a manager that another component made", async () => {
    const first = new JobManager<string, string>();
    const second = new JobManager<string, string>();
    second.runJob("key", untilAborted, { initialState: "second" });
    const Watcher = ({ manager }: { manager: JobManager<string, string> }) => {
      const { status, state } = useJob(manager, "key");
      return `${status} ${state}`;
    };
    const mounted = await mount(<Watcher manager={first} />);
    expect(mounted.text).toBe("idle undefined");
    await mounted.draw(<Watcher manager={second} />);
    expect(mounted.text).toBe("running second");
    await does(() => second.close());
  });
});
