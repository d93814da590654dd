import { beforeAll, describe, expect, it } from "vitest";
import { grownBy, usedHeap } from "../support/heap.js";
import { turn } from "../support/turns.js";
import { wasmBytes } from "../support/wasm-memory.js";
import { Work } from "../support/work.js";

// Not a static import: the watcher of wasm instances has to be there first.
let jobgate: typeof import("jobgate");
beforeAll(async () => {
  jobgate = await import("jobgate");
});

const megabyte = 1024 * 1024;
const patience = 300_000;

/** How many are still there once the browser has collected what nobody holds. */
async function alive(made: readonly WeakRef<object>[]): Promise<number> {
  await turn();
  await usedHeap();
  await turn();
  await usedHeap();
  return made.filter((reference) => reference.deref() !== undefined).length;
}

describe("nothing keeps what nobody holds", () => {
  it(
    "who waits on a gate that was dropped goes with it",
    async () => {
      const frames: WeakRef<object>[] = [];
      const waitInVain = async () => {
        const frame = { bytes: new Uint8Array(megabyte) };
        frames.push(new WeakRef(frame));
        await jobgate.gate().wait();
        return frame;
      };
      for (let n = 0; n < 20; n += 1) void waitInVain();
      expect(await alive(frames)).toBeLessThan(2);
    },
    patience,
  );

  it(
    "one that a signal can still end stays until it does",
    async () => {
      const caller = new AbortController();
      const wait = () => jobgate.gate().wait({ signal: caller.signal });
      const waiting = wait();
      await usedHeap();
      caller.abort("gone");
      await expect(waiting).rejects.toBe("gone");
    },
    patience,
  );

  it(
    "a manager that its own listeners and keys name is collected, and what it had listened to is free",
    async () => {
      const managers: WeakRef<object>[] = [];
      const make = (n: number) => {
        const manager = new jobgate.JobManager<unknown>();
        managers.push(new WeakRef(manager));
        manager.onKeyChange("key", () => manager.stats);
        manager.onKeyChange({ manager }, () => {});
        manager.subscribe(() => manager.stats);
        manager.runJob({ manager }, () => n);
      };
      for (let n = 0; n < 20; n += 1) make(n);
      expect(await alive(managers)).toBeLessThan(2);
    },
    patience,
  );

  it(
    "leaving late, when the manager is long forgotten, silences nobody else",
    async () => {
      const leave = Array.from({ length: 20 }, () => {
        const manager = new jobgate.JobManager();
        const off = manager.subscribe(() => {});
        const offKey = manager.onKeyChange("key", () => {});
        return () => {
          off();
          offKey();
        };
      });
      await alive([]);
      const told = jobgate.subject<number>();
      told.listen(() => {});
      told.next(0);
      const heard: number[] = [];
      const subjects = Array.from({ length: 100 }, () => jobgate.subject<number>());
      for (const { listen } of subjects) listen((value) => heard.push(value));
      for (const off of leave) off();
      for (const [n, { next }] of subjects.entries()) next(n);
      expect(heard).toEqual([...subjects.keys()]);
    },
    patience,
  );

  it(
    "a million that listen and leave while nothing is told: wasm memory stays as it is",
    async () => {
      const numbers = jobgate.subject<number>();
      const manager = new jobgate.JobManager();
      const round = (count: number) => {
        for (let n = 0; n < count; n += 1) {
          numbers.listen(() => {})();
          manager.subscribe(() => {})();
          manager.onKeyChange("key", () => {})();
        }
      };
      round(1000);
      const wasm = wasmBytes();
      round(350_000);
      expect(wasmBytes()).toBe(wasm);
    },
    patience,
  );

  it(
    "a stream of a running job's events that was cancelled leaves nothing",
    async () => {
      const manager = new jobgate.JobManager();
      const { job } = manager.runJob("job", () => new Promise(() => {}));
      const round = async (count: number) => {
        for (let n = 0; n < count; n += 1) await job.events().cancel();
        return usedHeap();
      };
      const heap = await round(2000);
      expect(grownBy(heap, await round(10_000))).toBeLessThan(megabyte);
      void manager.close();
    },
    patience,
  );

  it(
    "a stream of a manager's events that has ended goes, while the manager is held",
    async () => {
      const manager = new jobgate.JobManager();
      const streams: WeakRef<object>[] = [];
      const open = () => {
        for (let n = 0; n < 20; n += 1) streams.push(new WeakRef(manager.events()));
      };
      open();
      await manager.close();
      open();
      const left = await alive(streams);
      // Firefox takes its time with streams, whoever holds them.
      expect(Number.isNaN(await usedHeap()) ? 0 : left).toBeLessThan(2);
      expect(await manager.events().getReader().read()).toEqual({ done: true, value: undefined });
    },
    patience,
  );

  it(
    "events of a hundred thousand jobs that nobody reads take a few megabytes, and so does the log of one job",
    async () => {
      const manager = new jobgate.JobManager<number>();
      const unread = manager.events();
      const work = new Work();
      const { job } = manager.runJob(-1, work.factory);
      const unreadOfJob = job.events();
      const heap = await usedHeap();
      for (let n = 0; n < 300_000; n += 1) work.context.log(`line ${n}`);
      for (let n = 0; n < 100_000; n += 1000) {
        for (let key = n; key < n + 1000; key += 1) manager.runJob(key, async () => {});
        await turn();
      }
      expect(grownBy(heap, await usedHeap())).toBeLessThan(6 * megabyte);
      work.resolve();
      await Promise.all([unread.cancel(), unreadOfJob.cancel(), manager.close()]);
    },
    patience,
  );
});
