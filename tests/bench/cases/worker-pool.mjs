/** Case 12: jobs that compute in web workers. Pages only. */
import { transfer, wrap } from "comlink";
import { JobManager } from "jobgate";
import { WorkerPool } from "jobgate/worker-pool";
import workerpool from "workerpool";
import { expectEqual, keys } from "../work.mjs";

const LARGE = 64 * 1024 * 1024;
const GRACE = 50;

export const title = "Jobs in web workers";
export const units = { time: "ns per job" };
export const notes = [
  "empty: one call after the other. small: 1,000 at once over 2 workers. 64 MB: handed over to the worker and back.",
  `stop: from asking a job that spins to stop, to the result of the next, on one worker; jobgate's grace is ${GRACE} ms.`,
  "comlink is one worker and no pool: it takes no part in small and stop.",
  "poolifier-web-worker 0.5.15 takes no part: in a browser's worker it throws that the runtime is not supported.",
];

export const variants = (quick) => [
  { id: "empty", n: quick ? 50 : 1000, size: 1 },
  { id: "small, 2 workers", n: 1000, size: 2 },
  { id: "64 MB transferred", n: 1, size: 1 },
  { id: "stop → next", n: 1, size: 1 },
];

export const pace = (quick) => ({ rounds: quick ? [1, 1] : [3, 9] });

export const leftOut = ({ id }) => (id === "small, 2 workers" || id === "stop → next" ? ["comlink"] : []);

const url = (name) => new URL(`/workers/${name}.js`, location.href);
const start = (name) => new Worker(url(name), { type: "module" });

/** Calls by contender and number of workers; warm ones stay for the next run. */
const warm = new Map();
function open(name, size, make) {
  const key = `${name} ${size}`;
  if (!warm.has(key)) warm.set(key, make(size));
  return warm.get(key);
}

const OPEN = {
  jobgate: (size) => {
    const pool = new WorkerPool({ spawn: () => start("jobgate"), size, grace: GRACE });
    const jobs = new JobManager();
    const names = keys(1000);
    let serial = 0;
    const run = (type, params, transfer) => {
      serial = (serial + 1) % names.length;
      return jobs.runJob(names[serial], pool.job(type, params, transfer && { transfer })).job;
    };
    return {
      call: (type, params, transfer) => run(type, params, transfer).result,
      spin: (name) => {
        const job = run("spin", name);
        return () => void job.stop();
      },
    };
  },
  comlink: () => {
    const remote = wrap(start("comlink"));
    return { call: (type, params, list) => remote[type](list ? transfer(params, list) : params) };
  },
  workerpool: (size) => {
    const options = { minWorkers: size, maxWorkers: size, workerType: "web", workerOpts: { type: "module" } };
    const pool = workerpool.pool(url("workerpool").href, options);
    return {
      call: (type, params, transfer) => pool.exec(type, [params], transfer && { transfer }),
      spin: (name) => {
        const promise = pool.exec("spin", [name]);
        promise.catch(() => {});
        return () => void promise.cancel();
      },
    };
  },
};

/** Whether somebody has the lock of that name: the worker that spins. A message of its own could leave before the page listens. */
const isHeld = async (name) => (await navigator.locks.query()).held.some((lock) => lock.name === name);

const TRIALS = {
  empty: (calls, { n }) => {
    let sum = 0;
    return {
      ready: () => calls.call("nothing"),
      run: async () => {
        for (let i = 0; i < n; i++) sum += 1 + (await calls.call("nothing"));
      },
      check: () => expectEqual("calls", sum, n),
    };
  },
  "small, 2 workers": (calls, { n }) => {
    let results;
    return {
      ready: () => Promise.all([calls.call("small", 0), calls.call("small", 1)]),
      run: async () => {
        results = await Promise.all(Array.from({ length: n }, (_, number) => calls.call("small", number)));
      },
      check: () => {
        expectEqual("results", results.length, n);
        expectEqual("first result", results[0], 499_500);
      },
    };
  },
  "64 MB transferred": (calls) => {
    const buffer = new ArrayBuffer(LARGE);
    let returned;
    return {
      ready: () => calls.call("nothing"),
      run: async () => {
        returned = await calls.call("bytes", buffer, [buffer]);
      },
      check: () => {
        expectEqual("bytes handed over", buffer.byteLength, 0);
        expectEqual("bytes returned", returned.byteLength, LARGE);
      },
    };
  },
  "stop → next": (calls) => {
    const name = `spin ${Math.random()}`;
    let stop;
    let result;
    return {
      ready: async () => {
        await calls.call("nothing");
        stop = calls.spin(name);
        while (!(await isHeld(name))) await new Promise((resolve) => setTimeout(resolve, 1));
      },
      run: async () => {
        stop();
        result = await calls.call("nothing");
      },
      check: () => expectEqual("result of the next", result, 0),
      // Chromium takes two seconds to end it, in which the next round would not have the processor to itself.
      end: () => navigator.locks.request(name, () => {}),
    };
  },
};

export const contenders = Object.fromEntries(
  Object.entries(OPEN).map(([name, make]) => [
    name,
    (variant) => ({ n: variant.n, ...TRIALS[variant.id](open(name, variant.size, make), variant) }),
  ]),
);
