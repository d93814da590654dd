import type { AgentWorker, WorkerJob } from "jobgate/agents";
import { expect } from "vitest";
import { turn } from "../../support/turns.js";
import { Host } from "./host.js";
import type { newRun, Place } from "./places.js";
import { faultOf } from "./session.js";

/**
 * What has to be so wherever a run ended that was asked to, by whatever. `next` is a worker to go on with, if there is
 * one.
 */
export async function checkEnd(
  run: Awaited<ReturnType<typeof newRun>>,
  place: Place,
  job: WorkerJob,
  next: AgentWorker | undefined,
): Promise<void> {
  const { host, line, session, worker } = run;
  const told = host.told.length;
  expect(session.jobs).toEqual([]);
  const { reason } = job.signal;
  for (const signal of run.signals()) expect(signal.reason).toBe(reason);
  // The end of its connection is all that a server sees.
  if (place.open !== undefined) await line.cut(place.open);
  expect(faultOf(worker.messages)).toBeUndefined();
  expect(worker.messages.some(({ content }) => content === "so far")).toBe(place.kept ?? false);

  // Answers that come late, and twice, change nothing.
  for (const { answer } of host.confirmations) {
    answer.resolve("approve");
    answer.resolve("deny");
  }
  await turn();
  expect(host.told).toHaveLength(told);

  if (next === undefined) return;
  const after = session.run(next, { prompt: "again" }, new Host());
  expect(after.type).toBe("JOB_CREATED");
  expect((await after.job.wait()).type).toBe("Normal");
  expect(next.messages.at(-1)).toEqual({ role: "assistant", content: "well" });
  expect(faultOf(next.messages)).toBeUndefined();
  expect(host.told).toHaveLength(told);
}
