import { useJob, useJobs, useQueue } from "jobgate/react";
import { act } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { expect, it, onTestFinished, vi } from "vitest";
import { newRunner } from "../runner/support/runner.js";
import { newManager } from "../support/manager.js";
import { untilAborted } from "../support/work.js";
import { actEnvironment, newContainer } from "./support/render.js";

it("renders idle on the server, is taken over without a mismatch, and then shows what is there", async () => {
  const manager = newManager();
  const runner = newRunner();
  manager.runJob("key", untilAborted, { initialState: "here" });
  runner.createJob("countdown", { seconds: 60 });
  function Page() {
    const { status, state, isActive, progress } = useJob(manager, "key");
    const { jobs, stats } = useJobs(manager);
    const queue = useQueue(runner);
    const counts = `${jobs.length} ${stats.running} ${queue.jobs.length} ${queue.stats.total} ${queue.connected}`;
    return <p>{`${status} ${state} ${isActive} ${progress.percent} ${counts}`}</p>;
  }
  const html = renderToString(<Page />);
  expect(html).toBe("<p>idle undefined false 0 0 0 0 0 true</p>");

  actEnvironment(true);
  const complaints = vi.spyOn(console, "error");
  onTestFinished(() => complaints.mockRestore());
  const container = newContainer();
  container.innerHTML = html;
  const taken = container.firstElementChild;
  const root = await act(async () => hydrateRoot(container, <Page />, { onRecoverableError: complaints }));
  onTestFinished(() => act(async () => root.unmount()));
  expect(container.textContent).toBe("running here true 0 1 1 1 1 true");
  expect(container.firstElementChild).toBe(taken);
  expect(complaints).not.toHaveBeenCalled();
});

it("what reads nothing that differs from idle is drawn once", async () => {
  const manager = newManager();
  manager.runJob("key", untilAborted, { initialState: "here" });
  let drawn = 0;
  function Percent() {
    drawn += 1;
    return <p>{useJob(manager, "key").progress.percent}</p>;
  }
  const container = newContainer();
  container.innerHTML = renderToString(<Percent />);
  drawn = 0;
  actEnvironment(true);
  const root = await act(async () => hydrateRoot(container, <Percent />));
  onTestFinished(() => act(async () => root.unmount()));
  expect(drawn).toBe(1);
});
