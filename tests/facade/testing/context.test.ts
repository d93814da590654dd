import { type JobContext, JobManager } from "jobgate";
import { type TestContext, testContext, useTestClock } from "jobgate/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { catchReports, watchRejections } from "../support/reports.js";

type Action = "pause" | "resume";

/** What an app's body may look like. */
async function upload({ setState, progress, log, onAction, signal, checkpoint }: JobContext<string, Action>) {
  onAction((action) => setState(`${action}d`));
  setState("begun");
  setState((previous) => `${previous}!`);
  for (let percent = 0; percent <= 120; percent += 60) {
    await checkpoint();
    progress(percent, `at ${percent}`);
  }
  log(signal.aborted ? "aborted" : "done");
  return 7;
}

describe("testContext", () => {
  it("is given to a body, and says what it did with it", async () => {
    const context = testContext<string, Action>({ state: "new", attempt: 2, id: "mine" });
    expect(context).toMatchObject({ state: "new", attempt: 2, id: "mine" });
    expect(await upload(context)).toBe(7);
    expect(context.state).toBe("begun!");
    expect(context.states).toEqual(["begun", "begun!"]);
    expect(context.progresses).toEqual([
      { percent: 0, message: "at 0" },
      { percent: 60, message: "at 60" },
      { percent: 100, message: "at 120" },
    ]);
    expect(context.logs).toEqual(["done"]);
    context.dispatch("pause");
    expect(context.states.at(-1)).toBe("paused");
  });

  it("does what a manager's context does", async () => {
    const seen: Record<string, unknown>[] = [];
    const body = async (context: JobContext<number, string>) => {
      const { setState, progress, onAction, log } = context;
      const actions: string[] = [];
      onAction((action) => actions.push(`1 ${action}`));
      const off = onAction((action) => actions.push(`2 ${action}`));
      await Promise.resolve();
      off();
      off();
      setState(1);
      setState((before) => before + 1);
      const refused = [Number.NaN, Infinity, "5", undefined].map((percent) => {
        try {
          progress(percent as number);
          return "taken";
        } catch (error) {
          return (error as Error).name;
        }
      });
      progress(-5);
      log(5 as unknown as string);
      seen.push({ actions, refused, state: context.state });
    };
    const manager = new JobManager<string, number, string>();
    manager.pause();
    const { job } = manager.runJob("job", body, { initialState: 0 });
    for (const action of ["a", "b"]) job.dispatch(action);
    manager.resume();
    await job.settled;
    const context = testContext<number, string>({ state: 0 });
    for (const action of ["a", "b"]) context.dispatch(action);
    await body(context);
    expect(seen[1]).toEqual(seen[0]);
    expect(context.progresses).toEqual([job.progress]);
  });

  it.each([
    { kept: ["a", "b"], after: [] },
    { kept: [], after: ["a", "b"] },
    { kept: ["a"], after: ["b"] },
  ])("what a listener dispatches is told when and to whom a manager tells it: %o", async ({ kept, after }) => {
    const heardBy = ({ onAction }: JobContext<unknown, string>, dispatch: (action: string) => void) => {
      const heard: string[] = [];
      let leave = () => {};
      onAction((action) => {
        heard.push(`1 ${action}`);
        if (action !== "a") return;
        dispatch("c");
        leave();
        dispatch("d");
        onAction((later) => heard.push(`late ${later}`));
        dispatch("e");
      });
      leave = onAction((action) => heard.push(`2 ${action}`));
      onAction((action) => heard.push(`3 ${action}`));
      return heard;
    };
    const manager = new JobManager<string, unknown, string>();
    let byManager: string[] = [];
    manager.pause();
    const { job } = manager.runJob("job", async (context) => {
      await Promise.resolve();
      byManager = heardBy(context, job.dispatch);
      for (const action of after) job.dispatch(action);
    });
    for (const action of kept) job.dispatch(action);
    manager.resume();
    await job.settled;
    const context = testContext<unknown, string>();
    for (const action of kept) context.dispatch(action);
    const heard = heardBy(context, context.dispatch);
    for (const action of after) context.dispatch(action);
    expect(heard).toEqual(byManager);
    expect(heard).toContain("late e");
  });

  it("abort ends a wait and a checkpoint, with its reason", async () => {
    const context = testContext();
    const waits = [context.sleep(60_000), context.sleep(0).then(() => context.sleep(60_000))];
    context.abort("enough");
    for (const wait of waits) await expect(wait).rejects.toBe("enough");
    await expect(context.checkpoint()).rejects.toBe("enough");
    expect(context.signal.reason).toBe("enough");
    const other = testContext();
    other.abort();
    expect(other.signal.reason).toMatchObject({ name: "AbortError" });
  });

  it("its sleep is moved by a test clock", async () => {
    const clock = useTestClock({ now: 0 });
    onTestFinished(clock.restore);
    const { sleep } = testContext();
    const woken: number[] = [];
    for (const time of [300, 100, 200]) void sleep(time).then(() => woken.push(clock.now));
    await clock.runAll();
    expect(woken).toEqual([100, 200, 300]);
    for (const time of [-1, Number.NaN, Infinity]) await expect(sleep(time)).rejects.toThrow(RangeError);
  });

  it("a sleep that the body does not wait for to its end is no unhandled rejection", async () => {
    const rejections = watchRejections();
    const context = testContext();
    void context.sleep(60_000);
    context.abort("enough");
    void context.sleep(60_000);
    void testContext().sleep(-1);
    expect(await rejections.seen()).toEqual([]);
  });

  it("a sleep after an abort rejects with its reason, whatever its time, as a manager's does", async () => {
    const thrown: unknown[] = [];
    const body = async ({ sleep }: JobContext) => {
      for (const time of [1, -1]) await sleep(time).catch((error) => thrown.push(error));
    };
    const context = testContext();
    context.abort("enough");
    await body(context);
    const manager = new JobManager<string>();
    const { job } = manager.runJob("job", async (context: JobContext) => {
      await new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve()));
      await body(context);
    });
    await job.stop("enough");
    expect(thrown).toEqual(["enough", "enough", "enough", "enough"]);
  });

  it("a listener that another one takes away does not hear what that has heard", () => {
    const context = testContext<unknown, string>();
    const heard: string[] = [];
    context.onAction(() => off());
    const off = context.onAction((action) => heard.push(action));
    context.dispatch("a");
    expect(heard).toEqual([]);
  });

  it("a listener that throws is reported, and the others hear", () => {
    const { errors } = catchReports();
    const context = testContext<unknown, string>();
    const heard: string[] = [];
    context.onAction(() => {
      throw new Error("deaf");
    });
    context.onAction((action) => heard.push(action));
    context.dispatch("a");
    expect(heard).toEqual(["a"]);
    expect(errors).toHaveLength(1);
  });

  it.each([5, { attempt: 0 }, { attempt: 1.5 }, { id: 5 }])("%o is refused", (options) => {
    expect(() => testContext(options as never)).toThrow(/must be/);
  });

  it("is typed as the body's context", () => {
    const context: TestContext<string, Action> = testContext<string, Action>();
    const body: Parameters<JobManager<string, string, Action>["runJob"]>[1] = upload;
    expect(body).toBe(upload);
    expect(context.states).toEqual([]);
  });
});
