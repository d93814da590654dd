import { JobManager } from "jobgate";
import { WorkerPool } from "jobgate/worker-pool";

const spawn = () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const pools = { own: new WorkerPool({ spawn, size: 2, grace: 100 }), default: new WorkerPool({ size: 4 }) };
const manager = new JobManager();
let serial = 0;

/** What the test calls. */
globalThis.page = {
  pools,
  run: (pool, type, params) => manager.runJob(++serial, pools[pool].job(type, params)).job,
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
  /** The longest time, in ms, that the page could not do anything else while `work` went on. */
  async longestHold(work) {
    let longest = 0;
    let last = performance.now();
    let over = false;
    const { port1, port2 } = new MessageChannel();
    const watched = new Promise((resolve) => {
      port1.onmessage = () => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
        if (over) resolve();
        else port2.postMessage(null);
      };
    });
    const tasks = [];
    if (PerformanceObserver.supportedEntryTypes.includes("longtask")) {
      const observer = new PerformanceObserver((list) =>
        tasks.push(...list.getEntries().map((entry) => entry.duration)),
      );
      observer.observe({ type: "longtask" });
    }
    port2.postMessage(null);
    await work();
    over = true;
    await watched;
    return { gap: longest, tasks };
  },
};
document.body.dataset.ready = "true";
