// One order: what the runner lists, what a client lists, and in which order jobs start.

import type { JobRecord } from "jobgate";
import { QueueClient, type QueuePort } from "jobgate/runner";
import { describe, expect, it, onTestFinished } from "vitest";
import { turn } from "../support/turns.js";
import { changed, isEnd, newClient, until } from "./support/ports.js";
import { ended, heldType, newRunner } from "./support/runner.js";

type Listener = (event: { data: unknown }) => void;

/** What both sides have to agree on; progress is told once in a while. */
const listed = (jobs: readonly JobRecord[]) =>
  jobs.map(({ id, status, priority, attempt, ready_at, stopping }) => [
    id,
    status,
    priority,
    attempt,
    ready_at,
    stopping,
  ]);

/** A port that keeps what a runner sends, in its order, until it is told to deliver. What a client says arrives at once. */
class SlowPort {
  readonly waiting: { readonly message: unknown; readonly isLast: () => boolean; readonly list: unknown }[] = [];
  private readonly listeners = { runner: new Set<Listener>(), client: new Set<Listener>() };
  private flush: { last: unknown } | undefined;

  constructor(private readonly list: () => unknown) {}

  private end(side: "runner" | "client", postMessage: (message: unknown) => void): QueuePort {
    return {
      postMessage,
      addEventListener: (type, listener) => type === "message" && this.listeners[side].add(listener),
      removeEventListener: (_, listener) => this.listeners[side].delete(listener),
    };
  }

  readonly served = this.end("runner", (message) => {
    // What is sent in one go says one thing together: its last message completes it.
    if (this.flush === undefined) queueMicrotask(() => (this.flush = undefined));
    const flush = (this.flush ??= { last: undefined });
    flush.last = message;
    this.waiting.push({ message, isLast: () => flush.last === message, list: this.list() });
  });

  readonly asked = this.end("client", (message) => {
    for (const listener of this.listeners.runner) listener({ data: message });
  });

  /** Delivers the first; what the runner listed when it said so, if nothing else was to be said with it. */
  deliver(): unknown {
    const first = this.waiting.shift();
    if (first === undefined) return undefined;
    for (const listener of this.listeners.client) listener({ data: structuredClone(first.message) });
    return first.isLast() ? first.list : undefined;
  }
}

function randomNumbers(seed: number) {
  let state = seed * 2_654_435_761;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("the order of a queue", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    "is the runner's, a client's at each message, and that of the starts (%i)",
    async (seed) => {
      const random = randomNumbers(seed);
      const { type, held } = heldType();
      const runner = newRunner({ types: [type], concurrency: 2, retain: 6 });
      const port = new SlowPort(() => listed(runner.getAllJobs()));
      runner.serve(port.served);
      const client = new QueueClient(port.asked);
      onTestFinished(() => client.close());

      // Who waits, as listed when all was at rest.
      let queue: string[] = [];
      const refresh = () => {
        queue = [...runner.getPendingJobs()];
      };
      runner.subscribe(() => queueMicrotask(refresh));
      const outOfOrder: string[] = [];
      let starts = 0;
      runner.onEvent((event) => {
        if (event.type === "job_started") {
          starts += 1;
          const place = queue.indexOf(event.job_id);
          if (place > 0) outOfOrder.push(`${event.job_id} before ${queue[0]}`);
          if (place >= 0) queue.splice(place, 1);
        } else if (isEnd(event)) queue = queue.filter((id) => id !== event.job_id);
      });

      const any = (ids: readonly string[]) => ids[random(Math.max(ids.length, 1))] ?? "nobody";
      const live = () => held.filter(({ context }) => runner.getRunningJobs().includes(context.id));
      const compared: unknown[] = [];
      const deliver = () => {
        const list = port.deliver();
        if (list === undefined) return;
        compared.push(list);
        expect(listed(client.getSnapshot().jobs)).toEqual(list);
      };
      const retry = { limit: 2, delay: 3, jitter: "none", backoff: "fixed" } as const;
      for (let step = 0; step < 250 || starts < 21 || compared.length < 51; step += 1) {
        const one = live()[random(3)];
        const act = [
          () => runner.createJob("held", {}, { priority: random(3) }),
          () => runner.createJob("held", {}, { priority: random(3), delay: random(4) }),
          // Their waits end in the same millisecond.
          () => [1, 9, 5].map((priority) => runner.createJob("held", {}, { priority, delay: 2, retry })),
          () => runner.createJob("held", {}, { retry }),
          () => one?.work.reject(new Error("once more")),
          () => one?.work.resolve(1),
          () => one?.work.resolve(1),
          () => one?.context.progress(random(101)),
          () => runner.setPriority(any(runner.getPendingJobs()), random(6)),
          () => runner.setPriority(any(runner.getRunningJobs()), random(6)),
          () => runner.cancelJob(any(runner.getPendingJobs())),
          () => runner.cancelJob(any(runner.getRunningJobs()), "enough"),
          () => runner.setConcurrency(1 + random(3)),
          () => void runner.stop(),
          () => runner.start(),
          () => runner.start(),
          () => random(5) === 0 && runner.clearCompleted(),
        ];
        act[random(act.length)]?.();
        refresh();
        if (random(2) === 0) await turn();
        for (let count = random(4); count > 0; count -= 1) deliver();
        while (port.waiting.length > 60) deliver();
      }
      while (port.waiting.length > 0) deliver();
      // More at once than is sent to a reader that has not acknowledged: only when it has caught up is it in step again.
      runner.start();
      const end = () => {
        for (const { work } of live()) work.resolve(1);
        const { pending, running } = runner.getQueueStats();
        return pending + running === 0;
      };
      if (!end()) await changed(runner, end);
      for (let isQuiet = false; !isQuiet; ) {
        await turn();
        isQuiet = port.waiting.length === 0;
        while (port.waiting.length > 0) port.deliver();
      }
      expect(outOfOrder).toEqual([]);
      expect(client.getSnapshot().jobs).toEqual(runner.getSnapshot().jobs);
      expect(client.getQueueStats()).toEqual(runner.getQueueStats());
    },
  );

  it("a wait that is over is told though no slot is free, and the record says so no more", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const client = newClient(runner);
    runner.createJob("held");
    const waiting = runner.createJob("held").id;
    const delayed = runner.createJob("held", {}, { delay: 5, priority: 1 }).id;
    const later = runner.createJob("held", {}, { delay: 600_000 }).id;
    await until(client, ({ jobs }) => jobs.length === 4);
    expect(client.getJob(later)?.ready_at).toBe(runner.getJob(later)?.ready_at);
    expect(client.getJob(later)?.ready_at).toBeGreaterThan(Date.now());
    await until(client, ({ jobs }) => jobs[1]?.id === delayed);
    expect(client.getJob(delayed)).not.toHaveProperty("ready_at");
    expect(client.getAllJobs()).toEqual(runner.getAllJobs());
    expect(runner.getPendingJobs()).toEqual([delayed, waiting, later]);
  });

  it("a record's ready_at is the same however often it is asked for", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held", {}, { delay: 600_000 });
    const first = runner.getJob(id);
    for (let count = 0; count < 20; count += 1) {
      await turn();
      expect(runner.getJob(id)).toBe(first);
    }
    const retried = runner.createJob("held", {}, { retry: { limit: 1, delay: 60_000, jitter: "none" } }).id;
    let told: number | undefined;
    runner.onEvent((event) => {
      if (event.type === "job_retrying") told = event.retry_at;
    });
    held[0]?.work.reject(new Error("once"));
    await changed(runner, () => runner.getJob(retried)?.status === "pending");
    expect(runner.getJob(retried)?.ready_at).toBe(told);
  });
});

