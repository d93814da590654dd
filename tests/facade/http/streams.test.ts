// The stream of one job, where it begins, goes on and ends. On a clock that the test moves.

import { type HandlerOptions, jobHandler } from "jobgate/runner";
import { describe, expect, it } from "vitest";
import { ended, heldType, newRunner } from "../runner/support/runner.js";
import { useFakeClock } from "../support/clock.js";
import { countedSignal } from "../support/signals.js";
import { turn } from "../support/turns.js";
import { allFrames, asker, type Frame, onlyQueue, readFrames, served } from "./support/ask.js";

const clock = useFakeClock();

const KINDS = ["a runner", "a runner's asQueue", "a queue"] as const;

/** The same of a runner, which numbers its events itself, and of a queue that only lets its jobs be watched. */
function servedAs(kind: (typeof KINDS)[number], options?: HandlerOptions) {
  const { type, held } = heldType();
  const runner = newRunner({ types: [type] });
  const queue = onlyQueue(runner);
  const queues = { "a runner": runner, "a runner's asQueue": runner.asQueue(), "a queue": queue };
  const ask = asker(jobHandler(queues[kind], options));
  const stream = async (id: string, lastEventId?: string, signal?: AbortSignal) => {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId };
    return ask(`/api/jobs/${id}/progress`, { headers, ...(signal !== undefined && { signal }) });
  };
  return { runner, queue, held, stream };
}

const namesOf = (frames: readonly Frame[]) => frames.map(({ event }) => event);

describe.each(KINDS)("the stream of %s", (kind) => {
  it("has numbers that rise", async () => {
    const { runner, held, stream } = servedAs(kind);
    const { id } = runner.createJob("held");
    const frames = readFrames(await stream(id));
    const numbers = [Number(((await frames.next()) as Frame).id)];
    for (let percent = 1; percent <= 3; percent += 1) {
      held[0]?.context.progress(percent);
      numbers.push(Number(((await frames.next()) as Frame).id));
    }
    held[0]?.work.resolve(1);
    numbers.push(Number(((await frames.next()) as Frame).id));
    expect(await frames.next()).toBeUndefined();
    expect(numbers.every((number, at) => number > (numbers[at - 1] ?? 0))).toBe(true);
  });

  it("is taken up with Last-Event-ID: what was missed is told, and 204 once the end was", async () => {
    const { runner, held, stream } = servedAs(kind);
    const { id } = runner.createJob("held");
    const first = readFrames(await stream(id));
    const { id: last } = (await first.next()) as Frame;
    await first.cancel();
    held[0]?.context.progress(20);
    const second = readFrames(await stream(id, last));
    const missed: Frame[] = [];
    do missed.push((await second.next()) as Frame);
    while (missed.at(-1)?.event !== "progress");
    expect(missed.at(-1)).toMatchObject({ data: { percent: 20 } });
    expect(missed.every(({ id }) => Number(id) > Number(last))).toBe(true);
    held[0]?.work.resolve("done");
    const end = (await second.next()) as Frame;
    expect(end).toMatchObject({ event: "complete", data: { result: "done" } });
    await ended(runner, id);
    const late = await allFrames(await stream(id, missed.at(-1)?.id));
    expect(late.at(-1)).toMatchObject({ event: "complete" });
    for (const told of [end.id, late.at(-1)?.id]) {
      const response = await stream(id, told);
      expect([response.status, await response.text(), response.headers.get("Cache-Control")]).toEqual([
        204,
        "",
        "no-store",
      ]);
    }
  });

  it.each(["", "nonsense", "-1", "1e999", "99999999999999999999", "NaN, 3"])(
    "with a Last-Event-ID of %j tells everything",
    async (lastEventId) => {
      const { runner, held, stream } = servedAs(kind);
      const { id } = runner.createJob("held");
      held[0]?.work.resolve(1);
      await ended(runner, id);
      expect(namesOf(await allFrames(await stream(id, lastEventId)))).toEqual(["status", "complete"]);
    },
  );

  it.each(["failed", "cancelled"] as const)("tells how a job ended: %s", async (how) => {
    const { runner, held, stream } = servedAs(kind);
    const { id } = runner.createJob("held");
    const frames = stream(id).then(allFrames);
    await turn();
    if (how === "failed") held[0]?.work.reject(new RangeError("no"));
    else runner.cancelJob(id, "enough");
    const end = how === "failed" ? { error: { name: "RangeError", message: "no" } } : { reason: "enough" };
    expect((await frames).at(-1)).toMatchObject({ event: how, data: { status: how, ...end } });
    const { id: told } = (await allFrames(await stream(id))).at(-1) as Frame;
    expect((await stream(id, told)).status).toBe(204);
  });

  it("carries a result that JSON can't as null, and says so", async () => {
    const { runner, held, stream } = servedAs(kind);
    const { id } = runner.createJob("held");
    held[0]?.work.resolve(5n);
    await ended(runner, id);
    const frames = await allFrames(await stream(id));
    expect(namesOf(frames)).toEqual(["status", "job_log", "complete"]);
    expect(frames[2]?.data).toMatchObject({ result: null });
    expect((await stream(id, frames[2]?.id)).status).toBe(204);
    expect(namesOf(await allFrames(await stream(id, frames[1]?.id))).at(-1)).toBe("complete");
  });

  it("keeps open with comments, and gathers none for who does not read", async () => {
    const { runner, stream } = servedAs(kind, { keepAlive: 1000 });
    const { id } = runner.createJob("held");
    const frames = readFrames(await stream(id));
    expect(await frames.next()).toMatchObject({ event: "status" });
    for (let count = 0; count < 3; count += 1) {
      const next = frames.next();
      await clock.advance(1000);
      expect(await next).toBe("comment");
    }
    await clock.advance(100_000);
    runner.cancelJob(id);
    await ended(runner, id);
    const rest: unknown[] = [];
    for (let frame = await frames.next(); frame !== undefined; frame = await frames.next()) rest.push(frame);
    expect(rest.filter((frame) => frame === "comment").length).toBeLessThanOrEqual(2);
    expect(rest.at(-1)).toMatchObject({ event: "cancelled" });
  });

  it("gives a slow reader the newest progress and the end, and nothing grows meanwhile", async () => {
    const { runner, held, stream } = servedAs(kind);
    const { id } = runner.createJob("held");
    const response = await stream(id);
    for (let step = 1; step <= 10_000; step += 1) held[0]?.context.progress(step / 100);
    held[0]?.work.resolve(1);
    await ended(runner, id);
    const frames = await allFrames(response);
    expect(frames.length).toBeLessThan(10);
    expect(frames.findLast(({ event }) => event === "progress")?.data).toMatchObject({ percent: 100 });
    expect(frames.at(-1)?.event).toBe("complete");
  });

  it.each(["cancelled", "its request aborted"])("left (%s), leaves nothing: no timer, no listener", async (how) => {
    const { runner, stream } = servedAs(kind);
    const { id } = runner.createJob("held");
    const before = clock.timers;
    const controller = new AbortController();
    const frames = readFrames(await stream(id, undefined, controller.signal));
    await frames.next();
    expect(clock.timers).toBe(before + 1);
    if (how === "cancelled") await frames.cancel();
    else {
      controller.abort();
      expect(await frames.next()).toBeUndefined();
    }
    await turn();
    expect(clock.timers).toBe(before);
    expect(runner.cancelJob(id)).toBe(true);
  });

  it("has no timer left once its job has ended", async () => {
    const { runner, held, stream } = servedAs(kind);
    const { id } = runner.createJob("held");
    const before = clock.timers;
    const frames = stream(id).then(allFrames);
    await turn();
    held[0]?.work.resolve(1);
    await frames;
    expect(clock.timers).toBe(before);
  });
});

