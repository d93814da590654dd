// 200 pages at one gateway while 100 jobs a second pass, each of which tells its progress.
import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { cpuOf, memoryOf } from "../support/cpu.ts";
import { openPage, spawnGateway } from "../support/gateways.ts";
import { startRedis } from "../support/redis.ts";
import { paced, percentiles, sleep, spawnWorker } from "./support.ts";

const PAGES = 200;
/** Those that hold all jobs as a page does; the others count. */
const WHOLE = 10;
const A_SECOND = 100;
const SECONDS = 30;
const JOBS = A_SECOND * SECONDS;
const STEPS = { times: 10, pause: 10 };

/** Knows which jobs have completed, and when it heard of it. */
class Counter {
  readonly completed = new Set<string>();
  readonly late: number[] = [];
  bytes = 0;
  messages = 0;
  readonly socket: WebSocket;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on("open", () => this.socket.send('{"type":"get_state","protocol":2}'));
    this.socket.on("message", (data) => this.hear(String(data)));
  }

  private hear(text: string): void {
    this.bytes += text.length;
    this.messages += 1;
    if (text.startsWith('{"type":"job_completed"')) {
      const { job_id, completed_at } = JSON.parse(text);
      this.completed.add(job_id);
      this.late.push(Date.now() - completed_at);
    } else if (text.startsWith('{"type":"queue_state"')) {
      for (const { id, status } of JSON.parse(text).jobs) if (status === "completed") this.completed.add(id);
    }
  }
}

test("200 pages in step", async () => {
  await using redis = await startRedis();
  const gateway = await spawnGateway(redis.url);
  const worker = await spawnWorker(redis.url, 100);
  const whole = Array.from({ length: WHOLE }, () => openPage("team", [gateway]));
  const counters = Array.from({ length: PAGES - WHOLE }, () => new Counter(gateway.socketUrl("team")));
  await Promise.all([
    ...whole.map((page) => page.until(({ connected }) => connected)),
    ...counters.map(({ socket }) => once(socket, "open")),
  ]);
  const { client } = whole[0]!;
  const began = performance.now();
  const cpu = cpuOf(gateway.child.pid!);
  const memory: number[] = [];
  const watching = setInterval(() => memory.push(memoryOf(gateway.child.pid!)), 3000);
  await paced(A_SECOND, SECONDS, (at) => client.createJob("steps", STEPS, { id: `job-${at}` }));
  const created = performance.now();
  await expect
    .poll(() => counters.filter(({ completed }) => completed.size < JOBS).length, { timeout: 120_000 })
    .toBe(0);
  const caughtUp = performance.now();
  clearInterval(watching);
  await sleep(1000);
  const truth = client.getAllJobs().map(({ id, status }) => `${id} ${status}`);
  for (const page of whole) expect(page.client.getAllJobs().map(({ id, status }) => `${id} ${status}`)).toEqual(truth);
  const spent = cpuOf(gateway.child.pid!) - cpu;
  const total = (of: (counter: Counter) => number) => counters.reduce((sum, one) => sum + of(one), 0);
  console.log(
    [
      `${JOBS} jobs in ${((created - began) / 1000).toFixed(1)} s, seen by all ${((caughtUp - created) / 1000).toFixed(1)} s later`,
      `a page heard ${(total(({ messages }) => messages) / counters.length / JOBS).toFixed(1)} messages a job, ${(total(({ bytes }) => bytes) / counters.length / JOBS).toFixed(0)} bytes`,
      `an end reached a page after: ${percentiles(counters.flatMap(({ late }) => late))}`,
      `the gateway took ${((100 * spent) / (caughtUp - began)).toFixed(0)} % of a core, ${memory.map((one) => one.toFixed(0)).join(", ")} MB`,
    ].join("\n"),
  );
  for (const page of whole) page.close();
  for (const { socket } of counters) socket.terminate();
  worker.stop();
  gateway.close();
});
