// A minute at four fifths of what this machine does: what is lost, and how long a job takes from its creation in a page
// to where the page sees its end.
import { expect, onTestFinished, test } from "vitest";
import { cpuOf } from "../support/cpu.ts";
import { openPage, type Page, spawnGateway } from "../support/gateways.ts";
import { startRedis } from "../support/redis.ts";
import { paced, percentiles, spawnWorker } from "./support.ts";

const MOST_JOBS = 2000;
const AT_ONCE = 50;
const SECONDS = Number(process.env.SECONDS ?? 60);
const PART = 0.8;

/** When each job's end is seen. */
function ends({ client }: Page): Map<string, () => void> {
  const waiting = new Map<string, () => void>();
  client.subscribe(() => {
    for (const [id, end] of waiting) {
      if (client.getJob(id)?.status !== "completed") continue;
      waiting.delete(id);
      end();
    }
  });
  return waiting;
}

test("a minute at four fifths", async () => {
  await using redis = await startRedis();
  const gateway = await spawnGateway(redis.url, Infinity);
  onTestFinished(gateway.close);
  const worker = await spawnWorker(redis.url, AT_ONCE);
  onTestFinished(worker.stop);
  const page = openPage("team", [gateway]);
  await page.until(({ connected }) => connected);
  const waiting = ends(page);
  const run = async (id: string) => {
    const began = performance.now();
    const seen = new Promise<void>((resolve) => waiting.set(id, resolve));
    await page.client.createJob("echo", { text: id }, { id });
    await seen;
    return performance.now() - began;
  };

  let next = 0;
  const lane = async () => {
    while (next < MOST_JOBS) await run(`most-${next++}`);
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const most = (1000 * MOST_JOBS) / (performance.now() - began);

  const cpu = () => [gateway.child.pid!, worker.pid, redis.pid].map(cpuOf);
  const before = cpu();
  const times: number[] = [];
  const count = Math.round(most * PART * SECONDS);
  await paced(most * PART, SECONDS, async (at) => times.push(await run(`job-${at}`)));
  const [ofGateway, ofWorker, ofRedis] = cpu().map((now, at) => ((now - before[at]!) / count).toFixed(2));
  expect(times).toHaveLength(count);
  // They are counted once what has changed was told.
  await expect
    .poll(() => page.client.getQueueStats())
    .toMatchObject({ completed: MOST_JOBS + count, failed: 0, pending: 0, running: 0 });
  console.log(
    [
      `at most ${most.toFixed(0)} jobs/s; ${count} at ${(most * PART).toFixed(0)} a second, none lost`,
      `from creation to its end seen: ${percentiles(times)}`,
      `CPU a job: gateway ${ofGateway} ms, worker ${ofWorker} ms, Redis ${ofRedis} ms`,
    ].join("\n"),
  );
  page.close();
});
