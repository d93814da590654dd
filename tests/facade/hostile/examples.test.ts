import { gate, JobManager, subject } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { type AnyContext, deferred } from "../support/work.js";
import { Bystanders } from "./support/bystanders.js";
import { catchStrayErrors } from "./support/errors.js";
import { crossOriginWindow, inPage } from "./support/realms.js";
import { revokedProxy, unreadable } from "./support/unreadable.js";

describe("one job's exception disturbs nobody else", () => {
  if (inPage) {
    it("a factory that returns the window of another origin: its job ends, stopAll resolves", async () => {
      const others = new Bystanders();
      const jobs = new JobManager();
      const foreign = crossOriginWindow();
      const { job } = jobs.runJob("open", () => foreign);
      await jobs.stopAll();
      expect(job.completion).toBeDefined();
      expect([jobs.stats.running, jobs.stats.pending]).toEqual([0, 0]);
      await others.leave();
    });
  }

  it("an error whose message can't be read, while events are read: subjects of others hear what they are told", async () => {
    const jobs = newManager();
    const other = subject<string>();
    const heard: string[] = [];
    other.listen((value) => heard.push(value));
    const others = new Bystanders();
    void jobs.events().getReader().read();
    jobs.onKeyChange("a", () => other.next("one"));
    const thrown = {
      get message() {
        throw 1;
      },
    };
    const { job } = jobs.runJob("a", async () => {
      await 0;
      throw thrown;
    });
    await job.settled;
    await turn();
    other.next("two");
    other.next("three");
    expect(heard).toEqual(["one", "one", "two", "three"]);
    expect(job.status).toBe("failed");
    expect(job.completion).toHaveProperty("error");
    expect((job.completion as { error: unknown }).error === thrown).toBe(true);
    await others.leave();
  });

  it("a progress message without a text: whoever listens hears what is told", async () => {
    const others = new Bystanders();
    const manager = newManager();
    const { job } = manager.runJob("k", async (context) => {
      await 0;
      context.progress(50, Object.create(null));
    });
    const heard: unknown[] = [];
    job.onProgress(({ percent, message }) => heard.push(percent, typeof message));
    await job.settled;
    expect([[], [50, "string"]]).toContainEqual(heard);
    await others.leave();
  });

  it("a revoked proxy thrown while events are read: its job fails with it, and its handle reaches no other job", async () => {
    const others = new Bystanders();
    const manager = newManager();
    const thrown = revokedProxy();
    void manager.events();
    const { job: bad } = manager.runJob("k", async () => {
      throw thrown;
    });
    const completion = await bad.settled;
    expect(completion.type).toBe("Failed");
    expect(completion.type === "Failed" && completion.error === thrown).toBe(true);
    const done = deferred<string>();
    const after = Array.from({ length: 50 }, (_, n) => manager.runJob(`n${n}`, () => done.promise).job);
    await bad.stop("too late");
    expect(after.map(({ stopping }) => stopping)).not.toContain(true);
    done.resolve("undisturbed");
    expect(new Set(await Promise.all(after.map(({ result }) => result)))).toEqual(new Set(["undisturbed"]));
    await others.leave();
  });

  it("options whose getter throws: the caller is told, nothing was started, onIdle resolves", async () => {
    const others = new Bystanders();
    const manager = newManager();
    const options = {
      get initialState() {
        throw new TypeError("no initial state");
      },
    };
    let calls = 0;
    expect(() => manager.runJob("k", async () => ++calls, options)).toThrow("no initial state");
    expect(manager.stats).toMatchObject({ pending: 0, running: 0, total: 0 });
    expect(manager.getRunningJob("k")).toBeUndefined();
    await manager.onIdle();
    expect(calls).toBe(0);
    expect(await manager.runJob("k", async () => "free").job.result).toBe("free");
    await others.leave();
  });

  it("a job that has ended reaches no other through anything that was kept of it", async () => {
    const others = new Bystanders();
    const manager = newManager();
    const kept: AnyContext[] = [];
    const ended = Array.from({ length: 20 }, (_, n) => {
      const { job } = manager.runJob(`old ${n}`, async (context) => {
        kept.push(context);
        // Each made while the job is there, and kept.
        const { setState, progress, log, onAction, checkpoint } = context;
        return [setState, progress, log, onAction, checkpoint];
      });
      return { job, stop: job.stop, dispatch: job.dispatch, setPriority: job.setPriority };
    });
    await Promise.all(ended.map(({ job }) => job.settled));
    const heard: unknown[] = [];
    const done = deferred();
    const living = Array.from({ length: 20 }, (_, n) => {
      const { job } = manager.runJob(`new ${n}`, (context) => {
        context.onAction((action) => heard.push(action));
        return done.promise;
      });
      job.onStateChange((state) => heard.push(state));
      job.onProgress((progress) => heard.push(progress));
      return job;
    });
    for (const { job, stop, dispatch, setPriority } of ended) {
      void stop("late");
      void job.stop("late", { timeout: 5 });
      dispatch("late");
      setPriority(9);
      job.onStateChange((state) => heard.push(state));
      void job.events();
    }
    for (const context of kept) {
      context.setState("late");
      context.progress(1, "late");
      context.log("late");
      context.onAction((action) => heard.push(action));
    }
    await turn();
    expect(heard).toEqual([]);
    expect(living.map(({ stopping, priority, state }) => [stopping, priority, state])).toEqual(
      living.map(() => [false, 0, undefined]),
    );
    done.resolve();
    await manager.onIdle();
    await others.leave();
  });
});

