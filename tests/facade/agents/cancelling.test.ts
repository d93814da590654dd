import type { Session } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { deferred } from "../support/work.js";
import { checkEnd } from "./support/ending.js";
import { Host } from "./support/host.js";
import { lines, newRun, places } from "./support/places.js";
import { calling, HeldProvider, newSession, newTool, newWorker } from "./support/session.js";

type Run = Awaited<ReturnType<typeof newRun>>;
type Way = (run: Run, job: ReturnType<Run["start"]>, reason: Error) => unknown;
/** Those that take no reason give one of their own. */
const ways: Record<string, Way> = {
  cancel: (_, job, reason) => job.cancel(reason),
  stop: (_, job, reason) => job.stop(reason),
  "the caller's signal": ({ controller }, _, reason) => controller.abort(reason),
  close: ({ session }, _, reason) => session.close(reason),
  removeWorker: ({ session, worker }) => session.removeWorker(worker.id),
};

describe.each(Object.entries(lines))("cancelling a run over %s", (_, open) => {
  for (const [name, place] of Object.entries(places)) {
    it.each(Object.entries(ways))(`${name}, by %s`, async (way, ask) => {
      const run = await newRun(open, place);
      const { host, session, worker } = run;
      const job = run.start();
      await place.reach(run);
      expect([job.completion, job.stopping]).toEqual([undefined, false]);
      const reason = new Error("enough");
      const asked = ask(run, job, reason);
      const removed = way === "removeWorker";
      expect(session.workers).toEqual(removed ? [] : [worker]);
      if (removed) expect(() => run.start()).toThrow(expect.objectContaining({ code: "E_UNKNOWN_WORKER" }));
      const completion = await job.wait();
      await asked;
      expect(completion.type === "Cancelled" && completion.reason).toBe(job.signal.reason);
      if (!removed) expect(job.signal.reason).toBe(reason);
      expect([worker.state, worker.lastFailure]).toEqual(["inactive", undefined]);
      if (name !== "before the request") expect(host.states.at(-1)).toBe("inactive");
      const next = removed ? session.createWorker({ name: "next" }) : worker;
      await checkEnd(run, place, job, way === "close" ? undefined : next);
    });
  }
});

describe("cancelling", () => {
  it("waits for a tool that takes its time to end, and keeps what it returned", async () => {
    const provider = new HeldProvider();
    const work = deferred<string>();
    const begun = deferred();
    const tool = newTool("slow", () => {
      begun.resolve();
      return work.promise;
    });
    const { session, worker } = newWorker(provider, { tools: [tool] });
    const host = new Host();
    host.answer = "approve";
    const { job } = session.run(worker, { prompt: "go" }, host);
    (await provider.requested()).answer.resolve(calling("slow", "slow"));
    await begun.promise;
    job.cancel();
    expect([job.stopping, job.completion]).toEqual([true, undefined]);
    // Nobody joins a job that was asked to stop: who comes next waits for its end.
    const next = session.run(worker, { prompt: "x" }, host);
    expect([next.type, next.job.status]).toEqual(["JOB_CREATED", "pending"]);
    work.resolve("written");
    expect((await job.wait()).type).toBe("Cancelled");
    expect(worker.messages.slice(2, 4).map(({ content }) => content)).toEqual([
      "written",
      "The run ended before this call had a result.",
    ]);
  });

  it("a job that waits for a slot ends at once, and its prompt was never said", async () => {
    const provider = new HeldProvider();
    const session: Session = newSession({ providers: [provider], concurrency: 1 });
    const [one, two] = [session.createWorker({ name: "one" }), session.createWorker({ name: "two" })];
    const host = new Host();
    session.run(one, { prompt: "1" }, host);
    const { job } = session.run(two, { prompt: "2" }, host);
    expect([job.status, session.jobs.length]).toEqual(["pending", 2]);
    await job.stop("enough");
    expect([job.completion?.type, two.messages, two.state]).toEqual(["Cancelled", [], "inactive"]);
  });

  it("continuations run after every kind of end, and late ones at once", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const { job } = session.run(worker, { prompt: "go" }, new Host());
    const ended = deferred<string>();
    job.continuations.addOrRunNow("report", (ended_, { type }) => {
      ended.resolve(`${type} ${ended_.worker === worker}`);
    });
    await provider.requested();
    job.cancel();
    expect(await ended.promise).toBe("Cancelled true");
    const late = deferred<string>();
    job.continuations.addOrRunNow("late", (_, { type }) => late.resolve(type));
    expect(await late.promise).toBe("Cancelled");
  });
});
