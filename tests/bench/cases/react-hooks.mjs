/** Case 13: a thousand mounted hooks that hear of updates. Pages only. */
import { JobManager } from "jobgate";
import { useJob, useJobs, useQueue } from "jobgate/react";
import { JobRunner } from "jobgate/runner";
import { atom } from "nanostores";
import { createElement, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { expectEqual } from "../work.mjs";

const HOOKS = 1000;
/** As rows of a long list are: what changes in one moves no other. */
const ROW = { contain: "strict", height: "1em" };

export const title = "A thousand mounted React hooks";
export const units = { time: "ns per update" };
export const notes = [
  "Each update is a task of its own; what React draws for it, with style and layout, is in the time.",
  "own: each hook has its key, each update is one component's. number: all hooks read one number of many, which stays.",
  "A thousand updates a second fit into each frame if one takes less than 1,000,000 ns.",
  "bare and nanostores are useSyncExternalStore over a Set of listeners, or an atom, a component.",
];

export const variants = (quick) =>
  ["own: state", "own: end and start", "number: useJobs", "number: useQueue"].map((id) => ({
    id,
    n: quick ? 100 : 1000,
  }));

export const leftOut = ({ id }) => (id === "own: state" ? [] : ["nanostores"]);

const { port1, port2 } = new MessageChannel();
/** The task after this one, and with it all that this one has left to microtasks. */
const turn = () =>
  new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(null);
  });

/** A thousand components, each of which shows what `use(n)` gives; `open` makes what they look at. */
const contender = (open) => (variant) => {
  const { use, update, check, close } = open(variant.id);
  const page = document.createElement("div");
  let fault;
  const root = createRoot(page, { onUncaughtError: (error) => (fault = error) });
  const One = ({ n }) => createElement("div", { style: ROW }, use(n));
  return {
    ready: async () => {
      document.body.append(page);
      root.render(Array.from({ length: HOOKS }, (_, n) => createElement(One, { key: n, n })));
      while (page.childElementCount < HOOKS) {
        if (fault) throw fault;
        await turn();
      }
      await turn();
    },
    run: async () => {
      for (let n = 0; n < variant.n; n++) {
        update(n);
        await turn();
        page.getBoundingClientRect();
      }
    },
    check: () =>
      check(
        Array.from(page.children, ({ textContent }) => textContent),
        variant.n,
      ),
    end: async () => {
      root.unmount();
      page.remove();
      await close?.();
    },
  };
};

/** The hooks show the newest value of each key. */
const checkStates = (shown, updates) => {
  for (let n = 0; n < updates; n++) expectEqual(`state ${n}`, shown[n % HOOKS], String(n + 1));
};
const checkNumber = (shown) => expectEqual("numbers", new Set(shown).size, 1);

/** As little as can be told to components of their own: a value and a Set of listeners each. */
function bareStores() {
  const stores = Array.from({ length: HOOKS }, () => ({ value: 0, listeners: new Set() }));
  const use = (n) => {
    const store = stores[n];
    store.subscribe ??= (listener) => {
      store.listeners.add(listener);
      return () => store.listeners.delete(listener);
    };
    return useSyncExternalStore(store.subscribe, () => store.value);
  };
  const set = (n, value) => {
    stores[n].value = value;
    for (const listener of stores[n].listeners) listener();
  };
  return { use, set };
}

/** One store of several numbers, of which all read one. */
function bareNumbers() {
  let numbers = { pending: 0, running: HOOKS };
  const listeners = new Set();
  const subscribe = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    use: () => useSyncExternalStore(subscribe, () => numbers.running),
    update: (n) => {
      numbers = { ...numbers, pending: n };
      for (const listener of listeners) listener();
    },
    check: checkNumber,
  };
}

/** A manager with a job running under each key. */
function busyManager() {
  const manager = new JobManager();
  const jobs = [];
  const run = (key) => {
    manager.runJob(key, (context) => new Promise((end) => (jobs[key] = { context, end })), { initialState: 0 });
  };
  for (let key = 0; key < HOOKS; key++) run(key);
  /** Every second time a job ends, else one starts in its place. */
  const endOrStart = (n) => (n % 2 === 0 ? jobs[(n >> 1) % HOOKS].end() : run((n >> 1) % HOOKS));
  const close = () => {
    for (const { end } of jobs) end();
    return manager.close();
  };
  return { manager, jobs, endOrStart, close };
}

const JOBGATE = {
  "own: state": () => {
    const { manager, jobs, close } = busyManager();
    const update = (n) => jobs[n % HOOKS].context.setState(n + 1);
    return { use: (n) => useJob(manager, n).state, update, check: checkStates, close };
  },
  "own: end and start": () => {
    const { manager, endOrStart, close } = busyManager();
    const check = (shown) => expectEqual("running", shown.filter((status) => status === "running").length, HOOKS);
    return { use: (n) => useJob(manager, n).status, update: endOrStart, check, close };
  },
  "number: useJobs": () => {
    const { manager, endOrStart, close } = busyManager();
    return { use: () => useJobs(manager).stats.failed, update: endOrStart, check: checkNumber, close };
  },
  "number: useQueue": () => {
    const held = [];
    const execute = (_, context) => new Promise((resolve) => held.push({ context, resolve }));
    const runner = new JobRunner({
      types: [{ name: "held", description: "", params: [], execute }],
      concurrency: HOOKS,
    });
    for (let n = 0; n < HOOKS; n++) runner.createJob("held");
    return {
      use: () => useQueue(runner).stats.running,
      update: (n) => held[n % HOOKS].context.progress(1 + (n % 99)),
      check: checkNumber,
      close: () => {
        for (const { resolve } of held) resolve();
        return runner.close();
      },
    };
  },
};

export const contenders = {
  bare: contender((id) => {
    if (id.startsWith("number")) return bareNumbers();
    const { use, set } = bareStores();
    if (id === "own: state") return { use, update: (n) => set(n % HOOKS, n + 1), check: checkStates };
    const check = (shown) => expectEqual("running", shown.filter((status) => status === "0").length, HOOKS);
    return { use, update: (n) => set((n >> 1) % HOOKS, (n + 1) % 2), check };
  }),
  jobgate: contender((id) => JOBGATE[id]()),
  nanostores: contender(() => {
    const stores = Array.from({ length: HOOKS }, () => atom(0));
    const use = (n) => useSyncExternalStore(stores[n].listen, stores[n].get);
    return { use, update: (n) => stores[n % HOOKS].set(n + 1), check: checkStates };
  }),
};
