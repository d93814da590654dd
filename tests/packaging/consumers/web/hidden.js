import { JobManager } from "jobgate";

const timer = (wait) => new Promise((resolve) => setTimeout(resolve, wait));

// Each works for 400 ms, in four waits.

async function paced() {
  const manager = new JobManager({ rateLimit: { limit: 5, interval: 100 } });
  for (let n = 0; n < 25; n++) manager.runJob(n, async () => n);
  await manager.onIdle();
}

async function timeouts() {
  for (let n = 0; n < 4; n++) {
    const { signal } = new JobManager().runJob("slow", () => new Promise(() => {}), { timeout: 100 }).job;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }
}

async function retries() {
  const retry = { limit: 4, delay: 100, backoff: "fixed", jitter: "none" };
  await new JobManager().runJob("failing", () => Promise.reject(new Error("no")), { retry }).job.settled;
}

/** Whether it is over before three waits of the page's own, which begin first: on the page's timers it could not be. */
async function isInTime(work) {
  const late = timers().then(() => false);
  return Promise.race([late, work().then(() => true)]);
}

async function timers() {
  for (let n = 0; n < 3; n++) await timer(100);
}

async function run() {
  while (!document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve));
  // What waits in the page's stead takes a moment to start; from then on it is there.
  while (!(await isInTime(paced)));
  const inTime = {};
  for (const work of [paced, timeouts, retries]) inTime[work.name] = await isInTime(work);
  await fetch("/told", { method: "POST", body: JSON.stringify({ ...inTime, hidden: document.hidden }) });
}
run();