it("who leaves, by whichever way, ends the queue's watch", async () => {
  const { runner, queue, stream } = servedAs("a queue");
  const { id } = runner.createJob("held");
  await (await stream(id)).body?.cancel();
  await expect.poll(() => queue.cancelled).toBe(1);
  const controller = new AbortController();
  const aborted = await stream(id, undefined, controller.signal);
  controller.abort();
  await aborted.text();
  await expect.poll(() => queue.cancelled).toBe(2);
  await (await stream(id, undefined, AbortSignal.abort())).text();
  await expect.poll(() => queue.cancelled).toBe(3);
});

it("a stream that ends leaves nothing on the request's signal", async () => {
  const { runner, held } = served();
  const { id } = runner.createJob("held");
  const counted = countedSignal();
  const request = new Request(new URL(`/api/jobs/${id}/progress`, location.href));
  Object.defineProperty(request, "signal", { value: counted.signal });
  const frames = jobHandler(runner)(request)?.then(allFrames);
  await turn();
  expect(counted.listeners).toBe(1);
  held[0]?.work.resolve(1);
  await frames;
  expect(counted.listeners).toBe(0);
});

it("a watch that breaks off ends the stream, for its reader to come back", async () => {
  const { runner } = served();
  let controller!: ReadableStreamDefaultController;
  const watch = () => new ReadableStream({ start: (given) => (controller = given) });
  const { id } = runner.createJob("held");
  const frames = readFrames(await asker(jobHandler({ ...onlyQueue(runner), watch }))(`/api/jobs/${id}/progress`));
  controller.enqueue({ event: "status", data: { status: "running" } });
  expect(await frames.next()).toMatchObject({ event: "status" });
  controller.error(new Error("the port is gone"));
  expect(await frames.next()).toBeUndefined();
});

it("a queue that stays away is answered for with 503 after 5 seconds", async () => {
  const { runner } = served();
  const before = clock.timers;
  const queue = { ...onlyQueue(runner), getSnapshot: () => ({ ...runner.getSnapshot(), connected: false }) };
  const ask = asker(jobHandler(queue));
  const answers = ["/api/jobs/1", "/api/jobs/1/progress", "/api/jobs", "/api/stats"].map((path) => ask(path));
  await turn();
  await clock.advance(5000);
  for (const answer of answers) {
    const { status, headers } = await answer;
    expect([status, headers.get("Retry-After")]).toEqual([503, "5"]);
  }
  expect(clock.timers).toBe(before);
});
