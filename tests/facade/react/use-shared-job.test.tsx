import { type UseSharedJob, useQueue, useSharedJob } from "jobgate/react";
import type { SharedRunner, SharedRunnerOptions, SharedTaskContext } from "jobgate/shared";
import { act, StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { expect, it, onTestFinished, vi } from "vitest";
import { ended, latch, queue, until } from "../shared/support/tabs.js";
import { type } from "../shared/support/types.js";
import { actEnvironment, drawn, newContainer } from "./support/render.js";

// biome-ignore lint/suspicious/noExplicitAny: most tests are not about types
type AnyView = UseSharedJob<any, any, any>;

function watcher(runner: SharedRunner) {
  const seen = { view: undefined as unknown as AnyView, drawn: 0 };
  function Watcher({ name = "key" }: { name?: string }) {
    const view: AnyView = useSharedJob(runner, name);
    seen.view = { ...view };
    seen.drawn += 1;
    return `${view.status} ${view.isActive} ${view.state} ${view.progress.percent} ${view.result} ${view.error}`;
  }
  return { Watcher, seen };
}

function watched(runner: SharedRunner) {
  const { Watcher, seen } = watcher(runner);
  const mounted = drawn(
    <StrictMode>
      <Watcher />
    </StrictMode>,
  );
  return { seen, mounted };
}

const shows = (text: string | RegExp, { mounted }: { mounted: { readonly text: string } }) =>
  expect.poll(() => mounted.text).toMatch(text);

/** A body that does what it is told, and a queue whose first tab runs it. */
function told(options: SharedRunnerOptions = {}) {
  const { open } = queue(options);
  const given = latch<SharedTaskContext<string>>();
  const outcome = latch<string | Error>();
  const types = [
    type("told", async (_: unknown, context: SharedTaskContext<string>) => {
      given.open(context);
      const what = await outcome.opened;
      if (what instanceof Error) throw what;
      return what;
    }),
  ];
  const owner = open({ types });
  return { owner, other: () => open({ types, execute: false }), given: given.opened, end: outcome.open };
}

it("is idle while nothing has run under the key, then shows the job that run starts, to its end", async () => {
  const { owner, given, end } = told();
  const view = watched(owner);
  expect(view.mounted.text).toBe("idle false undefined 0 undefined undefined");
  const job = await view.seen.view.run("told");
  const context = await given;
  context.setState("half");
  context.progress(50, "half");
  await shows("running true half 50 undefined undefined", view);
  expect(view.seen.view.job!.record.id).toBe(job.record.id);
  expect(view.seen.view).toMatchObject({ attempt: 1, progress: { message: "half" }, record: { key: "key" } });
  end("done");
  await shows("completed false half 50 done undefined", view);
  expect(owner.getRunningJob("key")).toBeUndefined();
});

it("shows what another tab starts, in every tab, and stops it from any", async () => {
  const { owner, other, given, end } = told();
  const far = other();
  const [here, there] = [watched(owner), watched(far)];
  await far.runJob("key", "told");
  const { signal } = await given;
  await shows(/^running true/, here);
  await shows(/^running true/, there);
  const stopped = there.seen.view.stop("enough");
  await expect.poll(() => signal.aborted).toBe(true);
  expect(signal.reason).toBe("enough");
  end("settled");
  await stopped;
  await shows(/^cancelled false/, here);
  await shows(/^cancelled false/, there);
});

it("keeps the result of the last that completed, and shows why one fails", async () => {
  const { open } = queue();
  const types = [
    type("well", () => "well"),
    type("ill", () => {
      throw new TypeError("broken");
    }),
  ];
  const runner = open({ types });
  const view = watched(runner);
  await view.seen.view.run("well");
  await shows(/^completed .* well undefined$/, view);
  await view.seen.view.run("ill");
  await shows(/^failed .* well TypeError: broken$/, view);
  const { error } = view.seen.view;
  expect(error).toBeInstanceOf(TypeError);
  // So does a component that comes later, and one in a tab that comes later.
  for (const tab of [runner, open({ types })]) {
    const later = watched(tab);
    await shows(/^failed .* well TypeError: broken$/, later);
  }
});

it("says that a job is to be tried again, when, and what it failed of", async () => {
  const { open } = queue();
  const runner = open({
    types: [
      type("flaky", () => {
        throw new Error("once more");
      }),
    ],
  });
  const view = watched(runner);
  await view.seen.view.run("flaky", {}, { retry: { limit: 1, delay: 60_000, maxDelay: 60_000, jitter: "none" } });
  await expect.poll(() => view.seen.view.lastError).toMatchObject({ message: "once more" });
  const { readyAt, status, error, record } = view.seen.view;
  expect(readyAt).toBe(record!.ready_at);
  expect(readyAt).toBeGreaterThan(record!.created_at + 50_000);
  expect({ status, error, waiting: record!.waiting_for }).toEqual({
    status: "pending",
    error: undefined,
    waiting: "retry",
  });
});

it("shows no job as running that was let go of before its end was heard of", async () => {
  const { owner, other, given, end } = told({ retain: 0 });
  const far = other();
  await far.ready;
  const there = watched(far);
  await owner.runJob("key", "told");
  await given;
  await shows(/^running true/, there);
  end("done");
  await until(far, () => far.getAllJobs().length === 0);
  await shows("idle false undefined 0 undefined undefined", there);
  expect(there.seen.view.job).toBeUndefined();
});

it("shows a job that was let go of as it ended", async () => {
  const { owner, end } = told();
  const view = watched(owner);
  const { settled } = await view.seen.view.run("told");
  end("done");
  await settled;
  await shows("completed false undefined 0 done undefined", view);
  expect(await owner.clearCompleted()).toBe(1);
  await expect.poll(() => view.seen.view.record).toMatchObject({ status: "completed", result: "done" });
  expect(view.mounted.text).toBe("completed false undefined 0 done undefined");
});

it("says what a job waits for, also once that is something else and nothing of the job has changed", async () => {
  const { owner, given } = told({ concurrency: 1 });
  await owner.createJob("told");
  await given;
  const view = watched(owner);
  await view.seen.view.run("told", {}, { delay: 200 });
  await expect.poll(() => view.seen.view.record?.waiting_for).toBe("delay");
  await expect.poll(() => view.seen.view.record?.waiting_for).toBe("slot");
});

it("another key is another job, and run and stop stay the same functions until then", async () => {
  const { owner, end } = told();
  const { Watcher, seen } = watcher(owner);
  const mounted = drawn(<Watcher name="one" />);
  const { run, stop } = seen.view;
  await run("told");
  end("first");
  await shows(/^completed/, { mounted });
  expect([seen.view.run, seen.view.stop]).toEqual([run, stop]);
  mounted.draw(<Watcher name="two" />);
  expect(mounted.text).toMatch(/^idle/);
  expect(seen.view.run).not.toBe(run);
  mounted.draw(<Watcher name="one" />);
  expect(mounted.text).toMatch(/^completed .* first/);
});

it("draws what shows the state for a new state only, not for progress, nor for jobs under other keys", async () => {
  const { owner, other, given, end } = told({ concurrency: 2 });
  const far = other();
  await far.ready;
  let drawings = 0;
  function State() {
    drawings += 1;
    return JSON.stringify(useSharedJob<{ at: string }>(far, "key").state ?? null);
  }
  const mounted = drawn(<State />);
  await owner.runJob("key", "told");
  const context = await given;
  context.setState({ at: "here" } as never);
  await shows('{"at":"here"}', { mounted });
  drawings = 0;
  context.progress(70);
  await until(far, () => far.getRunningJob("key")?.record.progress.percent === 70);
  await far.runJob("another", "told", {}, { delay: 60_000 });
  await new Promise(requestAnimationFrame);
  expect(drawings).toBe(0);
  end("done");
});

it("renders idle on the server, is taken over without a mismatch, and then shows what is there", async () => {
  const { owner, given } = told();
  await owner.runJob("key", "told");
  await given;
  await until(owner, () => owner.getRunningJob("key")?.record.status === "running");
  function Page() {
    const { status, isActive, progress } = useSharedJob(owner, "key");
    const { jobs, stats } = useQueue(owner);
    return <p>{`${status} ${isActive} ${progress.percent} ${jobs.length} ${stats.running}`}</p>;
  }
  const html = renderToString(<Page />);
  expect(html).toBe("<p>idle false 0 0 0</p>");
  actEnvironment(true);
  const complaints = vi.spyOn(console, "error");
  onTestFinished(() => complaints.mockRestore());
  const container = newContainer();
  container.innerHTML = html;
  const root = await act(async () => hydrateRoot(container, <Page />, { onRecoverableError: complaints }));
  onTestFinished(() => act(async () => root.unmount()));
  expect(container.textContent).toBe("running true 0 1 1");
  expect(complaints).not.toHaveBeenCalled();
});

it("useQueue lists the jobs of all tabs, and those that have ended", async () => {
  const { owner, other, end } = told();
  const far = other();
  function List() {
    const { jobs, stats } = useQueue(far);
    return `${jobs.map(({ status }) => status)} ${stats.total}`;
  }
  const mounted = drawn(<List />);
  const first = await owner.createJob("told");
  await owner.createJob("told", {}, { delay: 60_000 });
  await shows("running,pending 2", { mounted });
  end("done");
  await ended(far, first.id);
  await shows("pending,completed 2", { mounted });
});
