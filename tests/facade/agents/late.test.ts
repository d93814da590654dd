import type { AgentWorker, Session, WorkerJob } from "jobgate/agents";
import { describe, expect, it, vi } from "vitest";
import { useFakeClock } from "../support/clock.js";
import { catchReports } from "../support/reports.js";
import { turn } from "../support/turns.js";
import { deferred } from "../support/work.js";
import { Host } from "./support/host.js";
import { calling, HeldProvider, newTool, newWorker, saying } from "./support/session.js";

/** A session whose tool is asked about before it runs. */
function newTalk() {
  const provider = new HeldProvider();
  const use = vi.fn(async () => "used");
  return { provider, use, ...newWorker(provider, { tools: [newTool("tool", use)] }) };
}

type Talk = ReturnType<typeof newTalk>;

const fault = new Error("too late");

/** What a host may settle after the end of a run, which that does not wait for. */
const answers: Record<string, { readonly of: "question" | "chunk"; settle(host: Host, taking: Taking): void }> = {
  "an approval": { of: "question", settle: (host) => host.confirmations[0]?.answer.resolve("approve") },
  "a denial": { of: "question", settle: (host) => host.confirmations[0]?.answer.resolve("deny") },
  "a rejected question": { of: "question", settle: (host) => host.confirmations[0]?.answer.reject(fault) },
  "a chunk taken": { of: "chunk", settle: (_, taking) => taking.resolve() },
  "a chunk rejected": { of: "chunk", settle: (_, taking) => taking.reject(fault) },
};

type Taking = ReturnType<typeof deferred<void>>;

/** Begins a run that waits for its host, and stops it there; `settle` is what the host then does too late. */
async function stoppedRun({ session, worker, provider }: Talk, name: string, before: () => void) {
  const { of, settle } = answers[name]!;
  const [host, taking] = [new Host(), deferred()];
  host.take = () => (of === "chunk" ? taking.promise : undefined);
  const { job } = session.run(worker, { prompt: "one" }, host);
  before();
  const { answer, context } = await provider.requested(1);
  if (of === "chunk") context.send({ type: "text", text: "x" });
  else {
    host.take = () => {};
    answer.resolve(calling("tool"));
  }
  await host.until(() => (of === "chunk" ? host.chunks : host.confirmations).length === 1);
  await job.stop("enough");
  return () => settle(host, taking);
}

/** How the next run is begun: once the other has ended, or queued behind it. */
const begun = {
  run: false,
  'onBusy: "queue"': true,
};

describe.each(Object.entries(begun))(
  "a host's answer to a run that has ended, and the next run, begun by %s",
  (_, queued) => {
    const next = async (talk: Talk, name: string) => {
      const host = new Host();
      let job: WorkerJob | undefined;
      const begin = () => {
        ({ job } = talk.session.run(talk.worker, { prompt: "two" }, host, { onBusy: "queue" }));
      };
      const settle = await stoppedRun(talk, name, () => queued && begin());
      if (!queued) begin();
      return { host, job: job!, settle, asked: await talk.provider.requested(2) };
    };

    describe.each(Object.keys(answers))("%s", (name) => {
      it("answers no question of the next run", async () => {
        const reports = catchReports();
        const talk = newTalk();
        const { host, job, settle, asked } = await next(talk, name);
        asked.answer.resolve(calling("tool"));
        await host.entered("waiting");
        settle();
        await turn();
        expect([host.states.at(-1), talk.use.mock.calls.length, job.completion]).toEqual(["waiting", 0, undefined]);
        host.confirmations[0]!.answer.resolve("deny");
        (await talk.provider.requested(3)).answer.resolve(saying("as you like"));
        expect((await job.wait()).type).toBe("Normal");
        expect(talk.use).not.toHaveBeenCalled();
        expect(talk.worker.messages.map(({ content }) => content).slice(-2)).toEqual([
          "The user denied this call. It was not made.",
          "as you like",
        ]);
        expect(reports.errors).toEqual(name.includes("rejected") ? [fault] : []);
      });

      it("takes no chunk of the next run", async () => {
        const reports = catchReports();
        const talk = newTalk();
        const { host, job, settle, asked } = await next(talk, name);
        const taking = deferred();
        host.take = ({ type }) => (type === "text" && host.chunks.length === 1 ? taking.promise : undefined);
        const accepted = vi.fn();
        void asked.context.send({ type: "text", text: "a" }).then(accepted);
        void asked.context.send({ type: "text", text: "b" });
        await host.until(() => host.chunks.length === 1);
        settle();
        await turn();
        expect([host.text, accepted.mock.calls.length, job.completion]).toEqual(["a", 0, undefined]);
        taking.resolve();
        await host.until(() => host.chunks.length === 2);
        asked.answer.resolve(saying("ab"));
        expect((await job.wait()).type).toBe("Normal");
        expect([host.text, talk.worker.messages.at(-1)?.content]).toEqual(["ab", "ab"]);
        expect(reports.errors).toEqual(name.includes("rejected") ? [fault] : []);
      });

      it("means nothing to a worker whose messages were replaced since", async () => {
        const reports = catchReports();
        const talk = newTalk();
        const settle = await stoppedRun(talk, name, () => {});
        talk.worker.setMessages([]);
        settle();
        await turn();
        expect(reports.errors).toEqual(name.includes("rejected") ? [fault] : []);
        const { job } = talk.session.run(talk.worker, { prompt: "two" }, new Host());
        (await talk.provider.requested(2)).answer.resolve(saying("2"));
        expect((await job.wait()).type).toBe("Normal");
        expect(talk.worker.messages.map(({ content }) => content)).toEqual(["two", "2"]);
      });
    });
  },
);

describe("a tool that ends late", () => {
  const clock = useFakeClock();
  const ends: Record<string, (job: WorkerJob) => unknown> = {
    stopped: (job) => job.cancel("enough"),
    "out of time": () => clock.advance(1000),
  };

  it.each(Object.entries(ends))("holds the next run up until then, and tells it nothing: %s", async (_, end) => {
    const provider = new HeldProvider();
    const [work, using] = [deferred<string>(), deferred()];
    const slow = newTool(
      "slow",
      () => {
        using.resolve();
        return work.promise;
      },
      { confirm: false },
    );
    const next = newTool("next", () => Promise.resolve("another result"));
    const { session, worker }: { session: Session; worker: AgentWorker } = newWorker(provider, { tools: [slow, next] });
    const { job } = session.run(worker, { prompt: "one" }, new Host(), { timeout: 1000 });
    const host = new Host();
    const queued = session.run(worker, { prompt: "two" }, host, { onBusy: "queue" }).job;
    (await provider.requested(1)).answer.resolve(calling("slow"));
    await using.promise;
    await end(job);
    await turn();
    expect([job.completion, queued.status, provider.asked.length]).toEqual([undefined, "pending", 1]);
    work.resolve("late");
    (await provider.requested(2)).answer.resolve(calling("next"));
    await host.entered("waiting");
    host.confirmations[0]!.answer.resolve("approve");
    (await provider.requested(3)).answer.resolve(saying("done"));
    expect((await queued.wait()).type).toBe("Normal");
    expect(worker.messages.map(({ content }) => content).slice(2)).toEqual([
      "late",
      "two",
      "",
      "another result",
      "done",
    ]);
  });
});
