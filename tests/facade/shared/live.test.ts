// What a body has begun and not waited for: its end is not before that has ended.

import type { SharedRunner, SharedTaskContext } from "jobgate/shared";
import { expect, test } from "vitest";
import { ended, latch, locksOf, queue, settle, until } from "./support/tabs.js";
import { type } from "./support/types.js";

/** A step's body that goes on until it is let go, whatever it is asked; counts how many of it are live. */
function deaf() {
  const [begun, go] = [latch(), latch()];
  const seen = { live: 0, most: 0, calls: 0, aborted: false };
  const body = async ({ signal }: { readonly signal: AbortSignal }) => {
    seen.calls++;
    seen.live++;
    seen.most = Math.max(seen.most, seen.live);
    begun.open();
    await go.opened;
    seen.live--;
    seen.aborted ||= signal.aborted;
    return "paid";
  };
  return { body, seen, begun: begun.opened, go: go.open };
}

/** Long enough for another attempt to begin, if one is to. */
async function looks(tab: SharedRunner, id: string): Promise<void> {
  for (let times = 0; times < 20; times++) await tab.findJob(id);
}

const AGAIN = { retry: { limit: 3, delay: 0 } } as const;

test("a step that is live when its body fails is not started again beside itself, and what it returns is kept", async () => {
  const { open } = queue();
  const pay = deaf();
  const failed = latch();
  const types = [
    type("order", (_: unknown, { step, attempt }: SharedTaskContext) =>
      Promise.all([
        step("pay", pay.body),
        step("mail", () => {
          if (attempt > 1) return "sent";
          failed.open();
          throw new Error("no mail");
        }),
      ]),
    ),
  ];
  const tab = open({ types });
  const { id } = await tab.createJob("order", {}, AGAIN);
  await failed.opened;
  await looks(tab, id);
  expect(tab.getJob(id)).toMatchObject({ status: "running", attempt: 1 });
  pay.go();
  expect(await ended(tab, id)).toMatchObject({ result: ["paid", "sent"], attempt: 2 });
  expect(pay.seen).toEqual({ live: 0, most: 1, calls: 1, aborted: true });
});

test("a step that does not listen when its job's time is over is live once, however many tries are left", async () => {
  const { open } = queue();
  const pay = deaf();
  const late = latch();
  const types = [
    type("order", (_: unknown, { step, signal }: SharedTaskContext) =>
      Promise.race([
        step("pay", pay.body),
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            late.open();
            reject(signal.reason);
          });
        }),
      ]),
    ),
  ];
  const tab = open({ types });
  const { id } = await tab.createJob("order", {}, { timeout: 20, ...AGAIN });
  await late.opened;
  await looks(tab, id);
  expect(tab.getJob(id)).toMatchObject({ status: "running", attempt: 1 });
  pay.go();
  expect(await ended(tab, id)).toMatchObject({ result: "paid", attempt: 2 });
  expect(pay.seen).toMatchObject({ most: 1, calls: 1 });
});

test("a job keeps its key, and who stops it waits, while a step is live; what its body came to stays, also when its time is over", async () => {
  const { open } = queue();
  for (const { timeout, stops, outcome } of [
    { timeout: 20, stops: false, outcome: { status: "failed", error: { message: "mine" } } },
    { timeout: 1e9, stops: true, outcome: { status: "cancelled", reason: "enough" } },
  ]) {
    const pay = deaf();
    const aborted = latch();
    const types = [
      type("order", async (_: unknown, { step, signal }: SharedTaskContext) => {
        step("pay", pay.body).catch(() => {});
        await pay.begun;
        signal.addEventListener("abort", () => aborted.open());
        throw new Error("mine");
      }),
    ];
    const tab = open({ types });
    const { job } = await tab.runJob("key", "order", {}, { timeout });
    await pay.begun;
    let hasStopped = false;
    const stopped = stops && job.stop("enough").then(() => (hasStopped = true));
    // Whoever has the body's signal hears of both all the same.
    await aborted.opened;
    await looks(tab, job.record.id);
    const standing = tab.getRunningJob("key")?.record.id === job.record.id;
    expect([standing, job.record.status, hasStopped]).toEqual([true, "running", false]);
    pay.go();
    await stopped;
    await job.settled;
    expect(job.record).toMatchObject(outcome);
    await tab.close();
  }
});

test("a step that hangs keeps nobody from closing; a result that was there is recorded, a failure is not", async () => {
  const { name, open } = queue();
  const [begun, attempts] = [latch(), { good: 0, bad: 0 }];
  let left = 2;
  const hang = ({ step }: SharedTaskContext) => {
    step("hang", () => new Promise(() => {})).catch(() => {});
    left--;
    if (left === 0) begun.open();
  };
  const types = [
    type("good", (_: unknown, context: SharedTaskContext) => {
      attempts.good++;
      if (attempts.good === 1) hang(context);
      return attempts.good;
    }),
    type("bad", (_: unknown, context: SharedTaskContext) => {
      attempts.bad++;
      if (attempts.bad > 1) return attempts.bad;
      hang(context);
      throw new Error("no");
    }),
  ];
  const tab = open({ types });
  const [good, bad] = [await tab.createJob("good"), await tab.createJob("bad")];
  await begun.opened;
  await settle();
  await tab.close();
  expect(await locksOf(name)).toEqual([]);
  const heir = open({ types });
  expect(await ended(heir, good.id)).toMatchObject({ status: "completed", result: 1 });
  expect(await ended(heir, bad.id)).toMatchObject({ status: "completed", result: 2, attempt: 1 });
});

test("a step that is begun after its body has settled is not called, and says why, also after its runner was closed", async () => {
  const { open } = queue();
  const given = latch<SharedTaskContext>();
  const types = [type("quick", (_: unknown, context: SharedTaskContext) => given.open(context))];
  const tab = open({ types });
  const { job } = await tab.runJob("key", "quick");
  const context = await given.opened;
  await job.result;
  let calls = 0;
  const late = async () => {
    await expect(context.step("late", () => calls++)).rejects.toMatchObject({ message: "The body has ended" });
    await expect(context.sleep("nap", 1)).rejects.toMatchObject({ message: "The body has ended" });
  };
  await late();
  await tab.close();
  await late();
  expect(calls).toBe(0);
});

test("an action whose listener is at it when the body fails does not come again beside itself", async () => {
  const { open } = queue();
  const work = deaf();
  const types = [
    type<unknown, unknown, unknown, string>("listen", async (_, { onAction, attempt, signal }) => {
      onAction(async () => void (await work.body({ signal })));
      await work.begun;
      if (attempt === 1) throw new Error("again");
      return attempt;
    }),
  ];
  const tab = open({ types });
  const { job } = await tab.runJob<unknown, string>("key", "listen", {}, AGAIN);
  await until(tab, () => job.record.status === "running");
  await job.dispatch("a");
  await work.begun;
  await looks(tab, job.record.id);
  expect(job.record).toMatchObject({ status: "running", attempt: 1 });
  work.go();
  expect(await job.result).toBe(2);
  expect(work.seen).toMatchObject({ most: 1, calls: 1 });
});