describe("a listener that changes something", () => {
  it("finds it changed in what it lists, at once", () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type], concurrency: 1 });
    const seen: unknown[] = [];
    const [first, second] = [runner.createJob("held").id, runner.createJob("held").id];
    const leave = runner.onEvent(() => {
      leave();
      const before = runner.getSnapshot();
      runner.setPriority(second, 7);
      runner.cancelJob(first, "enough");
      const { jobs } = runner.getSnapshot();
      seen.push(runner.getSnapshot() !== before, jobs[0]?.stopping, jobs[1]?.priority);
      expect(jobs).toEqual([runner.getJob(first), runner.getJob(second), runner.getJob("third")]);
    });
    runner.createJob("held", {}, { id: "third" });
    expect(seen).toEqual([true, true, 7]);
  });
});

describe("a job that has been asked to end", () => {
  it("is told of once, with the reason, and its record says so until its body has settled", async () => {
    const stubborn: (() => void)[] = [];
    const type = {
      name: "stubborn",
      description: "",
      params: [],
      execute: () => new Promise<void>((resolve) => stubborn.push(resolve)),
    };
    const runner = newRunner({ types: [type] });
    const client = newClient(runner);
    const told: unknown[] = [];
    runner.onEvent((event) => event.type === "job_stopping" && told.push(event));
    const { id } = runner.createJob("stubborn");
    runner.cancelJob(id, new Error("enough"));
    runner.cancelJob(id, "again");
    expect(told).toEqual([{ type: "job_stopping", job_id: id, reason: "enough" }]);
    expect(runner.getJob(id)).toMatchObject({ status: "running", stopping: true });
    await until(client, ({ jobs }) => jobs[0]?.stopping === true);
    expect(client.getAllJobs()).toEqual(runner.getAllJobs());
    stubborn[0]?.();
    expect(await ended(runner, id)).not.toHaveProperty("stopping");
    await until(client, ({ jobs }) => jobs[0]?.status === "cancelled");
    expect(client.getAllJobs()).toEqual(runner.getAllJobs());
  });

  it("is told of when its time is up, too; its next attempt has not been asked", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const told: string[] = [];
    runner.onEvent((event) => event.type !== "stats_update" && told.push(event.type));
    const { id } = runner.createJob("held", {}, { timeout: 5, retry: { limit: 1, delay: 0 } });
    await changed(runner, () => held.length === 2);
    expect(runner.getJob(id)).not.toHaveProperty("stopping");
    expect(told).toEqual(["job_created", "job_started", "job_stopping", "job_retrying", "job_started"]);
  });
});
