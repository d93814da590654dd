import type { JobRunner, QueueClient } from "jobgate/runner";
import { describe, expect, it } from "vitest";
import { turn } from "../support/turns.js";
import { changed, isEnd, newClient, until } from "./support/ports.js";
import { heldType, newRunner } from "./support/runner.js";

describe("what ends at once, while somebody lists the jobs at each change", () => {
  it("is listed by the runner and by a client in the order in which it is told", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    const client = newClient(runner);
    runner.subscribe(() => runner.getSnapshot());
    for (let count = 0; count < 3; count += 1) runner.createJob("held");
    const told: string[] = [];
    runner.onEvent((event) => isEnd(event) && told.unshift(event.job_id));
    await runner.manager.stopAll();
    expect(runner.getAllJobs().map(({ id }) => id)).toEqual(told);
    await until(client, ({ stats }) => stats.cancelled === 3);
    expect(client.getSnapshot().jobs).toEqual(runner.getAllJobs());
  });

  it("is let go of only once its end has been told", async () => {
    const { type } = heldType();
    for (const retain of [0, 1, 10]) {
      const runner = newRunner({ types: [type], autoStart: false, retain });
      const all = Array.from({ length: 5 }, () => runner.createJob("held").id);
      const told: string[] = [];
      runner.onEvent((event) => {
        if (event.type === "job_removed" || isEnd(event)) told.push(`${event.type} ${event.job_id}`);
        runner.clearCompleted();
        runner.getSnapshot();
      });
      await runner.manager.stopAll();
      runner.clearCompleted();
      expect(told).toHaveLength(10);
      for (const id of all) {
        expect(told.indexOf(`job_cancelled ${id}`)).toBeLessThan(told.indexOf(`job_removed ${id}`));
      }
      expect(runner.getAllJobs()).toEqual([]);
    }
  });
});

describe("what is changed while a listener is called", () => {
  it.each([
    ["cleared", (runner: JobRunner) => runner.clearCompleted()],
    ["cancelled", (runner: JobRunner) => runner.cancelJob("a")],
    ["raised", (runner: JobRunner) => runner.setPriority("b", 5)],
  ])("is in the snapshot as it is in the list (%s)", (_, change) => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    for (const id of ["ended", "a", "b"]) runner.createJob("held", {}, { id });
    runner.cancelJob("ended");
    const seen: unknown[] = [];
    runner.onEvent(({ type }) => {
      if (type !== "job_created") return;
      const before = runner.getSnapshot();
      change(runner);
      const after = runner.getSnapshot();
      seen.push(after === before, after === runner.getSnapshot());
      expect(after.jobs).toEqual(runner.getAllJobs());
    });
    runner.createJob("held");
    expect(seen).toEqual([false, true]);
  });
});

describe("clients in step", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "multiple clients stay in sync after a random sequence of messages (%i)",
    async (seed) => {
      let state = seed * 2_654_435_761;
      const random = (below: number) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const { type, held } = heldType();
      const runner = newRunner({ types: [type], concurrency: 2, retain: 5 });
      // One that lists at each change, as hooks do, and clears at some, amid whatever is being told.
      const ends = new Set<string>();
      const removedTooEarly: string[] = [];
      runner.onEvent((event) => {
        if (isEnd(event)) ends.add(event.job_id);
        if (event.type === "job_removed" && !ends.has(event.job_id)) removedTooEarly.push(event.job_id);
        if (isEnd(event) && random(20) === 0) runner.clearCompleted();
      });
      runner.subscribe(() => runner.getSnapshot());
      const clients = [newClient(runner), newClient(runner)];
      const live = () => held.filter(({ context }) => runner.getRunningJobs().includes(context.id));
      const idOfAny = () => {
        const all = runner.getAllJobs();
        return all.length === 0 ? "nobody" : (all[random(all.length)]?.id ?? "nobody");
      };
      for (let step = 0; step < 150 || ends.size < 11; step += 1) {
        const client = clients[random(2)] as QueueClient;
        const one = live()[random(2)];
        const act = [
          () => client.createJob("held", { label: String(step) }, { priority: random(3) }).catch(() => {}),
          () => client.createJob("held", { label: 3 }).catch(() => {}),
          () => client.cancelJob(idOfAny()),
          () => random(4) === 0 && client.clearCompleted(),
          () => random(4) === 0 && runner.manager.stopAll(),
          () => one?.context.progress(random(101), `at ${step}`),
          () => one?.work.resolve({ step }),
          () => one?.work.reject(new RangeError(`at ${step}`)),
          () => runner.setPriority(idOfAny(), random(5)),
          () => runner.createJob("held", {}, { delay: random(20), retry: { limit: 1, delay: random(20) } }),
        ];
        act[random(act.length)]?.();
        if (random(3) === 0) await turn();
      }
      // What each client asked for has been heard when what it asked for last has been answered.
      await Promise.all(clients.map((client) => client.createJob("held", { label: "last" })));
      const stopped = runner.stop();
      for (const id of runner.getRunningJobs()) runner.cancelJob(id);
      await stopped;
      const waits = () => runner.getAllJobs().some((job) => "ready_at" in job);
      if (waits()) await changed(runner, () => !waits());
      // Nothing happens any more; what was sent last comes last: the state, when the order has changed.
      const { id: mark } = runner.createJob("held", { label: "mark" });
      runner.setPriority(mark, 99);
      await Promise.all(
        clients.map((client) => until(client, ({ jobs }) => jobs.some(({ priority }) => priority === 99))),
      );
      expect(removedTooEarly).toEqual([]);
      expect(runner.getAllJobs().map(({ id }) => id)).toContain(mark);
      for (const client of clients) {
        expect(client.getSnapshot().jobs).toEqual(runner.getSnapshot().jobs);
        expect(client.getSnapshot().stats).toEqual(runner.getQueueStats());
      }
    },
  );
});
