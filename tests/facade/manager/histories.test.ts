import { subject } from "jobgate";
import { expect, it } from "vitest";
import { type AnyJob, newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { type AnyContext, type Deferred, deferred } from "../support/work.js";

/** Numbers that look random and are the same in every run of a seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Watched {
  readonly job: AnyJob;
  readonly sent: string[];
  readonly heard: string[];
  readonly actions: number[];
  readonly received: number[];
  context?: AnyContext;
  done?: Deferred<void>;
}

/**
 * Random calls, many of them from inside callbacks. Whatever happens: no slot is taken twice, every listener hears what
 * was sent to it, nothing else, in the order it was sent, and every job ends.
 */
async function play(seed: number): Promise<number> {
  const pick = random(seed);
  const concurrency = 1 + pick(4);
  const manager = newManager({ concurrency, groupConcurrency: 2, retain: pick(3) });
  const all: Watched[] = [];
  const relay = subject<number>();
  const relayed: number[] = [];
  const relaySent: number[] = [];
  let running = 0;
  let highest = 0;
  let serial = 0;
  let budget = 400;
  relay.listen((value) => relayed.push(value));

  const send = (one: Watched | undefined) => {
    if (one?.context === undefined || one.job.completion !== undefined) return;
    serial += 1;
    if (serial % 2 === 0) {
      one.sent.push(`state ${serial}`);
      one.context.setState(serial);
    } else {
      one.sent.push(`progress ${serial}`);
      one.context.progress(50, `${serial}`);
    }
  };

  const start = () => {
    const sent: string[] = [];
    const heard: string[] = [];
    const watched: { one?: Watched } = {};
    const before: AnyContext[] = [];
    const done = deferred();
    const { type, job } = manager.runJob(
      `key ${pick(6)}`,
      async (context) => {
        running += 1;
        highest = Math.max(highest, running);
        before.push(context);
        if (watched.one !== undefined) watched.one.context = context;
        context.onAction((action) => {
          watched.one?.received.push(action);
          act();
        });
        await done.promise;
        running -= 1;
        if (pick(4) === 0) throw new Error("broken");
      },
      {
        onDuplicate: (["join", "replace", "queue"] as const)[pick(3)],
        priority: pick(5),
        group: pick(2) === 0 ? `group ${pick(2)}` : undefined,
      },
    );
    if (type === "JOB_ALREADY_RUNNING") return;
    const one: Watched = { job, sent, heard, actions: [], received: [], done };
    if (before[0] !== undefined) one.context = before[0];
    watched.one = one;
    all.push(one);
    job.onStateChange((state) => {
      heard.push(`state ${state}`);
      act();
    });
    job.onStateChange(() => {})();
    job.onProgress(({ message }) => {
      heard.push(`progress ${message}`);
      act();
    });
    job.onStopped(act);
    job.continuations.addOrRunNow("key", act);
  };

  const act = () => {
    if (budget === 0) return;
    budget -= 1;
    const one = all[pick(all.length + 1)];
    switch (pick(9)) {
      case 0:
      case 1:
        return start();
      case 2:
      case 3:
        return send(one);
      case 4:
        return one?.done?.resolve();
      case 5:
        void one?.job.stop(serial);
        if (one?.job.status === "running") one.done?.resolve();
        return;
      case 6:
        if (one === undefined || one.job.completion !== undefined) return;
        serial += 1;
        one.actions.push(serial);
        return one.job.dispatch(serial);
      case 7:
        return one?.job.setPriority(pick(10));
      default:
        serial += 1;
        relaySent.push(serial);
        return relay.next(serial);
    }
  };

  const leave = manager.subscribe(() => void manager.getSnapshot());
  for (let round = 0; round < 40; round += 1) {
    for (let call = pick(8); call >= 0; call -= 1) act();
    if (pick(3) === 0) await turn();
  }
  budget = 0;
  leave();
  for (const { done } of all) done?.resolve();
  await manager.onIdle();
  await turn();

  expect(highest).toBeLessThanOrEqual(concurrency);
  for (const one of all) {
    expect(one.job.completion, `the job of ${one.job.key}`).toBeDefined();
    expect(one.heard).toEqual(one.sent);
    expect(one.received).toEqual(one.actions.slice(0, one.received.length));
    if (one.job.status === "completed") expect(one.received).toEqual(one.actions);
  }
  expect(relayed).toEqual(relaySent);
  const { stats } = manager;
  expect([stats.running, stats.pending, stats.total]).toEqual([0, 0, all.length]);
  return all.length;
}

it("random histories: no slot taken twice, nothing lost, one order, every job ends", async () => {
  let jobs = 0;
  for (let seed = 1; seed <= 300; seed += 1) jobs += await play(seed);
  expect(jobs).toBeGreaterThan(3000);
}, 60_000);
