import { beforeAll, describe, expect, it } from "vitest";
import { fewer, grownBy, usedHeap } from "../support/heap.js";
import { countedSignal } from "../support/signals.js";
import { turn } from "../support/turns.js";
import { wasmBytes } from "../support/wasm-memory.js";
import { untilAborted, Work } from "../support/work.js";

// Not a static import: the watcher of wasm instances has to be there first.
let jobgate: typeof import("jobgate");
beforeAll(async () => {
  jobgate = await import("jobgate");
});

const megabyte = 1024 * 1024;
const batch = 1000;
const patience = 300_000;

type Manager = import("jobgate").JobManager<string, number, number>;

/** A thousand jobs of every kind, each with a key of its own, run to their ends. */
async function runBatch(manager: Manager, from: number, signal: AbortSignal): Promise<void> {
  const stops: Promise<void>[] = [];
  for (let n = from; n < from + batch; n += 1) {
    const key = `job ${n}`;
    switch (n % 10) {
      case 0: {
        const { job } = manager.runJob(key, ({ setState }) => setState(n), { signal });
        job.onStateChange(() => {});
        job.onStopped(() => {});
        break;
      }
      case 1:
        manager.runJob(key, () => Promise.reject(new Error("broken")), { priority: n % 7 });
        break;
      case 2:
        stops.push(manager.runJob(key, untilAborted, { signal, timeout: 60_000 }).job.stop());
        break;
      case 3:
        stops.push(manager.runJob(key, () => n, { delay: 60_000, signal }).job.stop());
        break;
      case 4:
        manager.runJob(key, () => n, { group: `group ${n % 3}` }).job.continuations.addOrRunNow("key", () => {});
        break;
      case 5:
        manager.runJob(key, () => turn().then(() => n));
        manager.runJob(key, () => n, { onDuplicate: "queue" });
        manager.runJob(key, () => n, { onDuplicate: "replace", signal });
        break;
      case 6: {
        const { job } = manager.runJob(key, ({ onAction }) => onAction(() => {}));
        job.dispatch(1);
        void job.result.then(() => {});
        break;
      }
      case 7:
        manager.onKeyChange(key, () => {})();
        manager.runJob(key, ({ progress }) => progress(50), { name: key });
        break;
      case 8:
        stops.push(
          manager
            .runJob(key, () => n, { priority: "background" })
            .job.events()
            .cancel(),
        );
        break;
      default:
        manager.runJob(key, () => n, { signal, timeout: 60_000 });
    }
  }
  await Promise.all(stops);
  await manager.onIdle();
}

