// What the REST and SSE routes have to do, one test each, named as it is asked for: asked by a page of the service worker
// that controls it, with fetch and EventSource.

import { builtinJobTypes } from "jobgate/runner";
import { describe, expect, it } from "vitest";
import { server } from "vitest/browser";
import { allFrames, posted, readFrames } from "./support/ask.js";
import { useControlledPage } from "./support/page.js";

const page = useControlledPage();

let serial = 0;

/** A job that does what it is told. */
async function start() {
  const label = `job ${++serial}`;
  const response = await page.fetch("/api/jobs", posted({ type: "held", params: { label } }));
  expect(response.status).toBe(201);
  const { id, status } = await response.json();
  return { id: id as string, label, status: status as string, path: `/api/jobs/${id}` };
}

/** Until it has ended: for the next test no slot is taken. */
async function end(path: string, label: string) {
  page.tell({ label, result: null });
  await expect.poll(async () => (await shown(path)).status).toBe("completed");
}

const shown = async (path: string) => (await page.fetch(path)).json();

interface Told {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  readonly data: any;
  readonly lastEventId: string;
}

/** What an EventSource hears, one event at a time. */
function listen(path: string) {
  const source = page.eventSource(`${path}/progress`);
  const heard: Told[] = [];
  let hear = () => {};
  for (const event of ["status", "progress", "complete", "failed", "cancelled", "job_log"]) {
    source.addEventListener(event, ({ data, lastEventId }: MessageEvent) => {
      heard.push({ event, data: JSON.parse(data), lastEventId });
      hear();
    });
  }
  return {
    source,
    /** Nothing has come that was not asked for. */
    get unread() {
      return heard.length;
    },
    async next(): Promise<Told> {
      while (heard.length === 0) await new Promise<void>((resolve) => (hear = resolve));
      return heard.shift() as Told;
    },
  };
}

describe("HTTP", () => {
  it("static files served correctly with proper MIME types: what is not the handler's is left to the network", async () => {
    for (const [path, type] of [
      ["/", "text/html"],
      ["/style.css", "text/css"],
      ["/script.js", "text/javascript"],
    ] as const) {
      const response = await page.fetch(path);
      expect([response.status, response.headers.get("Content-Type")]).toEqual([200, type]);
    }
    expect((await page.fetch("/api/other")).status).toBe(404);
    expect(page.window.navigator.serviceWorker.controller).not.toBeNull();
  });

  it("all API endpoints return valid JSON", async () => {
    const job = await start();
    for (const path of ["/api/jobs", job.path, "/api/job-types", "/api/stats", "/api/jobs/nobody"]) {
      const response = await page.fetch(path);
      expect(response.headers.get("Content-Type")).toBe("application/json");
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      await expect(response.json()).resolves.toBeInstanceOf(page.window.Object);
    }
    const types = await shown("/api/job-types");
    expect(types.map(({ name }: { name: string }) => name)).toEqual([...builtinJobTypes, "held"]);
    expect(await shown("/api/stats")).toMatchObject({ running: 1, worker: { active: 1, capacity: 3 } });
    const listed = (await shown("/api/jobs")).find(({ id }: { id: string }) => id === job.id);
    expect(listed).toMatchObject({
      type: "held",
      status: "running",
      progress: { percent: 0, message: "" },
      created_at: expect.any(Number),
    });
    await end(job.path, job.label);
  });

  it("job creation validates type and params", async () => {
    const before = await shown("/api/stats");
    for (const [body, param] of [
      [{ type: "nonsense" }, "type"],
      [{ type: "countdown", params: { seconds: 61 } }, "seconds"],
      [{ type: "held" }, "label"],
    ] as const) {
      const response = await page.fetch("/api/jobs", posted(body));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 400, errors: [{ param, message: expect.any(String) }] });
    }
    expect((await shown("/api/stats")).total).toBe(before.total);
  });

  it("job cancellation works for pending and running jobs", async () => {
    const jobs = [await start(), await start(), await start(), await start()];
    expect(jobs.map(({ status }) => status)).toEqual(["running", "running", "running", "pending"]);
    for (const { path } of jobs.toReversed()) {
      const stream = listen(path);
      await stream.next();
      const response = await page.fetch(path, { method: "DELETE" });
      expect([response.status, await response.json()]).toEqual([200, { success: true }]);
      let told = await stream.next();
      while (told.event !== "cancelled") told = await stream.next();
      stream.source.close();
      expect((await shown(path)).status).toBe("cancelled");
      expect((await page.fetch(path, { method: "DELETE" })).status).toBe(409);
    }
    expect(await shown(jobs[3]!.path)).not.toHaveProperty("started_at");
  });

  it("404 for non-existent jobs", async () => {
    for (const [path, method] of [
      ["/api/jobs/nobody", "GET"],
      ["/api/jobs/nobody", "DELETE"],
      ["/api/jobs/nobody/progress", "GET"],
      ["/api/jobs/nobody/retry", "POST"],
    ] as const) {
      const response = await page.fetch(path, { method });
      expect([response.status, await response.json()]).toEqual([404, { error: "Job not found", code: 404 }]);
    }
  });
});

