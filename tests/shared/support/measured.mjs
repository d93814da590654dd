// What is measured in the page.
import { SharedRunner } from "jobgate/shared";
import { countTransactions } from "./transactions.ts";
import { longestTurn } from "./turns.mjs";

countTransactions();

const HOUR = 3_600_000;
const types = [{ name: "later", description: "", params: [{ name: "text", type: "string" }], execute: () => 1 }];
const params = { text: "a line of what a user has written, sent once the network is back" };

/** Runs until it is let go on, and says when it has begun, by the clock that all pages of the machine have. */
const held = {
  name: "held",
  description: "",
  params: [],
  async execute(_, { signal }) {
    measured.began(performance.timeOrigin + performance.now());
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  },
};

let runner;

const perSecond = (count, took) => (1000 * count) / took;

const create = () => runner.createJob("later", params, { delay: HOUR });

globalThis.measured = {
  async open(options) {
    runner = new SharedRunner({ builtins: false, types: [...types, held], ...options });
    await runner.ready;
  },
  /** Creates one that is held; resolves once it runs. */
  async hold() {
    const begun = new Promise((resolve) => {
      measured.began = resolve;
    });
    measured.id = (await runner.createJob("held")).id;
    await begun;
    return measured.id;
  },
  /** Resolves once this page runs what another did: with when it began. */
  inherit() {
    measured.inherited = new Promise((resolve) => {
      measured.began = resolve;
    });
  },
  /** Stands still until the server has thawed its process. */
  freeze() {
    betweenTransactions(() => {
      const request = new XMLHttpRequest();
      request.open("GET", "/freeze", false);
      request.send();
    });
  },
  close: () => runner.close(),
  /** For good: it would be taken over again. */
  stop: (id) => runner.cancelJob(id),
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
