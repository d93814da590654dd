/** Case 4: asking for a job whose key is running already. */
import { Effect, Exit, FiberMap, Scope } from "effect";
import { JobManager } from "jobgate";
import { FullManager } from "../floors/js-full.mjs";
import { MinManager } from "../floors/js-min.mjs";
import { blockedWork, expectEqual, keys } from "../work.mjs";

const RUNNING = 1000;

export const title = "runJob on a key that is running";
export const units = { time: "ns per call" };
export const notes = [
  `${RUNNING} jobs are running; bare is Map.get and a look at what it gave.`,
  "A string built for the call has to be hashed: that is in every contender's figure.",
  "Of the peers only effect has keyed jobs: FiberMap with onlyIfMissing, which starts nothing but does not hand the standing job back either.",
];

export const variants = (quick) => [
  { id: "same string", n: quick ? 100_000 : 1_000_000 },
  { id: "string built for the call", n: quick ? 100_000 : 1_000_000, built: true },
];

const asked = new Map();

/** The strings to ask with. Built ones are new to the engine's string table and to the map each time. */
function questions({ n, built }) {
  const names = keys(RUNNING);
  if (!asked.has(n))
    asked.set(
      n,
      Array.from({ length: n }, (_, i) => names[i % RUNNING]),
    );
  return built ? Array.from({ length: n }, (_, i) => `job-${i % RUNNING}`) : asked.get(n);
}

const contender = (open) => (variant) => {
  const names = questions(variant);
  const { ask, close } = open(blockedWork());
  let found = 0;
  return {
    run: () => {
      found = ask(names);
    },
    check: () => expectEqual("keys found", found, names.length),
    end: close,
  };
};

export const contenders = {
  bare: contender(() => {
    const map = new Map(keys(RUNNING).map((name) => [name, { key: name }]));
    return {
      ask: (names) => {
        let found = 0;
        for (let i = 0; i < names.length; i++) if (map.get(names[i]) !== undefined) found++;
        return found;
      },
    };
  }),

  "js-min": contender((work) => {
    const manager = new MinManager();
    for (const name of keys(RUNNING)) manager.runJob(name, work.body);
    return {
      ask: (names) => {
        let found = 0;
        for (let i = 0; i < names.length; i++)
          if (manager.runJob(names[i], work.body).type === "JOB_ALREADY_RUNNING") found++;
        return found;
      },
      close: () => work.release(),
    };
  }),

  "js-full": contender((work) => {
    const manager = new FullManager();
    for (const name of keys(RUNNING)) manager.runJob(name, work.body);
    return {
      ask: (names) => {
        let found = 0;
        for (let i = 0; i < names.length; i++)
          if (manager.runJob(names[i], work.body).type === "JOB_ALREADY_RUNNING") found++;
        return found;
      },
      close: () => work.release(),
    };
  }),

  jobgate: contender((work) => {
    const manager = new JobManager();
    for (const name of keys(RUNNING)) manager.runJob(name, work.body);
    return {
      ask: (names) => {
        let found = 0;
        for (let i = 0; i < names.length; i++)
          if (manager.runJob(names[i], work.body).type === "JOB_ALREADY_RUNNING") found++;
        return found;
      },
      close: () => {
        work.release();
        return manager.close();
      },
    };
  }),

  "jobgate getRunningJob": contender((work) => {
    const manager = new JobManager();
    for (const name of keys(RUNNING)) manager.runJob(name, work.body);
    return {
      ask: (names) => {
        let found = 0;
        for (let i = 0; i < names.length; i++) if (manager.getRunningJob(names[i]) !== undefined) found++;
        return found;
      },
      close: () => {
        work.release();
        return manager.close();
      },
    };
  }),

  effect: contender((work) => {
    const scope = Effect.runSync(Scope.make());
    const run = Effect.runSync(
      Scope.provide(
        Effect.flatMap(FiberMap.make(), (map) => FiberMap.runtime(map)()),
        scope,
      ),
    );
    const job = Effect.promise(work.body);
    for (const name of keys(RUNNING)) run(name, job);
    return {
      ask: (names) => {
        for (let i = 0; i < names.length; i++) run(names[i], job, { onlyIfMissing: true });
        return names.length - (work.started - RUNNING);
      },
      close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
    };
  }),
};
