import { expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { newPool, type PoolJob, runner, spawn } from "./support/pool.js";

/** Numbers that look random and are the same in every run of a seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What a job of the type ends as if nobody stops it; nothing: it would not end. */
const ENDS = {
  echo: "Normal",
  returnsOnAbort: undefined,
  untilAborted: undefined,
  neverSettles: undefined,
  spins: undefined,
  throws: "Failed",
  closes: "Failed",
  throwsOutside: "Failed",
  nonsense: "Failed",
} as const;
type TypeName = keyof typeof ENDS;
const TYPES = Object.keys(ENDS) as TypeName[];

interface Watched {
  readonly job: PoolJob;
  readonly type: TypeName;
  readonly controller: AbortController;
  readonly timed: boolean;
  /** Why it was first asked to end, which it had not by then. */
  asked: { readonly reason: unknown } | undefined;
  ends: number;
}

const isOpen = ({ job }: Watched) => job.completion === undefined;

/** What it may have ended as; `wasOpen`: when the pool began to close. */
function check({ job, type, asked, timed, ends }: Watched, wasOpen: boolean): void {
  const { completion } = job as { completion: { type: string; reason?: unknown; error?: unknown } };
  const told = `${type}: ${JSON.stringify(completion)}`;
  expect(ends, `ends of ${told}`).toBe(1);
  if (asked !== undefined) {
    expect(completion, told).toEqual({ type: "Cancelled", reason: asked.reason });
    return;
  }
  if (wasOpen && completion.type === "Cancelled") return;
  const isLate = (completion.error as Error | undefined)?.name === "TimeoutError";
  if (isLate) expect(timed, told).toBe(true);
  else expect(completion.type, told).toBe(ENDS[type]);
}

/** Workers that are alive, as the platform knows it. */
function countedSpawn() {
  const alive = new Set<Worker>();
  return {
    alive,
    spawn: () => {
      const worker = spawn();
      const terminate = worker.terminate.bind(worker);
      alive.add(worker);
      worker.terminate = () => {
        alive.delete(worker);
        terminate();
      };
      return worker;
    },
  };
}

/**
 * Runs, stops, aborts, times out, kills and crashes at random, then closes. Whatever happens: no job ends twice, none
 * hangs, none ends as what it is not, there are never too many workers, and none is left.
 */
async function play(seed: number): Promise<void> {
  const pick = random(seed);
  const size = 1 + pick(3);
  const { alive, spawn } = countedSpawn();
  const pool = newPool({ size, spawn, grace: pick(20), idleTimeout: pick(2) === 0 ? 30 : 30_000 });
  const manager = newManager();
  const { run } = runner(pool, manager);
  const all: Watched[] = [];

  function start(type: TypeName, params: unknown): Watched {
    const controller = new AbortController();
    const timed = pick(4) === 0;
    const options = { signal: controller.signal, ...(timed && { timeout: 1 + pick(60) }) };
    const job = run(type, params, options);
    const watched: Watched = { job, type, controller, timed, asked: undefined, ends: 0 };
    job.onStopped(() => {
      watched.ends += 1;
    });
    all.push(watched);
    return watched;
  }

  function ask(one: Watched, reason: object): void {
    if (!isOpen(one)) return;
    one.asked ??= { reason };
    if (pick(2) === 0) one.controller.abort(reason);
    else void one.job.stop(reason);
  }

  for (let step = 0; step < 30; step += 1) {
    const one = all[pick(all.length + 1)];
    if (pick(3) > 0) start(TYPES[pick(TYPES.length)]!, step);
    else if (one !== undefined) ask(one, { step });
    if (pick(2) === 0) await turn();
    // Whoever would run for ever has to make room.
    if (pick(6) === 0) {
      for (const other of all.filter(({ type }) => ENDS[type] === undefined)) {
        ask(other, { step });
        await other.job.settled;
      }
    }
    expect(alive.size).toBeLessThanOrEqual(size);
    expect(pool.stats.busy + pool.stats.idle).toBe(alive.size);
  }
  if (pick(2) === 0) {
    for (const one of all) ask(one, { step: "last" });
    await manager.stopAll();
    // The capacity is what it was.
    const echoes = Array.from({ length: size }, (_, index) => run("echo", index).result);
    expect(await Promise.all(echoes)).toEqual(echoes.map((_, index) => index));
  }
  const open = new Set(all.filter(isOpen));
  const closed = pool.close();
  const refused = [run("echo"), run("spins")];
  await closed;
  for (const job of refused) expect(await job.settled).toMatchObject({ type: "Failed", error: { code: "E_CLOSED" } });
  await manager.onIdle();
  await turn();

  for (const watched of all) check(watched, open.has(watched));
  expect(alive.size).toBe(0);
  expect(pool.stats).toMatchObject({ busy: 0, idle: 0 });
}

it("random histories: no job ends twice, none hangs, capacity is restored, no worker is left", async () => {
  for (let seed = 1; seed <= 30; seed += 1) await play(seed);
}, 120_000);
