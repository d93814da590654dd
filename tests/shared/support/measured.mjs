// What is measured in the page.
import { SharedRunner } from "jobgate/shared";
import { longestTurn } from "./turns.mjs";

const HOUR = 3_600_000;
const types = [{ name: "later", description: "", params: [{ name: "text", type: "string" }], execute: () => 1 }];
const params = { text: "a line of what a user has written, sent once the network is back" };

let runner;

const perSecond = (count, took) => (1000 * count) / took;

const create = () => runner.createJob("later", params, { delay: HOUR });

globalThis.measured = {
  async open(options) {
    runner = new SharedRunner({ builtins: false, types, ...options });
    await runner.ready;
  },
  async createEach(count) {
    const began = performance.now();
    for (let made = 0; made < count; made++) await create();
    return perSecond(count, performance.now() - began);
  },
  async createAll(count) {
    const { longest, took } = await longestTurn(() => Promise.all(Array.from({ length: count }, create)));
    return { longest, perSecond: perSecond(count, took) };
  },
  async load() {
    const { longest, took } = await longestTurn(() => measured.open());
    const list = () => {
      const began = performance.now();
      runner.getAllJobs();
      return performance.now() - began;
    };
    return {
      [`loaded, ${runner.getQueueStats().total} pending, ms`]: took,
      "  longest turn, ms": longest,
      "  listed the first time, ms": list(),
      "  listed again, ms": list(),
    };
  },
  /** Jobs that do nothing, until all have ended. */
  async work(count) {
    const began = performance.now();
    const created = await Promise.all(Array.from({ length: count }, () => runner.createJob("later", params)));
    const waiting = new Set(created.map(({ id }) => id));
    await new Promise((resolve) => {
      const look = () => {
        for (const id of waiting) if (runner.getJob(id)?.status === "completed") waiting.delete(id);
        if (waiting.size > 0) return;
        leave();
        resolve();
      };
      const leave = runner.subscribe(look);
      look();
    });
    return perSecond(count, performance.now() - began);
  },
};
