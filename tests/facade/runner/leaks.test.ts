import { beforeAll, expect, it } from "vitest";
import { fewer, grownBy, usedHeap } from "../support/heap.js";
import { turn } from "../support/turns.js";
import { wasmBytes } from "../support/wasm-memory.js";

// Not a static import: the watcher of wasm instances has to be there first.
let JobRunner: typeof import("jobgate/runner").JobRunner;
beforeAll(async () => {
  ({ JobRunner } = await import("jobgate/runner"));
});

const megabyte = 1024 * 1024;
const patience = 300_000;

const quick = {
  name: "quick",
  description: "",
  params: [{ name: "rows", type: "array" } as const],
  execute: ({ rows }: { rows: unknown[] }) => ({ rows }),
};

it(
  "10,000 jobs through a runner, with watchers that come and go: memory returns to where it was",
  async () => {
    const runner = new JobRunner({ types: [quick], retain: 100 });
    const runBatch = async () => {
      for (let n = 0; n < 100; n += 1) {
        const { id } = runner.createJob("quick", { rows: [n, "text", { deep: n }] }, { delay: n % 10 === 0 ? 1 : 0 });
        if (n % 4 === 0) void runner.watch(id).cancel();
        if (n % 4 === 1) void runner.eventStream(id).cancel();
        if (n % 4 === 2) runner.onEvent(() => {})();
        if (n % 4 === 3) {
          const { port1, port2 } = new MessageChannel();
          const stop = runner.serve(port1);
          runner.subscribe(() => {})();
          stop();
          port2.close();
        }
        if (n % 20 === 0) runner.cancelJob(id);
      }
      await runner.manager.onIdle();
    };
    for (let count = 0; count < fewer(20); count += 1) await runBatch();
    const heap = await usedHeap();
    const wasm = wasmBytes();
    for (let count = 0; count < fewer(100); count += 1) await runBatch();
    expect(wasmBytes()).toBe(wasm);
    expect(grownBy(heap, await usedHeap())).toBeLessThan(megabyte);
    expect(runner.getAllJobs()).toHaveLength(100);
    expect(runner.getQueueStats().total).toBe(fewer(12_000));
    await runner.close();
  },
  patience,
);

it(
  "a runner that nobody holds is collected, with all that it kept",
  async () => {
    const references: WeakRef<object>[] = [];
    for (let n = 0; n < 20; n += 1) {
      const runner = new JobRunner({ types: [quick] });
      runner.onEvent(() => {});
      runner.createJob("quick", { rows: [] });
      await runner.manager.onIdle();
      references.push(new WeakRef(runner));
    }
    await turn();
    const heap = await usedHeap();
    const alive = references.filter((reference) => reference.deref() !== undefined).length;
    expect(Number.isNaN(heap) ? 0 : alive).toBeLessThan(2);
  },
  patience,
);
