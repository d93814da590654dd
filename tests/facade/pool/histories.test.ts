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
  stopped: boolean;
  ends: number;
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
 * Runs, stops, kills and crashes at random, then closes. Whatever happens: no job ends twice, none hangs, none ends as
 * what it is not, there are never too many workers, and none is left.
 */
async function play(seed: number): Promise<void> {
  const pick = random(seed);
  const size = 1 + pick(3);
  const { alive, spawn } = countedSpawn();
  const pool = newPool({ size, spawn, grace: pick(20), idleTimeout: pick(2) === 0 ? 30 : 30_000 });
  const manager = newManager();
  const { run } = runner(pool, manager);
  const all: Watched[] = [];

  for (let step = 0; step < 30; step += 1) {
    const one = all[pick(all.length + 1)];
    if (pick(3) > 0) {
      const type = TYPES[pick(TYPES.length)]!;
      const watched: Watched = { job: run(type, step), type, stopped: false, ends: 0 };
      watched.job.onStopped(() => {
        watched.ends += 1;
      });
      all.push(watched);
    } else if (one !== undefined && one.job.completion === undefined) {
      one.stopped = true;
      void one.job.stop(step);
    }
    if (pick(2) === 0) await turn();
    // Whoever would run for ever has to make room.
    if (pick(6) === 0) {
      for (const other of all) {
        if (other.job.completion !== undefined || ENDS[other.type] !== undefined) continue;
        other.stopped = true;
        await other.job.stop();
      }
    }
    expect(alive.size).toBeLessThanOrEqual(size);
    expect(pool.stats.busy + pool.stats.idle).toBe(alive.size);
  }
  if (pick(2) === 0) {
    await manager.stopAll();
    for (const one of all) one.stopped = true;
    // The capacity is what it was.
    const echoes = Array.from({ length: size }, (_, index) => run("echo", index).result);
    expect(await Promise.all(echoes)).toEqual(echoes.map((_, index) => index));
  }
  await pool.close();
  await manager.onIdle();
  await turn();

  for (const { job, type, stopped, ends } of all) {
    const { type: end } = job.completion!;
    expect(ends, `ends of ${type}`).toBe(1);
    if (!stopped) expect(["Cancelled", ENDS[type]], type).toContain(end);
    else if (ENDS[type] === undefined) expect(end, type).toBe("Cancelled");
  }
  expect(alive.size).toBe(0);
  expect(pool.stats).toMatchObject({ busy: 0, idle: 0 });
}

it("random histories: no job ends twice, none hangs, capacity is restored, no worker is left", async () => {
  for (let seed = 1; seed <= 12; seed += 1) await play(seed);
}, 120_000);
