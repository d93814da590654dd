import { describe, expect, it } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { deferred } from "../support/work.js";
import { checkEnd } from "./support/ending.js";
import { Host } from "./support/host.js";
import { lines, newRun, places } from "./support/places.js";
import { calling, HeldProvider, newTool, newWorker } from "./support/session.js";

const clock = useFakeClock();
// A run that has not begun has no time that could be up.
const reached = Object.entries(places).filter(([name]) => name !== "before the request");

describe.each(Object.entries(lines))("a run over %s whose time is up", (_, open) => {
  it.each(reached)("%s: it has failed, and all that it waited for has ended", async (_, place) => {
    const run = await newRun(open, place);
    const job = run.start(1000);
    await place.reach(run);
    await clock.advance(999);
    expect([job.completion, job.stopping]).toEqual([undefined, false]);
    await clock.advance(1);
    const completion = await job.wait();
    expect(completion).toMatchObject({ type: "Failed", error: { name: "TimeoutError" } });
    const { worker, host } = run;
    expect([worker.state, host.states.at(-1)]).toEqual(["failed", "failed"]);
    expect(worker.lastFailure).toBe(completion.type === "Failed" && completion.error);
    expect(job.signal.reason).toBe(worker.lastFailure);
    await checkEnd(run, place, job, worker);
    expect(worker.lastFailure).toBeUndefined();
  });
});

describe("a stop after the time was up", () => {
  it("wins: the run was cancelled, for the host, the worker and the job alike", async () => {
    const provider = new HeldProvider();
    const [work, begun] = [deferred<string>(), deferred()];
    const tool = newTool("slow", () => {
      begun.resolve();
      return work.promise;
    });
    const { session, worker } = newWorker(provider, { tools: [tool] });
    const host = new Host();
    host.answer = "approve";
    const { job } = session.run(worker, { prompt: "go" }, host, { timeout: 1000 });
    (await provider.requested()).answer.resolve(calling("slow"));
    await begun.promise;
    await clock.advance(1000);
    expect(job.stopping).toBe(true);
    job.cancel();
    work.resolve("");
    expect((await job.wait()).type).toBe("Cancelled");
    expect([worker.state, worker.lastFailure, host.states.at(-1)]).toEqual(["inactive", undefined, "inactive"]);
  });
});
