import * as jobgate from "jobgate";
import { WorkerPool } from "jobgate/worker-pool";

const own = [];
const spawn = () => {
  own.push(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
  return own.at(-1);
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

/** What the test calls. */
globalThis.page = {
  pools,
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
   * Of up to fifteen rounds the first in which the page was held for less than 50 ms, else the shortest: what the work
   * itself does to it is there in all of them, what other programs do is not.
   */
  async longestHold(work) {
    let best = await holdDuring(work);
    for (let round = 2; round <= 15 && Math.max(best.gap, best.task ?? 0) >= 50; round += 1) {
      const hold = await holdDuring(work);
      if (hold.gap < best.gap) best = hold;
    }
    return best;
  },
};
document.body.dataset.ready = "true";
