import { JobManager } from "jobgate";

const timer = (wait) => new Promise((resolve) => setTimeout(resolve, wait));

async function lasts(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function paced() {
  const manager = new JobManager({ rateLimit: { limit: 5, interval: 100 } });
  for (let n = 0; n < 20; n++) manager.runJob(n, async () => n);
  await manager.onIdle();
}

async function timeout() {
  const { signal } = new JobManager().runJob("slow", () => new Promise(() => {}), { timeout: 200 }).job;
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

async function retries() {
  const retry = { limit: 3, delay: 100, backoff: "fixed", jitter: "none" };
  await new JobManager().runJob("failing", () => Promise.reject(new Error("no")), { retry }).job.settled;
}

async function timers() {
  for (let n = 0; n < 3; n++) await timer(100);
}

async function run() {
  while (!document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve));
  const took = {};
  for (const work of [paced, timeout, retries, timers]) took[work.name] = await lasts(work);
  await fetch("/told", { method: "POST", body: JSON.stringify({ ...took, hidden: document.hidden }) });
}
run();
