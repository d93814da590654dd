import { expect, it, onTestFinished, vi } from "vitest";
import { ask, start } from "../../.guides/rest/page.ts";

it("REST and server-sent events: the page answers itself, and the same key starts nothing twice", async () => {
  const id = await start("prime", { limit: 1000 });
  expect(await start("prime", { limit: 1000 }, id)).toBe(id);
  expect(await (await ask(`/api/jobs/${id}/progress`)).text()).toContain("event: complete");
  expect(await (await ask("/api/jobs")).json()).toMatchObject([{ id, status: "completed", result: { count: 168 } }]);
  await expect(start("prime", { limit: "many" })).rejects.toThrow("limit");
});

it("REST and server-sent events: without a service worker the page asks the queue of all tabs itself", async () => {
  const { ask, listen, queue } = await import("../../.guides/rest/rest-page.ts");
  onTestFinished(async () => {
    await queue.close();
    indexedDB.deleteDatabase("jobgate:jobgate");
  });
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ type: "prime", params: { limit: 1000 } });
  const { id } = await (await ask("/api/jobs", { method: "POST", headers, body })).json();
  expect(await (await ask(`/api/jobs/${id}/progress`)).text()).toContain("event: complete");
  expect(queue.getJob(id)).toMatchObject({ status: "completed", result: { count: 168 } });
  expect(await new Promise((resolve) => listen(id, resolve))).toBe("complete");

  // Behind a service worker whose answer is no stream: asked for again later and later, and not for ever.
  vi.useFakeTimers();
  Object.defineProperty(navigator.serviceWorker, "controller", { value: {}, configurable: true });
  const sources: NoStream[] = [];
  class NoStream extends EventTarget {
    static readonly CLOSED = 2;
    readyState = 1;
    constructor() {
      super();
      sources.push(this);
    }
    close() {}
    fail() {
      this.readyState = NoStream.CLOSED;
      this.dispatchEvent(new Event("error"));
    }
  }
  vi.stubGlobal("EventSource", NoStream);
  onTestFinished(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    delete (navigator.serviceWorker as { controller?: unknown }).controller;
  });
  const told: string[] = [];
  listen("unknown", (event) => told.push(event));
  for (let opened = 1; opened <= 6; opened += 1) {
    expect(sources).toHaveLength(opened);
    expect(told).toEqual([]);
    sources.at(-1)!.fail();
    expect(sources).toHaveLength(opened);
    vi.advanceTimersByTime(3_000);
  }
  expect(told).toEqual(["lost"]);
  const stop = listen("left", (event) => told.push(event));
  sources.at(-1)!.fail();
  stop();
  vi.advanceTimersByTime(3_000);
  expect(sources).toHaveLength(7);
});