describe("nothing leaks", () => {
  it(
    "100,000 jobs through one manager, then 1,000,000 more: JavaScript heap and wasm memory return to where they were; the caller's signal has no listeners left on it",
    async () => {
      const caller = countedSignal();
      const manager: Manager = new jobgate.JobManager({ concurrency: 50 });
      const first = fewer(100_000);
      for (let n = 0; n < first; n += batch) await runBatch(manager, n, caller.signal);
      const heap = await usedHeap();
      const wasm = wasmBytes();
      expect(caller.added).toBeGreaterThan(0);
      expect(caller.listeners).toBe(0);

      const count = first + fewer(1_000_000);
      for (let n = first; n < count; n += batch) await runBatch(manager, n, caller.signal);
      expect(wasmBytes()).toBe(wasm);
      expect(grownBy(heap, await usedHeap())).toBeLessThan(3 * megabyte);
      expect(caller.listeners).toBe(0);
      const { total, pending, running, completed, failed, cancelled } = manager.stats;
      expect([pending, running]).toEqual([0, 0]);
      expect(total).toBe(count * 1.2);
      expect(completed + failed + cancelled).toBe(total);
      expect(manager.jobs()).toEqual([]);
    },
    patience,
  );

  it(
    "100,000 jobs pending at once, twice: the second time takes no more memory",
    async () => {
      const manager: Manager = new jobgate.JobManager({ concurrency: 10, paused: true });
      const count = fewer(100_000);
      const fillAndDrain = async () => {
        for (let n = 0; n < count; n += 1) manager.runJob(`job ${n}`, () => n, { priority: n % 100 });
        expect(manager.stats.pending).toBe(count);
        manager.resume();
        await manager.onIdle();
        manager.pause();
      };
      await fillAndDrain();
      const heap = await usedHeap();
      const wasm = wasmBytes();
      await fillAndDrain();
      expect(wasmBytes()).toBe(wasm);
      expect(grownBy(heap, await usedHeap())).toBeLessThan(2 * megabyte);
      expect(manager.stats.completed).toBe(2 * count);
    },
    patience,
  );

  it(
    "managers that were closed, subjects and gates that nobody listens to any more",
    async () => {
      const round = async () => {
        for (let n = 0; n < fewer(2000); n += 1) {
          const manager: Manager = new jobgate.JobManager({ retain: 3 });
          manager.subscribe(() => {});
          for (let m = 0; m < 60; m += 1) manager.runJob(`a ${m}`, () => n);
          manager.runJob("b", untilAborted);
          await manager.close();
          const numbers = jobgate.subject<number>();
          for (let m = 0; m < 5; m += 1) numbers.listen(() => {})();
          const door = jobgate.gate();
          door.listen(() => {});
          door.open();
          await door.wait();
        }
        return usedHeap();
      };
      await round();
      const heap = await round();
      const wasm = wasmBytes();
      for (let n = 0; n < 4; n += 1) await round();
      // When a subject is collected is the browser's choice, so a little slack; a leak is many times this.
      expect(wasmBytes() - wasm).toBeLessThan(2 * megabyte);
      expect(grownBy(heap, await usedHeap())).toBeLessThan(megabyte);
    },
    patience,
  );

  it(
    "an object that was a key is collected while its manager lives",
    async () => {
      const manager = new jobgate.JobManager<object>();
      const collected: WeakRef<object>[] = [];
      for (let n = 0; n < 50; n += 1) {
        const key = { bytes: new Uint8Array(100_000) };
        collected.push(new WeakRef(key));
        manager.runJob(key, () => n);
        await manager.onIdle();
      }
      await turn();
      await usedHeap();
      const alive = collected.filter((reference) => reference.deref() !== undefined).length;
      expect(manager.stats.completed).toBe(50);
      expect(alive).toBeLessThan(2);
    },
    patience,
  );

  it(
    "objects that were keys are collected among many keys, too, while a job goes on and on",
    async () => {
      const manager = new jobgate.JobManager<object>();
      const work = new Work();
      manager.runJob({}, work.factory);
      const collected: WeakRef<object>[] = [];
      for (let n = 0; n < 1500; n += 1) {
        const key = {};
        collected.push(new WeakRef(key));
        manager.runJob(key, () => n);
        if (n % 100 === 99) await turn();
      }
      await usedHeap();
      const alive = collected.filter((reference) => reference.deref() !== undefined).length;
      expect(manager.stats.completed).toBe(1500);
      // All that had ended went at once, as there were more than a thousand.
      expect(alive).toBeLessThan(500);
      work.resolve();
      await manager.close();
    },
    patience,
  );

  it(
    "a job that somebody still holds keeps nothing but itself; one that nobody holds is collected",
    async () => {
      const manager: Manager = new jobgate.JobManager();
      const held = [];
      const collected: WeakRef<object>[] = [];
      for (let n = 0; n < 100; n += 1) {
        const payload = { bytes: new Uint8Array(100_000) };
        collected.push(new WeakRef(payload));
        const { job } = manager.runJob(`job ${n}`, () => payload.bytes.length, {});
        job.onStopped(() => void payload);
        job.onStateChange(() => void payload);
        job.continuations.addOrRunNow("key", () => void payload);
        held.push(job);
      }
      await manager.onIdle();
      await turn();
      const heap = await usedHeap();
      const alive = collected.filter((reference) => reference.deref() !== undefined).length;
      expect(held.every((job) => job.status === "completed")).toBe(true);
      expect(Number.isNaN(heap) ? 0 : alive).toBeLessThan(2);
    },
    patience,
  );

  it("a subject and a gate live as long as one of their methods does, whatever is collected", async () => {
    const { listen, next } = jobgate.subject<number>();
    const { open, wait } = jobgate.gate();
    const onlyListen = jobgate.gate().listen;
    const heard: number[] = [];
    listen((value) => heard.push(value));
    const waiting = wait();
    onlyListen(() => heard.push(-1));
    await usedHeap();
    // What took the place of a collected one must not be mixed up with it.
    for (let n = 0; n < 100; n += 1) {
      jobgate.subject<number>().listen(() => heard.push(n));
      const other = jobgate.gate();
      other.listen(() => {});
      other.open();
    }
    next(7);
    open();
    await waiting;
    await turn();
    expect(heard).toEqual([7]);
  });
});
