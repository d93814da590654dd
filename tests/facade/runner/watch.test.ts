import type { WatchEvent } from "jobgate/runner";
import { describe, expect, it } from "vitest";
import { ended, heldType, newRunner } from "./support/runner.js";

async function readAll<T>(stream: ReadableStream<T>): Promise<T[]> {
  const items: T[] = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return items;
    items.push(value);
  }
}

interface Frame {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** A stream of text/event-stream, read as an EventSource reads it. */
async function readFrames(stream: ReadableStream<Uint8Array>): Promise<Frame[]> {
  const bytes = await readAll(stream);
  const text = bytes.map((part) => new TextDecoder().decode(part)).join("");
  return text
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) => {
      const fields = block.split("\n").map((line) => line.split(/: (.*)/s));
      const field = (name: string) => fields.filter(([key]) => key === name).map(([, value]) => value);
      return { id: field("id").join(), event: field("event").join(), data: JSON.parse(field("data").join("\n")) };
    });
}

const namesOf = (events: readonly { readonly event: string }[]) => events.map(({ event }) => event);

describe("watching a job", () => {
  it("from a listener of events, what that is told of is told once; also where another watches", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    const { id } = runner.createJob("held");
    const watched: Record<string, Promise<WatchEvent[]>> = { before: readAll(runner.watch(id)) };
    runner.onEvent((event) => {
      if (event.type === "job_started" || event.type === "job_progress")
        watched[event.type] = readAll(runner.watch(id));
    });
    runner.start();
    held[0]?.context.progress(50, "half");
    held[0]?.work.resolve("done");
    expect(namesOf(await watched.before!)).toEqual(["status", "status", "progress", "complete"]);
    for (const name of ["job_started", "job_progress"]) {
      expect(namesOf(await watched[name]!)).toEqual(["status", "progress", "complete"]);
    }
  });

  it("a stream starts with the current state, then what follows, and closes on completion", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    held[0]?.context.progress(25, "Processing…");
    const reader = runner.watch(id).getReader();
    const next = async () => (await reader.read()).value as WatchEvent;
    expect(await next()).toEqual({
      event: "status",
      data: { status: "running", started_at: runner.getJob(id)?.started_at },
    });
    expect(await next()).toEqual({ event: "progress", data: { percent: 25, message: "Processing…" } });
    held[0]?.context.progress(50, "Halfway there…");
    expect(await next()).toEqual({ event: "progress", data: { percent: 50, message: "Halfway there…" } });
    held[0]?.work.resolve({ rows: 3 });
    expect(await next()).toEqual({
      event: "complete",
      data: { status: "completed", result: { rows: 3 }, duration: expect.any(Number) },
    });
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  it("a pending job: status, status, and how it ends", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type], autoStart: false });
    const { id } = runner.createJob("held");
    const events = readAll(runner.watch(id));
    runner.start();
    held[0]?.work.reject(new RangeError("no"));
    expect(await events).toEqual([
      { event: "status", data: { status: "pending" } },
      { event: "status", data: { status: "running", started_at: expect.any(Number) } },
      { event: "failed", data: { status: "failed", error: { name: "RangeError", message: "no" } } },
    ]);
  });

  it("a finished job: its state, how it ended, the end; also to who comes late", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    runner.cancelJob(id, "not needed");
    await ended(runner, id);
    const told = [
      { event: "status", data: { status: "cancelled", started_at: expect.any(Number) } },
      { event: "cancelled", data: { status: "cancelled", reason: "not needed" } },
    ];
    expect(await readAll(runner.watch(id))).toEqual(told);
    expect(await readAll(runner.watch(id))).toEqual(told);
    expect(held).toHaveLength(1);
    expect(() => runner.watch("nobody")).toThrow("no job");
  });

  it("multiple clients can watch the same job, and one that leaves disturbs none", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    const leaver = runner.watch(id);
    const others = [runner.watch(id), runner.watch(id)].map(readAll);
    await leaver.cancel();
    held[0]?.context.progress(10);
    held[0]?.work.resolve(1);
    const [first, second] = await Promise.all(others);
    expect(first).toEqual(second);
    expect(namesOf(first ?? [])).toEqual(["status", "progress", "complete"]);
  });

  it("retries are told as status", async () => {
    const runner = newRunner({
      types: [
        {
          name: "flaky",
          description: "",
          params: [],
          execute(_, { attempt }) {
            if (attempt === 1) throw new Error("once");
            return attempt;
          },
        },
      ],
      autoStart: false,
    });
    const { id } = runner.createJob("flaky", {}, { retry: { limit: 1, delay: 1 } });
    const events = readAll(runner.watch(id));
    runner.start();
    const statuses = (await events).map(({ data }) => ("status" in data ? data.status : ""));
    expect(statuses).toEqual(["pending", "running", "pending", "running", "completed"]);
  });

  it("a slow reader gets the newest progress and the end, and nothing grows meanwhile", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    const stream = runner.watch(id);
    for (let step = 1; step <= 10_000; step += 1) held[0]?.context.progress(step / 100);
    held[0]?.work.resolve(1);
    await ended(runner, id);
    const events = await readAll(stream);
    expect(events.length).toBeLessThan(10);
    expect(events.filter(({ event }) => event === "progress").at(-1)?.data).toMatchObject({ percent: 100 });
    expect(events.at(-1)?.event).toBe("complete");
  });
});

