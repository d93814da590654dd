import * as jobgate from "jobgate";
import { WorkerPool } from "jobgate/worker-pool";

const own = [];
/** Of each own worker that was ended: whether another was there before anything else happened. */
const replaced = [];
const spawn = () => {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.terminate = () => {
    const before = own.length;
    Worker.prototype.terminate.call(worker);
    queueMicrotask(() => replaced.push(own.length > before));
  };
  own.push(worker);
  return worker;
};
/** A file that no bundler has seen. */
const loads = (file) => new WorkerPool({ spawn: () => new Worker(file, { type: "module" }) });
/** Without Trusted Types an address is trusted as it is. */
const policy = globalThis.trustedTypes?.createPolicy("app", { createScriptURL: (address) => address });
const trusted = (address) => policy?.createScriptURL(address) ?? address;
const pools = {
  own: new WorkerPool({ spawn, size: 1, grace: 100 }),
  default: new WorkerPool({ size: 4 }),
  // What they kill did not hear of the abort: on a machine that is busy, too, a worker has its turn in this time.
  ownPatient: new WorkerPool({ spawn, size: 1, grace: 30_000 }),
  defaultPatient: new WorkerPool({ size: 1, grace: 30_000 }),
  trusted: new WorkerPool({ spawn: () => new Worker(trusted("/worker.js"), { type: "module" }) }),
  missing: loads("/there-is-no-such-worker.js"),
  broken: loads("/broken.js"),
};
const manager = new jobgate.JobManager();
let serial = 0;

const CLASSES = { Error, RangeError, TypeError, AggregateError, DOMException, ...jobgate };

/** What there is to see of it, as data. */
function look(error) {
  if (!(error instanceof Error)) return error;
  const { name, message, code, cause, errors } = error;
  return {
    is: Object.keys(CLASSES).filter((name) => typeof CLASSES[name] === "function" && error instanceof CLASSES[name]),
    ...{ name, message, code, cause: look(cause), errors: errors?.map(look), stack: error.stack?.includes("worker") },
  };
}

/** The longest time, in ms, that the page could not do anything else while `work` went on. */
async function holdDuring(work) {
  let gap = 0;
  let last = performance.now();
  let over = false;
  const { port1, port2 } = new MessageChannel();
  const watched = new Promise((resolve) => {
    port1.onmessage = () => {
      const now = performance.now();
      gap = Math.max(gap, now - last);
      last = now;
      if (over) resolve();
      else port2.postMessage(null);
    };
  });
  const tasks = [];
  const note = (entries) => tasks.push(...entries.map(({ duration }) => duration));
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  const tellsOfTasks = PerformanceObserver.supportedEntryTypes.includes("longtask");
  if (tellsOfTasks) observer.observe({ type: "longtask" });
  port2.postMessage(null);
  await work();
  over = true;
  await watched;
  note(observer.takeRecords());
  observer.disconnect();
  return { gap, task: tellsOfTasks ? Math.max(0, ...tasks) : undefined };
}

const longest = ({ gap, task = 0 }) => Math.max(gap, task);

/** What the test calls. */
globalThis.page = {
  pools,
  replaced,
  run: (pool, type, params, { transfer, ...options } = {}) =>
    manager.runJob(++serial, pools[pool].job(type, params, { transfer }), options).job,
  async endOf(job) {
    const began = performance.now();
    const { type, error, reason } = await job.settled;
    return { type, error: look(error), reason, attempt: job.attempt, took: performance.now() - began };
  },
  unreadable: () => RTCPeerConnection.generateCertificate({ name: "ECDSA", namedCurve: "P-256" }),
  /** What the own worker keeps of what it hands over. */
  kept: () =>
    new Promise((resolve) => {
      own.at(-1).addEventListener("message", ({ data }) => "kept" in data && resolve(data.kept));
    }),
  terminate: () => own.at(-1).terminate(),
  running: (job) =>
    new Promise((resolve) => {
      if (job.progress.message !== "") resolve();
      job.onProgress(() => resolve());
    }),
  /** Four workers that have nothing to do with the package. */
  strangers: () =>
    Promise.all(
      [0, 1, 2, 3].map(
        () =>
          new Promise((resolve) => {
            const worker = new Worker(new URL("./spin.js", import.meta.url), { type: "module" });
            worker.onmessage = resolve;
          }),
      ),
    ),
  /**
   * Of up to fifteen rounds of each, in turn, the shortest holds: what the work itself does to the page is there in all
   * of them, what other programs do is not. `ours` is to be below `bound`; then it is enough.
   */
  async longestHolds(ours, others) {
    const best = {};
    let bound = 0;
    for (let round = 1; round <= 15; round += 1) {
      for (const [who, work] of Object.entries({ ours, others })) {
        const hold = await holdDuring(work);
        if (best[who] === undefined || longest(hold) < longest(best[who])) best[who] = hold;
      }
      // By the clock on the wall: where other programs keep the processors all the time, any task is long.
      bound = Math.max(50, 2 * best.others.gap);
      if (longest(best.ours) < bound) break;
    }
    return { ...best, bound };
  },
};
document.body.dataset.ready = "true";