const unreadables = Object.entries(unreadable);

describe.each(unreadables)("%s", (_, make) => {
  /** With someone listening to everything there is to hear, so that it is looked at wherever it may be. */
  function watched() {
    const manager = newManager({ retain: 5 });
    void manager.events();
    manager.subscribe(() => manager.getSnapshot());
    return { manager, others: new Bystanders() };
  }

  it("thrown: the job fails with that very value", async () => {
    const { manager, others } = watched();
    const value = make();
    const { job } = manager.runJob("k", async () => {
      await 0;
      throw value;
    });
    void job.events();
    const completion = await job.settled;
    expect(completion.type === "Failed" && completion.error === value).toBe(true);
    await others.leave();
  });

  it("thrown where a retry could follow: retried as any other error", async () => {
    const { manager, others } = watched();
    const value = make();
    let attempts = 0;
    const { job } = manager.runJob(
      "k",
      async () => {
        attempts += 1;
        throw value;
      },
      { retry: { limit: 1, delay: 0 } },
    );
    void job.events();
    const completion = await job.settled;
    expect(completion.type === "Failed" && completion.error === value).toBe(true);
    expect(attempts).toBe(2);
    await others.leave();
  });

  it("returned: the job ends, and runJob has thrown nothing", async () => {
    const { manager, others } = watched();
    const { job } = manager.runJob("k", () => make());
    void job.events();
    expect(["Normal", "Failed"]).toContain((await job.settled).type);
    await manager.onIdle();
    await others.leave();
  });

  it("given as the reason of a stop: arrives whole", async () => {
    const { manager, others } = watched();
    const value = make();
    const done = deferred();
    const { job } = manager.runJob("k", () => done.promise);
    void job.events();
    const stopped = job.stop(value);
    expect(job.signal.reason === value).toBe(true);
    done.resolve();
    await stopped;
    expect(job.completion?.type === "Cancelled" && job.completion.reason === value).toBe(true);
    expect(await job.result.catch((reason: unknown) => reason === value)).toBe(true);
    await others.leave();
  });

  it("as state, action, key, message and log: passed on as it is, or refused to who gave it", async () => {
    const { manager, others } = watched();
    const value = make();
    const heard: boolean[] = [];
    const done = deferred();
    const contexts: AnyContext[] = [];
    const { job } = manager.runJob(
      value as never,
      (context) => {
        contexts.push(context);
        context.onAction((action) => heard.push(action === value));
        return done.promise;
      },
      { initialState: value },
    );
    void job.events();
    job.onStateChange((state) => heard.push(state === value));
    expect(job.key === (value as never)).toBe(true);
    expect(manager.getRunningJob(value as never) === job).toBe(true);
    contexts[0]!.setState(value);
    job.dispatch(value);
    expect(heard).toEqual([true, true]);
    for (const say of [contexts[0]!.log, (text: never) => contexts[0]!.progress(5, text)]) {
      try {
        say(value as never);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
    others.check();
    done.resolve();
    expect((await job.settled).type).toBe("Normal");
    await others.leave();
  });

  it("thrown by listeners: reported, and those beside them hear", async () => {
    const { manager, others } = watched();
    const stray = catchStrayErrors();
    const value = make();
    const fail = () => {
      throw value;
    };
    let heard = 0;
    const changes = subject<void>();
    const barrier = gate();
    for (const listen of [changes.listen, barrier.listen]) {
      listen(fail);
      listen(() => (heard += 1));
    }
    changes.next();
    barrier.open();
    const { job } = manager.runJob("k", async () => {});
    job.onStopped(fail);
    job.onStopped(() => (heard += 1));
    job.continuations.addOrRunNow("one", fail);
    job.continuations.addOrRunNow("two", async () => fail());
    job.continuations.addOrRunNow("three", () => void (heard += 1));
    await job.settled;
    await turn();
    expect(heard).toBe(4);
    expect(stray.reported.map((error) => error === value)).toEqual([true, true, true, true, true]);
    expect(await stray.unhandled()).toHaveLength(0);
    await others.leave();
  });
});

describe("reportError that throws", () => {
  it("keeps no listener from hearing, and no job from ending", async () => {
    const others = new Bystanders();
    const stray = catchStrayErrors(() => {
      throw new Error("reportError itself is broken");
    });
    const manager = newManager();
    const heard: string[] = [];
    const fail = () => {
      throw new Error("the listener's own");
    };
    const changes = subject<string>();
    changes.listen(fail);
    changes.listen((value) => heard.push(value));
    changes.next("first");
    changes.next("second");
    expect(heard).toEqual(["first", "second"]);
    others.check();

    const { job } = manager.runJob("k", async () => "done");
    job.onStopped(fail);
    job.continuations.addOrRunNow("one", fail);
    job.continuations.addOrRunNow("two", () => void heard.push("continued"));
    job.onStopped(() => heard.push("stopped"));
    expect(await job.result).toBe("done");
    await manager.onIdle();
    await turn();
    expect(heard.slice(2).sort()).toEqual(["continued", "stopped"]);
    expect(stray.reported.length).toBeGreaterThanOrEqual(4);
    await others.leave();
  });
});
