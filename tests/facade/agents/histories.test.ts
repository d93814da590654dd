import type { ModelProvider, WorkerJob } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { Host } from "./support/host.js";
import { calling, faultOf, newSession, newTool, saying } from "./support/session.js";

/** A generator of chance that can be asked for the same again (Steele, Lea, Flood: SplitMix; 32 bits of it). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below;
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

/** Its answers call tools now and then, come in chunks, break off, or wait until they are not wanted any more. */
function restless(random: (below: number) => number): ModelProvider {
  return {
    name: "restless",
    async request(_, { signal, send }) {
      let content = "";
      for (let left = random(4); left > 0; left--) {
        await send({ type: "text", text: "x" });
        content += "x";
        if (random(3) === 0) await turn();
      }
      const kind = random(6);
      if (kind === 0) throw new Error("broken off");
      if (kind === 1) {
        await new Promise((_, reject) => {
          if (signal.aborted) reject(signal.reason);
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      }
      if (kind > 3) return saying(content);
      return { ...calling(...["quick", "slow", "broken", "nonsense"].slice(random(4))), content };
    },
  };
}

describe("random histories of run, cancel, answer, deny, remove and close", () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed + 1))("keep what they must, seed %i", async (seed) => {
    const random = chance(seed);
    const session = newSession({
      providers: [restless(random)],
      tools: [
        newTool("quick", async () => "done", { confirm: random(2) === 0 }),
        newTool("slow", async () => turn()),
        newTool("broken", () => Promise.reject(new Error("out of order"))),
      ],
      concurrency: 1 + random(3),
      maxTurns: 4,
    });
    const workers = ["a", "b", "c"].map((name) => session.createWorker({ name }));
    const known = [...workers];
    const runs: {
      readonly job: WorkerJob;
      readonly host: Host;
      readonly controller: AbortController;
      toldAtEnd?: number;
    }[] = [];
    const pending = () => runs.flatMap(({ host }) => host.confirmations);

    for (let step = 0; step < 60; step++) {
      const at = random(workers.length);
      const worker = workers[at]!;
      const action = random(10);
      if (action < 3) {
        const host = new Host();
        const controller = new AbortController();
        const options = { signal: controller.signal, ...(random(4) === 0 && { timeout: 1 + random(8) }) };
        const { type, job } = session.run(worker, { prompt: `${step}` }, host, options);
        if (type === "JOB_CREATED") {
          const run: (typeof runs)[number] = { job, host, controller };
          runs.push(run);
          job.continuations.addOrRunNow("count", () => {
            run.toldAtEnd = host.told.length;
          });
        }
      } else if (action === 3) runs[random(runs.length || 1)]?.job.cancel(step);
      else if (action === 4) {
        const confirmations = pending();
        // Also of those that were answered or withdrawn long ago.
        confirmations[random(confirmations.length || 1)]?.answer.resolve(random(2) === 0 ? "approve" : "deny");
      } else if (action === 5) for (const { answer } of pending()) answer.resolve("approve");
      else if (action === 6) runs[random(runs.length || 1)]?.controller.abort(step);
      else if (action === 7 && random(3) === 0) {
        void session.removeWorker(worker.id);
        workers[at] = session.createWorker({ name: worker.name });
        known.push(workers[at]);
      } else await turn();

      for (const { id } of known) {
        const mine = runs.filter(({ job }) => job.key === id);
        // One runs; another waits where that one was asked to stop.
        const standing = mine.filter(({ job }) => job.completion === undefined);
        expect(standing.filter(({ job }) => job.status === "running").length).toBeLessThanOrEqual(1);
        expect(standing.filter(({ job }) => !job.stopping).length).toBeLessThanOrEqual(1);
        for (const { job, host } of mine) {
          const last = host.told.at(-1);
          if (job.completion !== undefined && job.startedAt !== undefined) {
            expect(last).toEqual({ type: "state", state: job.completion.type === "Failed" ? "failed" : "inactive" });
          }
        }
      }
      for (const worker of known) {
        const busy = runs.some(({ job }) => job.key === worker.id && job.completion === undefined);
        if (!busy) expect(faultOf(worker.messages)).toBeUndefined();
      }
    }
    await session.close("over");
    const closed = expect.objectContaining({ code: "E_CLOSED" });
    expect(() => session.run(workers[0]!, { prompt: "late" }, new Host())).toThrow(closed);
    for (let rounds = 0; rounds < 5; rounds++) {
      for (const { answer } of pending()) answer.resolve("approve");
      await turn();
    }
    expect(runs.length).toBeGreaterThan(3);
    for (const { job, host, toldAtEnd } of runs) {
      expect(job.completion).toBeDefined();
      expect(host.told).toHaveLength(toldAtEnd!);
      // And that it was asked for one confirmation at a time, and told nothing after the end, it sees to itself.
      expect(host.faults).toEqual([]);
    }
    for (const worker of known) expect(faultOf(worker.messages)).toBeUndefined();
    expect(session.jobs).toEqual([]);
  });
});
