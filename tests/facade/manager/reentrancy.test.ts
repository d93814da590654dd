import { gate, subject } from "jobgate";
import { describe, expect, it } from "vitest";
import { type AnyJob, type AnyManager, newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { turn } from "../support/turns.js";
import { type AnyContext, Work } from "../support/work.js";

interface Scene {
  readonly manager: AnyManager;
  readonly job: AnyJob;
  readonly work: Work;
  readonly context: AnyContext;
}

type Place = (scene: Scene, callback: () => void) => unknown;
type Act = (scene: Scene) => unknown;

/** Every callback that the API has: each calls `callback` from inside it. */
const places: Record<string, Place> = {
  "a subject's listener": (_scene, callback) => {
    const changes = subject<number>();
    changes.listen(callback);
    changes.next(1);
  },
  "a gate's listener": (_scene, callback) => {
    const door = gate();
    door.listen(callback);
    door.open();
  },
  "a late listener of a gate": (_scene, callback) => {
    const door = gate();
    door.open();
    door.listen(callback);
  },
  onStateChange: ({ job, context }, callback) => {
    job.onStateChange(callback);
    context.setState("changed");
  },
  onProgress: ({ job, context }, callback) => {
    job.onProgress(callback);
    context.progress(10, "ten");
  },
  onAction: ({ job, context }, callback) => {
    context.onAction(callback);
    job.dispatch("an action");
  },
  "onAction, handed a kept action": ({ job, context }, callback) => {
    job.dispatch("kept");
    context.onAction(callback);
  },
  onStopped: ({ manager }, callback) => {
    manager.runJob("ending", () => 1).job.onStopped(callback);
  },
  "a late onStopped": async ({ manager }, callback) => {
    const { job } = manager.runJob("ended", () => 1);
    await job.settled;
    job.onStopped(callback);
  },
  "a continuation": ({ manager }, callback) => {
    manager.runJob("ending", () => 1).job.continuations.addOrRunNow("key", callback);
  },
  "a late continuation": async ({ manager }, callback) => {
    const { job } = manager.runJob("ended", () => 1);
    await job.settled;
    job.continuations.addOrRunNow("key", callback);
  },
  subscribe: ({ manager }, callback) => {
    manager.subscribe(callback);
    manager.runJob("new", () => turn());
  },
  onKeyChange: ({ manager }, callback) => {
    manager.onKeyChange("watched", callback);
    manager.runJob("watched", () => turn());
  },
  "a factory": ({ manager }, callback) => manager.runJob("new", () => callback()),
  "a factory that starts later": ({ manager }, callback) => manager.runJob("new", () => callback(), { delay: 1 }),
  "a function of the previous state": ({ context }, callback) =>
    context.setState(() => {
      callback();
      return "computed";
    }),
  retryIf: ({ manager }, callback) => {
    const retryIf = () => {
      callback();
      return false;
    };
    manager.runJob("failing", () => Promise.reject(new Error("broken")), { retry: { limit: 1, retryIf } });
  },
  "an abort listener of the body": ({ manager }, callback) => {
    const { job } = manager.runJob("aborted", ({ signal }) => {
      signal.addEventListener("abort", callback);
      return turn();
    });
    void job.stop();
  },
  "the stop of an adopted job": ({ manager }, callback) => {
    const ended = gate();
    const own = {
      state: 0,
      dispatch() {},
      onStateChange: () => () => {},
      onStopped: ended.listen,
      async stop() {
        callback();
        ended.open();
      },
    };
    void manager.runJob("adopted", () => own).job.stop();
  },
};

/** What a callback may call: whatever the API has, also what is calling it. */
const acts: Record<string, Act> = {
  "runs another job": ({ manager }) => {
    const inner = new Work();
    expect(manager.runJob("another", inner.factory).type).toBe("JOB_CREATED");
    expect(inner.starts).toBe(1);
    inner.resolve();
  },
  "runs the key that stands": ({ manager, job }) => {
    expect(manager.runJob("report", () => "never")).toEqual({ type: "JOB_ALREADY_RUNNING", job });
  },
  "replaces the job": ({ manager, job }) => {
    manager.runJob("report", () => "replaced", { onDuplicate: "replace" });
    expect(job.stopping).toBe(true);
  },
  "stops the job": ({ job }) => {
    void job.stop("from inside");
    expect(job.stopping).toBe(true);
  },
  "stops all": ({ manager, job }) => {
    void manager.stopAll("from inside");
    expect(job.stopping).toBe(true);
  },
  "closes the manager": ({ manager, job }) => {
    void manager.close("from inside");
    expect(job.stopping).toBe(true);
  },
  dispatches: ({ job }) => job.dispatch("from inside"),
  "changes state and progress": ({ context, job }) => {
    context.setState("from inside");
    context.progress(50, "from inside");
    context.log("from inside");
    expect([job.state, job.progress.percent]).toEqual(["from inside", 50]);
  },
  "subscribes to everything and leaves again": ({ manager, job, context }) => {
    const nothing = () => {};
    const leave = [
      manager.subscribe(nothing),
      manager.onKeyChange("report", nothing),
      job.onStateChange(nothing),
      job.onProgress(nothing),
      job.onStopped(nothing),
      context.onAction(nothing),
    ];
    for (const unsubscribe of leave) unsubscribe();
    job.continuations.addOrRunNow("from inside", nothing);
    job.continuations.remove("from inside");
  },
  "reads everything": ({ manager, job }) => {
    expect(manager.getSnapshot().jobs).toContain(job);
    expect(manager.jobs("running")).toContain(job);
    expect(manager.getJob(job.id)).toBe(job);
    expect([manager.stats.total > 0, manager.isPaused, job.status]).toEqual([true, false, "running"]);
    void manager.onIdle();
    void job.events().cancel();
  },
  "pauses, resumes and changes the concurrency": ({ manager }) => {
    manager.pause();
    manager.concurrency = 50;
    manager.resume();
    manager.concurrency = Number.POSITIVE_INFINITY;
  },
};

describe("a callback may call anything, also what is calling it", () => {
  for (const [placeName, place] of Object.entries(places)) {
    it.each(Object.entries(acts))(`${placeName} %s: no "recursive use", nothing lost`, async (_name, act) => {
      const reports = catchReports();
      const manager = newManager();
      const work = new Work();
      const { job } = manager.runJob("report", work.factory);
      const scene = { manager, job, work, context: work.context };
      const called = new Promise<unknown>((resolve) => {
        let acted = false;
        void place(scene, () => {
          if (acted) return;
          acted = true;
          try {
            act(scene);
            resolve("done");
          } catch (error) {
            resolve(error);
          }
        });
      });
      expect(await called).toBe("done");
      work.resolve();
      await job.settled;
      await manager.stopAll();
      await manager.onIdle();
      await turn();
      expect(reports.errors).toEqual([]);
    });
  }
});

describe("a callback that throws, in every callback the API has", () => {
  /** Where a throw is the answer to the body or the end of the job, not a report. */
  const answered = ["a factory", "a factory that starts later", "a function of the previous state"];
  const reported = Object.entries(places).filter(([name]) => !answered.includes(name));
  it.each(reported)("%s: reported, and nothing else is disturbed", async (_name, place) => {
    const reports = catchReports();
    const manager = newManager();
    const work = new Work();
    const { job } = manager.runJob("report", work.factory);
    const error = new Error("a broken callback");
    let thrown = false;
    void place({ manager, job, work, context: work.context }, () => {
      if (thrown) return;
      thrown = true;
      throw error;
    });
    await reports.reached(1);
    expect(reports.errors).toEqual([error]);
    const other = manager.runJob("other", () => "fine").job;
    expect(await other.result).toBe("fine");
    work.resolve("fine");
    expect(await job.result).toBe("fine");
  });
});
