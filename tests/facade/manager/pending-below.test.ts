import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { Work } from "../support/work.js";

describe("onPendingBelow", () => {
  it("resolves when fewer are pending, each size in its time", async () => {
    const manager = newManager({ paused: true });
    const order: string[] = [];
    for (let key = 0; key < 4; key += 1) manager.runJob(`job ${key}`, () => {});
    for (const size of [4, 1, 2]) void manager.onPendingBelow(size).then(() => order.push(`below ${size}`));
    void manager.onPendingBelow(5).then(() => order.push("at once"));
    await turn();
    expect(order).toEqual(["at once"]);
    void manager.stopJob("job 0");
    await turn();
    expect(order).toEqual(["at once", "below 4"]);
    for (const key of [1, 2]) void manager.stopJob(`job ${key}`);
    await turn();
    expect(order).toEqual(["at once", "below 4", "below 2"]);
    manager.resume();
    await turn();
    expect(order).toEqual(["at once", "below 4", "below 2", "below 1"]);
  });

  it("lets a producer go on as the queue empties", async () => {
    const manager = newManager({ concurrency: 1, maxPending: 3 });
    let most = 0;
    for (let key = 0; key < 50; key += 1) {
      await manager.onPendingBelow(3);
      manager.runJob(`job ${key}`, async () => {
        await turn();
      });
      most = Math.max(most, manager.stats.pending);
    }
    await manager.onIdle();
    expect(most).toBe(3);
    expect(manager.stats.completed).toBe(50);
  });

  it("resolves when the manager is closed", async () => {
    const manager = newManager({ concurrency: 1 });
    const work = new Work();
    for (let key = 0; key < 4; key += 1) manager.runJob(`job ${key}`, work.factory);
    const below = manager.onPendingBelow(1);
    void manager.close();
    await below;
    work.resolve();
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("%d is refused by name", (size) => {
    expect(() => newManager().onPendingBelow(size)).toThrow(
      new RangeError(`size must be an integer of at least 1, got ${size}`),
    );
  });

  it("what is no number is of the wrong type", () => {
    expect(() => newManager().onPendingBelow("3" as never)).toThrow(TypeError);
  });
});
