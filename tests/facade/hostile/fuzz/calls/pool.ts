import type { WorkerPool } from "jobgate/worker-pool";
import { anything } from "../../values.js";
import { key, number, options, text } from "../arguments.js";
import type { Any, Draw } from "../draw.js";
import { workers } from "../workers.js";
import type { Call, World } from "../world.js";

const fields = (draw: Draw) => ({
  size: () => number(draw, 1, 2),
  idleTimeout: () => number(draw, 0, 5),
  grace: () => number(draw, 0, 1),
});
const spawn = (draw: Draw) => () =>
  draw.mostly(
    () => () => draw.of(workers),
    () => anything(draw),
    8,
  );

function newPool(world: World, draw: Draw): Any {
  const pool = new world.package.pool.WorkerPool(options(draw, fields(draw), { spawn: spawn(draw) }));
  world.pools.push(pool);
  return pool;
}

const one = (world: World, draw: Draw): Any =>
  world.one(world.pools, draw, () => {
    const pool = new world.package.pool.WorkerPool({ spawn: () => draw.of(workers) as Worker, size: 2, grace: 1 });
    world.pools.push(pool);
    return pool;
  });

function run(world: World, draw: Draw): void {
  const transfer = {
    transfer: () =>
      draw.mostly(
        () => [new ArrayBuffer(4)],
        () => anything(draw),
        2,
      ),
  };
  const factory = one(world, draw).job(text(draw, "echo"), anything(draw), options(draw, transfer));
  const [manager] = world.managers;
  world.took(manager, manager.runJob(key(draw), factory, options(draw, { timeout: () => number(draw, 5) })));
}

export const poolCalls: Readonly<Record<Exclude<keyof WorkerPool, symbol> | "new" | "job again", Call>> = {
  new: newPool,
  job: run,
  "job again": run,
  jobType(world, draw) {
    const described = {
      name: () => text(draw, "in a worker"),
      description: () => text(draw, "computes"),
      params: () =>
        draw.mostly(
          () => [],
          () => anything(draw),
        ),
    };
    const type = one(world, draw).jobType(options(draw, {}, described));
    const runner = new world.package.runner.JobRunner({ types: [type] });
    world.runners.push(runner);
    runner.createJob("in a worker");
  },
  stats: (world, draw) => one(world, draw).stats,
  close(world, draw) {
    if (draw.random.once(4)) world.settles("a pool's close", one(world, draw).close());
  },
};
