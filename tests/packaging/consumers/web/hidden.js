import { JobManager } from "jobgate";

const timer = (wait) => new Promise((resolve) => setTimeout(resolve, wait));

// Each works in eleven waits, one more than the page's own timers have in the same time.
const WAITS = 11;
const WAIT = 40;

async function paced() {
  const manager = new JobManager({ rateLimit: { limit: 5, interval: WAIT } });
  for (let n = 0; n < 5 * (WAITS + 1); n++) manager.runJob(n, async () => n);
  await manager.onIdle();
}

async function timeouts() {
  for (let n = 0; n < WAITS; n++) {
    const { signal } = new JobManager().runJob("slow", () => new Promise(() => {}), { timeout: WAIT }).job;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }
}

async function retries() {
  const retry = { limit: WAITS, delay: WAIT, backoff: "fixed", jitter: "none" };
  await new JobManager().runJob("failing", () => Promise.reject(new Error("no")), { retry }).job.settled;
}

/** Whether it is over before ten waits of the page's own, which begin first: on the page's timers it could not be. */
async function isInTime(work) {
  const late = timers().then(() => false);
  return Promise.race([late, work().then(() => true)]);
}

async function timers() {
  for (let n = 1; n < WAITS; n++) await timer(WAIT);
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