describe("eventStream", () => {
  it("is text/event-stream, ids numbered, that a Response carries", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    const response = new Response(runner.eventStream(id), { headers: { "Content-Type": "text/event-stream" } });
    held[0]?.context.progress(50, "line\nbreak");
    held[0]?.work.resolve("<b>");
    const frames = await readFrames(response.body as ReadableStream<Uint8Array>);
    expect(namesOf(frames)).toEqual(["status", "progress", "complete"]);
    expect(frames[1]?.data).toEqual({ percent: 50, message: "line\nbreak" });
    expect(frames[2]?.data).toEqual({ status: "completed", result: "<b>", duration: expect.any(Number) });
    const numbers = frames.map((frame) => Number(frame.id));
    expect(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0))).toBe(true);
  });

  it("disconnect and reconnect recovers: lastEventId brings what was missed, and only that", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const { id } = runner.createJob("held");
    held[0]?.context.progress(10);
    const reader = runner.eventStream(id).getReader();
    const text = new TextDecoder();
    const first = text.decode((await reader.read()).value) + text.decode((await reader.read()).value);
    await reader.cancel();
    const lastEventId =
      first
        .match(/id: (\d+)/g)
        ?.at(-1)
        ?.slice(4) ?? "";
    const quiet = readFrames(runner.eventStream(id, { lastEventId }));
    held[0]?.context.progress(20);
    held[0]?.context.progress(30);
    const missed = readFrames(runner.eventStream(id, { lastEventId }));
    held[0]?.work.resolve(1);
    await ended(runner, id);
    expect((await quiet).map(({ event, data }) => [event, (data as { percent?: number }).percent])).toEqual([
      ["progress", 20],
      ["progress", 30],
      ["complete", undefined],
    ]);
    expect((await missed).map(({ event }) => event)).toEqual(["progress", "complete"]);
    const late = await readFrames(runner.eventStream(id, { lastEventId }));
    expect(namesOf(late)).toEqual(["complete"]);
    expect(await readFrames(runner.eventStream(id, { lastEventId: late[0]?.id ?? "" }))).toEqual([]);
    expect(namesOf(await readFrames(runner.eventStream(id, { lastEventId: "nonsense" })))).toEqual([
      "status",
      "complete",
    ]);
  });

  it("a result that JSON can't carry goes as null, and a job_log says so", async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const lost = [
      cyclic,
      5n,
      () => {},
      Symbol("x"),
      NaN,
      -Infinity,
      new Blob(["x"]),
      new Map([[1, 2]]),
      new Uint8Array(3),
    ];
    for (const result of [...lost, new Set(), /x/, new RangeError("no"), new ArrayBuffer(3)]) {
      const runner = newRunner({ types: [{ name: "odd", description: "", params: [], execute: () => result }] });
      const { id } = runner.createJob("odd");
      const frames = await readFrames(runner.eventStream(id));
      expect(namesOf(frames)).toEqual(["status", "job_log", "complete"]);
      expect(frames[2]?.data).toMatchObject({ result: null });
      expect(runner.getJob(id)?.result).toBe(result);
    }
  });

  it("of a result that JSON can carry in part, null stands for the rest, and a job_log says so", async () => {
    const results: [unknown, unknown, boolean][] = [
      [
        { rows: 3, at: [1, NaN], file: new Blob(), find() {} },
        { rows: 3, at: [1, null], file: null, find: null },
        true,
      ],
      [{ rows: [1, "x", null, true], none: undefined }, { rows: [1, "x", null, true] }, false],
      [new Date(0), "1970-01-01T00:00:00.000Z", false],
      [new Date(NaN), null, true],
      [{ at: [new Date(NaN)], rows: 3 }, { at: [null], rows: 3 }, true],
      [
        new (class Point {
          x = 3;
        })(),
        { x: 3 },
        false,
      ],
      [Object.create(null), {}, false],
      [undefined, null, false],
    ];
    for (const [result, carried, lost] of results) {
      const runner = newRunner({ types: [{ name: "odd", description: "", params: [], execute: () => result }] });
      const frames = await readFrames(runner.eventStream(runner.createJob("odd").id));
      expect(namesOf(frames)).toEqual(lost ? ["status", "job_log", "complete"] : ["status", "complete"]);
      expect(frames.at(-1)?.data).toEqual({ status: "completed", result: carried, duration: expect.any(Number) });
    }
  });
});