describe("SSE", () => {
  it("SSE stream starts with current job state", async () => {
    const { path, label } = await start();
    const first = listen(path);
    expect(await first.next()).toMatchObject({
      event: "status",
      data: { status: "running", started_at: (await shown(path)).started_at },
    });
    page.tell({ label, percent: 25, message: "Processing..." });
    expect(await first.next()).toMatchObject({ event: "progress", data: { percent: 25, message: "Processing..." } });
    const late = listen(path);
    expect([(await late.next()).event, (await late.next()).event]).toEqual(["status", "progress"]);
    for (const { source } of [first, late]) source.close();
    await end(path, label);
  });

  it("progress updates pushed in real-time", async () => {
    const { path, label } = await start();
    const stream = listen(path);
    await stream.next();
    const numbers: number[] = [];
    for (let percent = 10; percent <= 50; percent += 10) {
      page.tell({ label, percent, message: `${percent}` });
      const { event, data, lastEventId } = await stream.next();
      expect([event, data, stream.unread]).toEqual(["progress", { percent, message: `${percent}` }, 0]);
      numbers.push(Number(lastEventId));
    }
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
    stream.source.close();
    await end(path, label);
  });

  it("stream closes on job completion", async () => {
    const { path, label } = await start();
    const response = await page.fetch(`${path}/progress`);
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    const frames = readFrames(response);
    expect(await frames.next()).toMatchObject({ event: "status" });
    page.tell({ label, result: { rows: 3 } });
    expect(await frames.next()).toMatchObject({
      event: "complete",
      data: { status: "completed", result: { rows: 3 }, duration: expect.any(Number) },
    });
    let last = await frames.next();
    // Chromium's EventSource is told not to come back.
    if (last !== undefined) last = await frames.next();
    expect(last).toBeUndefined();
  });

  it("an EventSource that has heard of the end is told nothing again", async () => {
    const { path, label } = await start();
    const { source, next, ...rest } = listen(path);
    await next();
    page.tell({ label, error: "no" });
    expect(await next()).toMatchObject({ event: "failed", data: { error: { name: "RangeError", message: "no" } } });
    if (server.browser !== "chromium") {
      // It comes back, and 204 tells it that there is nothing more.
      await expect.poll(() => source.readyState).toBe(source.CLOSED);
    } else {
      // Where the service worker can't see what it has heard, it is asked to come back much later.
      const late = await (await page.fetch(`${path}/progress`)).text();
      expect(late).toMatch(/event: failed\n[^\n]*\n\nretry: 86400000\n\n$/);
    }
    expect(rest.unread).toBe(0);
    source.close();
  });

  it("multiple clients can watch same job", async () => {
    const { path, label } = await start();
    const streams = [listen(path), listen(path), listen(path)];
    for (const { next } of streams) await next();
    page.tell({ label, percent: 50, message: "half" });
    for (const { next } of streams) expect(await next()).toMatchObject({ event: "progress" });
    page.tell({ label, result: 1 });
    for (const { next, source } of streams) {
      expect(await next()).toMatchObject({ event: "complete", data: { result: 1 } });
      source.close();
    }
  });

  it("client disconnect doesn't affect other clients", async () => {
    const { path, label } = await start();
    const [source, frames, stays] = [listen(path), readFrames(await page.fetch(`${path}/progress`)), listen(path)];
    await Promise.all([source.next(), frames.next(), stays.next()]);
    source.source.close();
    await frames.cancel();
    page.tell({ label, percent: 50, message: "half" });
    expect(await stays.next()).toMatchObject({ event: "progress", data: { percent: 50 } });
    page.tell({ label, result: 1 });
    expect(await stays.next()).toMatchObject({ event: "complete" });
    stays.source.close();
    const late = await allFramesOf(path);
    expect(late).toEqual(["status", "complete"]);
  });
});

async function allFramesOf(path: string): Promise<string[]> {
  const frames = await allFrames(await page.fetch(`${path}/progress`));
  return frames.map(({ event }) => event).filter((event) => event !== "");
}
