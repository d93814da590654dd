import type { Session } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { deferred } from "../support/work.js";
import { Host } from "./support/host.js";
import { calling, faultOf, HeldProvider, newSession, newTool, newWorker, saying } from "./support/session.js";

const never = new Promise<never>(() => {});

/** A run that is held in one place. */
function newRun() {
  const provider = new HeldProvider();
  const using = deferred<AbortSignal>();
  const tool = newTool("held", (_, { signal }) => {
    using.resolve(signal);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const { session, worker } = newWorker(provider, { tools: [tool] });
  const host = new Host();
  const controller = new AbortController();
  const run = (timeout?: number) =>
    session.run(worker, { prompt: "go" }, host, { signal: controller.signal, ...(timeout && { timeout }) }).job;
  return { provider, using, session, worker, host, controller, run };
}
type Run = ReturnType<typeof newRun>;

/** Brings a run to one place; gives the signal there. */
const places: Record<string, (run: Run) => Promise<AbortSignal | undefined>> = {
  "before the request": async () => undefined,
  "before the answer": async ({ provider }) => (await provider.requested()).context.signal,
  "mid-stream": async ({ provider, host }) => {
    const { context } = await provider.requested();
    await context.send({ type: "text", text: "so far" });
    expect(host.text).toBe("so far");
    return context.signal;
  },
  "while a slow host holds the stream": async ({ provider, host }) => {
    const { context } = await provider.requested();
    host.take = () => never;
    const sent = context.send({ type: "text", text: "so far" });
    sent.catch(() => {});
    await host.until(() => host.text === "so far");
    return context.signal;
  },
  "during confirmation": async ({ provider, host }) => {
    (await provider.requested()).answer.resolve(calling("held", "held"));
    await host.until(() => host.confirmations.length === 1);
    return host.confirmations[0]?.signal;
  },
  "mid-tool": async ({ provider, host, using }) => {
    host.answer = "approve";
    (await provider.requested()).answer.resolve(calling("held", "held"));
    return using.promise;
  },
  "between turns": async ({ provider, host }) => {
    host.answer = "deny";
    (await provider.requested(1)).answer.resolve(calling("held"));
    return (await provider.requested(2)).context.signal;
  },
};

type Way = (run: Run, job: ReturnType<Run["run"]>, reason: Error) => unknown;
const ways: Record<string, Way> = {
  cancel: (_, job, reason) => job.cancel(reason),
  stop: (_, job, reason) => job.stop(reason),
  "the caller's signal": ({ controller }, _, reason) => controller.abort(reason),
  close: ({ session }, _, reason) => session.close(reason),
};

describe("cancelling", () => {
  for (const [place, reach] of Object.entries(places)) {
    it.each(Object.entries(ways))(`${place}, by %s`, async (name, ask) => {
      const run = newRun();
      const { host, session, worker } = run;
      const job = run.run();
      const signal = await reach(run);
      const reason = new Error("enough");
      ask(run, job, reason);
      const completion = await job.wait();
      expect(completion.type === "Cancelled" && completion.reason).toBe(reason);
      expect([job.signal.reason, signal?.reason ?? reason]).toEqual([reason, reason]);
      expect([worker.state, worker.lastFailure, session.jobs]).toEqual(["inactive", undefined, []]);
      expect(faultOf(worker.messages)).toBeUndefined();
      const kept = worker.messages.map(({ content }) => content).includes("so far");
      expect(kept).toBe(place === "mid-stream" || place === "while a slow host holds the stream");

      // Nothing is told any more, whatever is answered now.
      const told = host.told.length;
      for (const { answer } of host.confirmations) answer.resolve("approve");
      await Promise.resolve();
      if (name !== "close") {
        host.take = () => {};
        const { provider } = run;
        const asked = provider.asked.length;
        const next = session.run(worker, { prompt: "again" }, new Host());
        expect(next.type).toBe("JOB_CREATED");
        (await provider.requested(asked + 1)).answer.resolve(saying("well"));
        expect((await next.job.wait()).type).toBe("Normal");
        expect(faultOf(worker.messages)).toBeUndefined();
      }
      expect(host.told).toHaveLength(told);
    });

    it(`${place}, by timeout: the run has failed`, async () => {
      const run = newRun();
      const job = run.run(40);
      await Promise.race([reach(run), job.settled]);
      const completion = await job.wait();
      expect(completion).toMatchObject({ type: "Failed", error: { name: "TimeoutError" } });
      expect(run.worker.state).toBe("failed");
      expect(run.worker.lastFailure).toBe(completion.type === "Failed" && completion.error);
      expect(run.host.states.at(-1)).toBe("failed");
      expect(faultOf(run.worker.messages)).toBeUndefined();
    });

    it(`${place}, by removeWorker`, async () => {
      const run = newRun();
      const job = run.run();
      await reach(run);
      const removed = run.session.removeWorker(run.worker.id);
      expect(run.session.workers).toEqual([]);
      expect(() => run.run()).toThrow(expect.objectContaining({ code: "E_UNKNOWN_WORKER" }));
      await removed;
      expect(job.completion?.type).toBe("Cancelled");
    });
  }

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
    expect(session.run(worker, { prompt: "x" }, host).type).toBe("JOB_ALREADY_RUNNING");
    work.resolve("written");
    expect((await job.wait()).type).toBe("Cancelled");
    expect(worker.messages.slice(2).map(({ content }) => content)).toEqual([
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
    const { run, worker, provider } = newRun();
    const job = run();
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
