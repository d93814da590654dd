// node:test's own fake clock begins at the epoch.
import { mock } from "node:test";
import { JobManager } from "jobgate";
import { expect, it, onTestFinished } from "vitest";

it("jobs have their times by Node's mock timers, from the epoch on", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  onTestFinished(() => mock.timers.reset());
  const manager = new JobManager();
  const { job } = manager.runJob("report", () => 1, { delay: 100 });
  expect(job.createdAt).toBe(0);
  mock.timers.tick(100);
  await job.settled;
  expect([job.startedAt, job.finishedAt]).toEqual([100, 100]);
});

it("a body that computes gives the event loop its turns, also where a test's setImmediate stands still", async () => {
  mock.timers.enable({ apis: ["setImmediate", "setTimeout"] });
  onTestFinished(() => mock.timers.reset());
  const { job } = new JobManager().runJob("report", async ({ checkpoint }) => {
    for (let round = 0; round < 3; round += 1) await checkpoint();
    return "computed";
  });
  expect(await job.result).toBe("computed");
});
