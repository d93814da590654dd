import { gate, JobManager, NonRetriableError } from "jobgate";
import { report } from "./report.js";

async function streams() {
  const manager = new JobManager();
  const all = manager.events();
  const { job } = manager.runJob("steps", async (context) => {
    for (const percent of [25, 50]) {
      await context.checkpoint();
      context.progress(percent);
    }
    return "done";
  });
  const types = [];
  for await (const { type } of job.events()) types.push(type);
  const first = [];
  for await (const { type } of all) {
    first.push(type);
    if (first.length === 2) break;
  }
  return [types.join(" "), first.join(" "), `locked ${all.locked}`];
}

/** Whatever is thrown, told in a word. */
const told = (work) => work.then(String, (error) => `${error.name}: ${error.message}`);

async function signals() {
  const reason = new RangeError("enough");
  const controller = new AbortController();
  controller.abort(reason);
  const { signal } = controller;
  const manager = new JobManager({ concurrency: 1 });
  const { job } = manager.runJob("endless", async (context) => {
    for (;;) await context.checkpoint();
  });
  job.stop(reason);
  const aborted = manager.runJob("aborted", async () => 1, { signal }).job;
  return [await told(gate().wait({ signal })), await told(job.result), await told(aborted.result)];
}

async function limits() {
  const manager = new JobManager({ rateLimit: { limit: 2, interval: 20 } });
  const late = manager.runJob("late", () => new Promise(() => {}), { timeout: 10 }).job;
  const error = new NonRetriableError("never again");
  const fatal = manager.runJob("fatal", () => Promise.reject(error), { retry: 3 }).job;
  const delayed = manager.runJob("delayed", async ({ attempt }) => attempt, { delay: 5 }).job;
  const ends = [await told(fatal.result), `attempts ${fatal.attempt}`, await told(delayed.result)];
  return [...ends, late.signal.aborted ? late.signal.reason.name : "waits"];
}

/** More than a table of references of the oldest WebKit takes. */
async function statistics() {
  const manager = new JobManager();
  for (let n = 0; n < 1000; n++) manager.runJob(`job ${n}`, async () => n);
  await manager.onIdle();
  let total = 0;
  for (let n = 0; n < 1000; n++) total += manager.stats.completed + manager.getSnapshot().stats.total;
  return total;
}

const programs = { streams, signals, limits, statistics };
report(
  (async () => {
    const outcomes = {};
    for (const [name, program] of Object.entries(programs)) outcomes[name] = await program().catch(String);
    return outcomes;
  })(),
);
