// In a file of its own: the first reading of the clocks in this realm is what this is about.
import { useTestClock } from "jobgate/testing";
import { expect, it, onTestFinished } from "vitest";
import { newManager } from "../support/manager.js";
import { typesOf } from "../support/streams.js";

it("a clock whose first reading is the epoch itself is a clock like any other", async () => {
  const clock = useTestClock({ now: 0 });
  onTestFinished(clock.restore);
  const manager = newManager();
  const reader = manager.events().getReader();
  const { job } = manager.runJob("report", () => 1, { delay: 100 });
  expect(job).toMatchObject({ createdAt: 0, readyAt: 100 });
  await clock.advance(200);
  expect(job).toMatchObject({ createdAt: 0, startedAt: 100, finishedAt: 100 });
  const events = [];
  for (let count = 0; count < 2; count += 1) events.push((await reader.read()).value!);
  expect(typesOf(events)).toContain("job_created");
});
