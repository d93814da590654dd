import { QueueClient, type ServerMessage } from "jobgate/runner";
import { describe, expect, it } from "vitest";
import { turn } from "../support/turns.js";
import { ended, heldType, newRunner } from "./support/runner.js";
import { FakeSocket } from "./support/socket.js";

const isState = ({ type }: ServerMessage) => type === "queue_state";
const quick = { name: "quick", description: "", params: [], execute: () => 1 };

describe("a port that is slower than what is sent over it", () => {
  it("gets no more until it has room again; then what it missed, with the newest progress only", async () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    const socket = new FakeSocket();
    runner.serve(socket);
    await socket.until(isState);
    socket.bufferedAmount = 1_000_001;
    const { id } = runner.createJob("held");
    for (let step = 0; step <= 100; step += 1) {
      held[0]?.context.progress(step);
      if (step % 10 === 0) await turn();
    }
    held[0]?.context.log("a line");
    held[0]?.work.resolve("done");
    await ended(runner, id);
    await turn();
    expect(socket.sent).toHaveLength(1);
    socket.bufferedAmount = 0;
    await socket.until(({ type }) => type === "job_completed");
    const events = socket.sent.slice(1).filter(({ type }) => type !== "stats_update");
    expect(events.map(({ type }) => type)).toEqual([
      "job_created",
      "job_started",
      "job_progress",
      "job_log",
      "job_completed",
    ]);
    expect(events[2]).toMatchObject({ percent: 100 });
  });

  it("what waits for it does not grow without bound: the state takes the place of too many events", async () => {
    const runner = newRunner({ types: [quick], retain: 10 });
    const socket = new FakeSocket();
    runner.serve(socket);
    await socket.until(isState);
    socket.bufferedAmount = 1_000_001;
    for (let count = 0; count < 2000; count += 1) {
      runner.createJob("quick");
      if (count % 100 === 0) await runner.manager.onIdle();
    }
    await runner.manager.onIdle();
    await turn();
    expect(socket.sent).toHaveLength(1);
    socket.bufferedAmount = 0;
    await socket.until((message) => isState(message) && message !== socket.sent[0]);
    expect(socket.sent.length).toBeLessThan(1003);
    expect(socket.sent.at(-1)).toEqual({
      type: "queue_state",
      protocol: 2,
      seq: expect.any(Number),
      jobs: runner.getAllJobs(),
      stats: runner.getQueueStats(),
    });
    const { id } = runner.createJob("quick");
    await socket.until((message) => message.type === "job_completed" && message.job_id === id);
  });

  it("who asks and asks without listening is no longer served", async () => {
    const runner = newRunner();
    const socket = new FakeSocket();
    runner.serve(socket);
    await socket.until(isState);
    socket.bufferedAmount = 1_000_001;
    socket.hear({ type: "ping" });
    await turn();
    for (let count = 0; count < 2000; count += 1) socket.hear({ type: "nonsense" });
    expect(socket.listenerCount).toBe(0);
    expect(socket.sent.slice(1)).toMatchObject([{ type: "error", code: 410 }]);
  });

  it("who has asked for a job is answered, also when the job has gone before there was room for the answer", async () => {
    const runner = newRunner({ types: [quick], retain: 10 });
    const socket = new FakeSocket();
    runner.serve(socket);
    const client = new QueueClient(socket.otherEnd);
    await socket.until(isState);
    socket.bufferedAmount = 1_000_001;
    const asked = client.createJob("quick");
    for (let count = 0; count < 2000; count += 1) {
      runner.createJob("quick");
      if (count % 100 === 0) await runner.manager.onIdle();
    }
    await runner.manager.onIdle();
    socket.bufferedAmount = 0;
    const { id } = await asked;
    expect(runner.getJob(id)).toBeUndefined();
    await socket.until((message) => isState(message) && message !== socket.sent[0]);
    expect(client.getSnapshot().jobs).toEqual(runner.getAllJobs());
  });

  it("who asks for more than it listens to is told that nobody serves it: nothing that it asked hangs", async () => {
    const runner = newRunner({ types: [quick], retain: 10 });
    const socket = new FakeSocket();
    runner.serve(socket);
    const client = new QueueClient(socket.otherEnd);
    await socket.until(isState);
    socket.bufferedAmount = 1_000_001;
    const asked: Promise<unknown>[] = [];
    for (let count = 0; count < 2000 && socket.listenerCount > 0; count += 1) {
      asked.push(client.createJob("quick").catch(({ code }) => code));
      if (count % 100 === 0) await runner.manager.onIdle();
    }
    expect(await Promise.all(asked)).toEqual(asked.map(() => "E_CLOSED"));
    expect(client.getSnapshot().connected).toBe(false);
  });

  it("what has ended is told before the end of serving, full or not", async () => {
    for (const unserve of [true, false]) {
      const { type } = heldType();
      const runner = newRunner({ types: [type] });
      const socket = new FakeSocket();
      const stop = runner.serve(socket);
      await socket.until(isState);
      socket.bufferedAmount = 1_000_001;
      const { id } = runner.createJob("held");
      runner.cancelJob(id);
      await ended(runner, id);
      await turn();
      expect(socket.sent).toHaveLength(1);
      if (unserve) stop();
      else await runner.close();
      expect(socket.sent.filter(({ type }) => type === "job_cancelled")).toMatchObject([{ job_id: id }]);
      expect(socket.sent.at(-1)).toMatchObject({ type: "error", code: 410 });
    }
  });

  it("one that is closing is not waited for", async () => {
    const runner = newRunner({ types: [quick] });
    const socket = new FakeSocket();
    runner.serve(socket);
    await socket.until(isState);
    socket.bufferedAmount = 1_000_001;
    runner.createJob("quick");
    await turn();
    socket.readyState = 2;
    await socket.left;
    expect(socket.sent).toHaveLength(1);
  });

  it("one that is still connecting is served once it is open", async () => {
    const runner = newRunner({ types: [quick] });
    const socket = new FakeSocket();
    socket.readyState = 0;
    runner.serve(socket);
    const { id } = runner.createJob("quick");
    await ended(runner, id);
    expect(socket.sent).toEqual([]);
    socket.readyState = 1;
    await socket.until(({ type }) => type === "job_completed");
    expect(socket.sent[0]).toMatchObject({ type: "queue_state", jobs: [] });
  });

  it("one that closes leaves nothing behind, also while something waits for it", async () => {
    const runner = newRunner({ types: [quick] });
    const socket = new FakeSocket();
    runner.serve(socket);
    await socket.until(isState);
    socket.bufferedAmount = 1_000_001;
    runner.createJob("quick");
    await turn();
    socket.close();
    expect(socket.listenerCount).toBe(0);
    socket.bufferedAmount = 0;
    runner.createJob("quick");
    await runner.manager.onIdle();
    // One that is served all the while: what was to be sent has been sent.
    const other = new FakeSocket();
    runner.serve(other);
    await other.until(isState);
    expect(socket.sent).toHaveLength(1);
  });

  it("what is no port is refused", () => {
    const runner = newRunner();
    for (const port of [undefined, null, 3, {}, { addEventListener() {}, removeEventListener() {} }]) {
      expect(() => runner.serve(port as never)).toThrow(TypeError);
    }
  });
});
