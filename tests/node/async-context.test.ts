// A body is called with what its caller's AsyncLocalStorage holds, however late it is called.
import { AsyncLocalStorage } from "node:async_hooks";
import { JobManager } from "jobgate";
import { describe, expect, it, onTestFinished } from "vitest";

const request = new AsyncLocalStorage<string>();

function newManager(options?: ConstructorParameters<typeof JobManager>[0]) {
  const manager = new JobManager<string, unknown, never, unknown>(options);
  onTestFinished(() => manager.close());
  return manager;
}

const told = () => request.getStore();

describe("AsyncLocalStorage", () => {
  it("each body finds the request that asked for it, though another's end has started it", async () => {
    const manager = newManager({ concurrency: 1 });
    const serve = (name: string) =>
      request.run(name, () => {
        const first = manager.runJob(`${name} 1`, async () => {
          await 0;
          return told();
        });
        const second = manager.add(told, { priority: 5 });
        return Promise.all([first.job.result, second.result]);
      });
    expect(await Promise.all([serve("one"), serve("two")])).toEqual([
      ["one", "one"],
      ["two", "two"],
    ]);
  });

  it("so do a delayed one, a retry, and one that waits for its key or the end of a pause", async () => {
    const manager = newManager();
    const run = (key: string, options: object) =>
      request.run(key, () =>
        manager.runJob(
          key,
          ({ attempt }) => {
            if (attempt === 1 && "retry" in options) throw new Error("again");
            return told();
          },
          options,
        ),
      );
    const delayed = run("delayed", { delay: 5 });
    const retried = run("retried", { retry: { limit: 1, delay: 1 } });
    const before = request.run("before", () =>
      manager.runJob("key", () => new Promise((resolve) => setTimeout(resolve, 1))),
    );
    const behind = request.run("behind", () => manager.runJob("key", told, { onDuplicate: "queue" }));
    manager.pause();
    const paused = run("paused", {});
    manager.resume();
    await before.job.result;
    const results = [delayed, retried, behind, paused].map(({ job }) => job.result);
    expect(await Promise.all(results)).toEqual(["delayed", "retried", "behind", "paused"]);
  });

  it("and the bodies of two maps on one manager", async () => {
    const manager = newManager({ concurrency: 2 });
    const map = (name: string) => request.run(name, () => manager.map([1, 2, 3, 4, 5], async () => told()));
    const [one, two] = await Promise.all([map("one"), map("two")]);
    expect(one).toEqual(Array(5).fill("one"));
    expect(two).toEqual(Array(5).fill("two"));
  });
});
