/** Case 3: jobs with random priorities through ten slots. */
import { AsyncQueuer } from "@tanstack/pacer";
import { JobManager } from "jobgate";
import PQueue from "p-queue";
import { FullManager } from "../floors/js-full.mjs";
import { ReadyQueue } from "../floors/ready-queue.mjs";
import { countingWork, expectEqual, keys, random } from "../work.mjs";

export const title = "Random priorities, 10 at once";
export const units = { time: "ns per job" };
export const notes = [
  "bottleneck is left out: it takes a job in more slowly than one ends, so that no queue builds up that could be ordered.",
  "p-queue keeps a sorted array; `p-queue + heap` is p-queue with a queueClass of one's own, as its README advises for long queues.",
  "js-min, p-limit, fastq, effect, rxjs and xstate have no priorities.",
];

export const variants = (quick) => {
  const n = quick ? 10_000 : 100_000;
  return [
    { id: "10 levels", n, levels: 10 },
    { id: "all different", n, levels: 2 ** 30 },
  ];
};

const drawn = new Map();

function priorities({ n, levels }) {
  const name = `${n}/${levels}`;
  if (!drawn.has(name)) {
    const next = random(1);
    drawn.set(
      name,
      Array.from({ length: n }, () => Math.floor(next() * levels)),
    );
  }
  return drawn.get(name);
}

/** p-queue's time grows with the square of the queue: it is worth the wait at the whole size. */
export const pace = (quick) => (quick ? {} : { limit: 6000 });

/** Started in the right order: higher first, first in first out among equals, but for those that found a free slot. */
export async function prove(make, { levels }) {
  const variant = { n: 200, levels, concurrency: 1, order: [] };
  const trial = make(variant);
  await trial.run();
  trial.check();
  await trial.end?.();
  const wanted = priorities(variant);
  const started = variant.order.slice(1);
  expectEqual("jobs started", started.length, 199);
  const right = [...started].sort((a, b) => wanted[b] - wanted[a] || a - b);
  expectEqual("order of starts", started.join(), right.join());
}

const noted = (order, i, body) => () => {
  order.push(i);
  return body();
};

/** One body for all when timed, one a job when the order is looked at. */
function workFor({ n, order }) {
  const work = countingWork();
  const { body } = work;
  const bodies = Array.from({ length: n }, (_, i) => (order ? noted(order, i, body) : body));
  return { work, bodies };
}

const contender = (open) => (variant) => {
  const { work, bodies } = workFor(variant);
  const { run, close } = open(variant.concurrency ?? 10, bodies, priorities(variant), variant);
  return { run, check: () => work.check(variant.n), end: close };
};

export const contenders = {
  "js-full": contender((concurrency, bodies, priority, { n }) => {
    const manager = new FullManager({ concurrency });
    const names = keys(n);
    return {
      run: () => {
        for (let i = 0; i < n; i++) manager.runJob(names[i], bodies[i], { priority: priority[i] });
        return manager.onIdle();
      },
    };
  }),

  jobgate: contender((concurrency, bodies, priority, { n }) => {
    const manager = new JobManager({ concurrency });
    const names = keys(n);
    return {
      run: () => {
        for (let i = 0; i < n; i++) manager.runJob(names[i], bodies[i], { priority: priority[i] });
        return manager.onIdle();
      },
      close: () => manager.close(),
    };
  }),

  "p-queue": contender((concurrency, bodies, priority, { n }) => {
    const queue = new PQueue({ concurrency });
    return {
      run: () => {
        for (let i = 0; i < n; i++) queue.add(bodies[i], { priority: priority[i] });
        return queue.onIdle();
      },
    };
  }),

  "p-queue + heap": contender((concurrency, bodies, priority, { n }) => {
    const queue = new PQueue({ concurrency, queueClass: HeapQueue });
    return {
      run: () => {
        for (let i = 0; i < n; i++) queue.add(bodies[i], { priority: priority[i] });
        return queue.onIdle();
      },
    };
  }),

  pacer: contender((concurrency, bodies, priority, { n }) => ({
    run: () =>
      new Promise((resolve) => {
        let left = n;
        const onSettled = () => --left === 0 && resolve();
        const queuer = new AsyncQueuer((item) => item.body(), { concurrency, onSettled });
        for (let i = 0; i < n; i++) queuer.addItem({ body: bodies[i], priority: priority[i] });
      }),
  })),
};

/** What p-queue asks of a queueClass, on the same queue as js-full's. */
class HeapQueue {
  #ready = new ReadyQueue();

  get size() {
    return this.#ready.size;
  }

  enqueue(run, { id, priority = 0 }) {
    this.#ready.push({ run, id, priority, before: null, after: null });
  }

  dequeue() {
    return this.#ready.size === 0 ? undefined : this.#ready.shift().run;
  }

  filter({ priority }) {
    return this.#items()
      .filter((item) => item.priority === priority)
      .map((item) => item.run);
  }

  setPriority(id, priority) {
    const item = this.#items().find((candidate) => candidate.id === id);
    this.#ready.remove(item);
    item.priority = priority;
    this.#ready.push(item);
  }

  remove(id) {
    const item = this.#items().find((candidate) => candidate.id === id);
    if (item) this.#ready.remove(item);
  }

  #items() {
    const items = [];
    for (const { first } of this.#ready.heap) for (let item = first; item; item = item.after) items.push(item);
    return items;
  }
}
