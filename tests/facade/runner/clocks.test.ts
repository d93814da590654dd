import { QueueClient } from "jobgate/runner";
import { expect, it, onTestFinished, vi } from "vitest";
import { turn } from "../support/turns.js";
import { changed } from "./support/ports.js";
import { heldType, newRunner } from "./support/runner.js";

/** The wall clock is set back, as people and servers do; the other clock is not moved by that. */
function setBack(millis: number): void {
  const { now } = Date;
  Date.now = () => now() - millis;
  onTestFinished(() => {
    Date.now = now;
  });
}

it("the wall clock set back amid a job: it has run, and for as long as it ran", async () => {
  const { type, held } = heldType();
  const runner = newRunner({ types: [type] });
  const { id } = runner.createJob("held");
  setBack(3_600_000);
  const late = runner.createJob("held").id;
  const began = performance.now();
  while (performance.now() - began < 20);
  held[0]?.work.resolve(1);
  held[1]?.work.resolve(2);
  await runner.manager.onIdle();
  expect(runner.getWorkerStats().processed).toBe(2);
  const { run, wait, throughputPerMinute } = runner.getMetrics();
  expect([run.count, wait.count, throughputPerMinute]).toEqual([2, 2, 2]);
  expect(run.p50).toBeGreaterThanOrEqual(15);
  for (const job of [id, late]) {
    const reader = runner.watch(job).getReader();
    await reader.read();
    const { value } = await reader.read();
    expect(value).toMatchObject({ event: "complete", data: { duration: expect.any(Number) } });
    expect(value?.event === "complete" && value.data.duration >= 0.015).toBe(true);
  }
});

it("the wall clock set back amid a delay: it is over when it is over", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { type } = heldType();
  const runner = newRunner({ types: [type], concurrency: 1 });
  runner.createJob("held");
  const delayed = runner.createJob("held", {}, { delay: 30, priority: 1 }).id;
  const waiting = runner.createJob("held").id;
  setBack(3_600_000);
  expect(runner.getPendingJobs()).toEqual([waiting, delayed]);
  const over = changed(runner, () => runner.getPendingJobs()[0] === delayed);
  vi.advanceTimersByTime(30);
  await over;
  const [first] = runner.getRunningJobs();
  const started = changed(runner, () => runner.getRunningJobs()[0] === delayed);
  runner.cancelJob(first ?? "");
  await started;
});

it("a client that gets no answer is told so when its timer has fired, also where the clock has not moved", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const client = new QueueClient(new MessageChannel().port1, { timeout: 60_000 });
  onTestFinished(() => client.close());
  const told: unknown[] = [];
  client.clearCompleted().catch((error) => told.push(error));
  vi.advanceTimersByTime(60_000);
  await turn();
  expect(told).toEqual([expect.objectContaining({ code: "E_DISCONNECTED" })]);
});
