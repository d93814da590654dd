// Random programs of two clients at two gateways, with workers that run bodies: what has become of each job is what the
// protocol's model says, and all agree on it in content and order.
import { QueueWorker, type ServerJobType } from "jobgate/server";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openGateway, openPage, type Page } from "./support/gateways.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";

let redis: TestRedis;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  await redis.stop();
});

/** The same numbers each time. */
function chances(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const text = { name: "text", type: "string" } as const;
const wait = (time: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, time);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

const bodies: Record<string, ServerJobType["execute"]> = {
  quick: ({ text }) => ({ said: text }),
  steps: async ({ text }, { progress, signal }) => {
    for (let at = 1; at <= 4; at += 1) {
      await wait(5, signal);
      progress(at * 25, `${text} ${at}`);
    }
    return { said: text };
  },
  second: ({ text }, { attempt }) => {
    if (attempt === 1) throw new Error("the first attempt fails");
    return { said: text };
  },
  fails: () => {
    throw Object.assign(new RangeError("never"), { code: "E_NEVER" });
  },
  waits: (_, { signal }) => wait(60_000, signal),
};
const kinds = Object.keys(bodies);
const types = kinds.map(
  (name): ServerJobType => ({ name, description: "", params: [text], isolate: "none", execute: bodies[name]! }),
);

/** What the model says of a job that nobody has cancelled. */
const OUTCOMES: Record<string, (id: string) => object> = {
  quick: (id) => ({ status: "completed", result: { said: id }, attempt: 1 }),
  steps: (id) => ({ status: "completed", result: { said: id }, attempt: 1, progress: { percent: 100 } }),
  second: (id) => ({ status: "completed", result: { said: id }, attempt: 2 }),
  fails: () => ({ status: "failed", error: { name: "RangeError", message: "never", code: "E_NEVER" }, attempt: 2 }),
};

it.each([1, 2, 3])("program %i", async (seed) => {
  const sites = await Promise.all([1, 2].map(() => openGateway(redis.url, { types, retain: Infinity })));
  open.push(...sites);
  for (const name of ["one", "two"]) {
    const worker = new QueueWorker({ redis: redis.url, types, concurrency: 3, name });
    open.push({ close: () => worker.close({ timeout: 0 }) });
    await worker.ready;
  }
  const pages = sites.map((site) => openPage("team", [site]));
  open.push(...pages);
  const chance = chances(seed);
  const kindOf = (id: string) => kinds[Number(id) % kinds.length]!;
  const cancelled = new Set<string>();
  /** Cancelled, it may be, by an answer that got lost: asked again, it was too late. */
  const maybe = new Set<string>();
  const known = new Set<string>();
  const again: { readonly of: string; readonly id: string }[] = [];
  const doing: Promise<unknown>[] = [];
  const retrying = new Map<Page, number>();
  const retry = { limit: 1, delay: 10, jitter: "none" } as const;
  for (let step = 0; step < 250; step += 1) {
    const page = pages[chance(2)]!;
    const { client } = page;
    const id = `${chance(80)}`;
    const priority = chance(5) - 2;
    const delay = chance(4) === 0 ? { delay: chance(100) } : {};
    const create = async () => {
      await client.createJob(kindOf(id), { text: id }, { id, priority, retry, ...delay });
      known.add(id);
    };
    const cancel = async () => {
      const socket = page.sockets.at(-1);
      if (await client.cancelJob(id, `because of ${id}`)) cancelled.add(id);
      else if (page.sockets.at(-1) !== socket) maybe.add(id);
    };
    const actions: (() => unknown)[] = [
      create,
      create,
      create,
      cancel,
      () => client.setPriority(id, priority),
      async () => {
        // Of an unknown one, or one that has not finished, it is refused.
        retrying.set(page, (retrying.get(page) ?? 0) + 1);
        const made = await client.retryJob(id).catch(() => undefined);
        retrying.set(page, retrying.get(page)! - 1);
        if (made !== undefined) again.push({ of: id, id: made.id });
      },
      // What becomes of a retry whose answer gets lost, nobody knows: it is not asked again.
      () => (retrying.get(page) ? undefined : page.sockets.at(-1)?.terminate()),
    ];
    doing.push(Promise.resolve(actions[chance(actions.length)]!()));
    if (chance(8) === 0) await Promise.all(doing.splice(0));
  }
  await Promise.all(doing);

  // What waits for its cancel is given it, by the one page or the other.
  const left = () => pages[0]!.client.getAllJobs().filter(({ completed_at }) => completed_at === undefined);
  const cancelWaiting = async () => {
    for (const { id } of left().filter(({ type }) => type === "waits")) {
      if (await pages[chance(2)]!.client.cancelJob(id, `because of ${id}`)) cancelled.add(id);
    }
    return left().length;
  };
  await expect.poll(cancelWaiting, { timeout: 30_000 }).toBe(0);
  const idle = ({ stats }: { stats: { pending: number; running: number } }) => stats.pending + stats.running === 0;
  for (const one of pages) await one.until((snapshot) => snapshot.connected && idle(snapshot));

  const fresh = openPage("team", [sites[1]!]);
  open.push(fresh);
  const hasEnded = ({ completed_at }: { completed_at?: number }) => completed_at !== undefined;
  await fresh.until(({ connected, jobs }) => connected && jobs.every(hasEnded));
  const truth = fresh.client.getAllJobs();
  expect(truth.map(({ id }) => id).sort()).toEqual([...known, ...again.map(({ id }) => id)].sort());
  const first = new Map(again.map(({ of, id }) => [id, of]));
  const textOf = (id: string): string => (first.has(id) ? textOf(first.get(id)!) : id);
  for (const job of truth) {
    const said = textOf(job.id);
    expect(job).toMatchObject({ type: kindOf(said), params: { text: said } });
    const isCancelled = cancelled.has(job.id) || (maybe.has(job.id) && job.status === "cancelled");
    const outcome = isCancelled ? { status: "cancelled", reason: `because of ${job.id}` } : OUTCOMES[job.type]!(said);
    expect(job).toMatchObject(outcome);
  }
  const agrees = ({ client }: Page) => expect.poll(() => client.getAllJobs()).toEqual(truth);
  await Promise.all(pages.map(agrees));
  for (const { client } of pages) expect(client.getQueueStats()).toEqual(fresh.client.getQueueStats());
});
