import type { JobEvent } from "jobgate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

const names = ["values", Symbol.asyncIterator] as const;
const platforms = names.map((name) => Object.getOwnPropertyDescriptor(ReadableStream.prototype, name));

// What the platform does is what ours has to do.
describe.each([
  ["the platform's", platforms.every((own) => own !== undefined)],
  ["our own", false],
])("a stream of events as an async iterable, by %s iterator", (_, native) => {
  beforeEach(() => {
    if (!native) for (const name of names) Reflect.deleteProperty(ReadableStream.prototype, name);
  });
  afterEach(() => {
    for (const [at, name] of names.entries()) {
      if (platforms[at]) Object.defineProperty(ReadableStream.prototype, name, platforms[at]);
    }
  });

  function start() {
    const manager = newManager();
    const work = new Work();
    return { manager, work, job: manager.runJob("job", work.factory).job };
  }

  it("ends with the job", async () => {
    const { job, work } = start();
    const types: string[] = [];
    const told = (async () => {
      for await (const { type } of job.events()) types.push(type);
    })();
    work.resolve("done");
    await told;
    expect([types[0], types.at(-1)]).toEqual(["job_created", "job_completed"]);
  });

  it("leaving the loop cancels the stream and unlocks it, by break as by a throw", async () => {
    const { manager, job } = start();
    for (const stream of [job.events(), manager.events()]) {
      manager.runJob("other", async () => 1);
      for await (const _ of stream) break;
      expect(stream.locked).toBe(false);
      expect(await stream.getReader().read()).toEqual({ done: true, value: undefined });
    }
    const stream = job.events();
    const thrown = new Error("thrown in the loop");
    const loop = async () => {
      for await (const _ of stream) throw thrown;
    };
    await expect(loop()).rejects.toBe(thrown);
    expect(await stream.getReader().read()).toEqual({ done: true, value: undefined });
  });

  it("with preventCancel the stream goes on", async () => {
    const { job, work } = start();
    const stream = job.events();
    for await (const { type } of stream.values({ preventCancel: true })) {
      expect(type).toBe("job_created");
      break;
    }
    work.resolve("done");
    const types: string[] = [];
    for await (const { type } of stream) types.push(type);
    expect(types.at(-1)).toBe("job_completed");
  });

  it("answers calls of next in their order, also those that come at once", async () => {
    const { job, work } = start();
    const iterator = job.events()[Symbol.asyncIterator]();
    const asked = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
    work.context.progress(10);
    work.resolve("done");
    const read = await Promise.all(asked);
    const types = read.map(({ done, value }) => (done ? "done" : (value as JobEvent).type));
    expect(types).toEqual(["job_created", "job_progress", "job_completed", "done"]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("left before it has begun, it cancels the stream; again changes nothing", async () => {
    const { job } = start();
    const stream = job.events();
    const iterator = stream[Symbol.asyncIterator]();
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
    expect(stream.locked).toBe(true);
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(stream.locked).toBe(false);
  });

  it("throws on a stream that has a reader", () => {
    const stream = start().job.events();
    stream.getReader();
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError);
  });
});
