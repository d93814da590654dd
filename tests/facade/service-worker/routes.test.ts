// What a service worker answers for the queue of all tabs, from the store alone.

import { SharedRunner, type SharedTaskContext } from "jobgate/shared";
import { afterAll, beforeAll, expect, it } from "vitest";
import { allFrames, posted, readFrames } from "../http/support/ask.js";
import { useControlledPage } from "../http/support/page.js";
import { ended, until } from "../shared/support/tabs.js";
import { type } from "../shared/support/types.js";

const name = crypto.randomUUID();
const page = useControlledPage("/shared-site", `/service-worker.js?name=${name}`);

/** What held jobs do, by their label. */
const held = new Map<string, { context: SharedTaskContext; end(what: unknown): void }>();
let began = () => {};
const types = [
  type(
    "held",
    ({ label }: { label: string }, context: SharedTaskContext) =>
      new Promise((resolve, reject) => {
        const end = (what: unknown) => (what instanceof Error ? reject(what) : resolve(what));
        held.set(label, { context, end });
        context.signal.addEventListener("abort", () => reject(context.signal.reason));
        began();
      }),
    { description: "Does what it is told", version: 2, params: [{ name: "label", type: "string", min: 1 }] },
  ),
];
const options = { name, builtins: false, types, maxPending: 3, retain: 5, concurrency: 2 };
let tab: SharedRunner;
let serial = 0;

beforeAll(async () => {
  expect(await (await page.fetch("/api/job-types")).json()).toEqual([]);
  tab = new SharedRunner(options);
  await tab.ready;
});
afterAll(async () => {
  await tab.close();
  indexedDB.deleteDatabase(`jobgate:${name}`);
});

async function running(label: string) {
  while (!held.has(label)) await new Promise<void>((resolve) => (began = resolve));
  return held.get(label)!;
}

async function start(more: object = {}, headers = {}) {
  const label = `job ${++serial}`;
  const response = await page.fetch("/api/jobs", posted({ type: "held", params: { label }, ...more }, headers));
  const body = await response.json();
  return { label, response, body, id: body.id as string, path: `/api/jobs/${body.id}` };
}

it("creates a job that a tab runs, and shows how it ends", async () => {
  const { label, response, body, id, path } = await start();
  expect(response.status).toBe(201);
  expect(body).toEqual({ id, type: "held", status: "pending", created_at: expect.any(Number) });
  expect(response.headers.get("Location")).toBe(`/shared-site/api/jobs/${id}`);
  const { context, end } = await running(label);
  expect(context.id).toBe(id);
  expect(tab.getJob(id)).toMatchObject({ status: "running", version: 2, params: { label } });
  end({ well: true });
  await ended(tab, id);
  const shown = await (await page.fetch(path)).json();
  expect(shown).toMatchObject({ id, status: "completed", result: { well: true }, durable: true, attempt: 1 });
  expect((await page.fetch("/api/jobs/none")).status).toBe(404);
});

it("refuses what a tab would refuse, with every fault, and knows types by what the tabs have said", async () => {
  expect(await (await page.fetch("/api/job-types")).json()).toEqual([
    { name: "held", description: "Does what it is told", params: [{ name: "label", type: "string", min: 1 }] },
  ]);
  const invalid = await page.fetch("/api/jobs", posted({ type: "held", params: { label: "", other: 1 } }));
  expect(invalid.status).toBe(400);
  expect((await invalid.json()).errors.map(({ param }: { param: string }) => param)).toContain("label");
  const unknown = await page.fetch("/api/jobs", posted({ type: "none" }));
  expect(await unknown.json()).toMatchObject({ code: 400, errors: [{ param: "type" }] });
  const named = await page.fetch("/api/jobs", posted({ type: "held", params: { label: "x" }, id: "x".repeat(201) }));
  expect(named.status).toBe(400);
  expect(tab.getQueueStats().pending).toBe(0);
});

it("an id and a key make no second job, whichever side asks again", async () => {
  const id = crypto.randomUUID();
  const first = await start({ key: "one" }, { "Idempotency-Key": id });
  expect(first.id).toBe(id);
  const again = await page.fetch(
    "/api/jobs",
    posted({ type: "held", params: { label: "again" } }, { "Idempotency-Key": id }),
  );
  expect([again.status, (await again.json()).id]).toEqual([201, id]);
  const joined = await start({ key: "one" });
  expect(joined.id).toBe(id);
  const { job } = await tab.runJob("one", "held", { label: "joined" });
  expect(job.record.id).toBe(id);
  (await running(first.label)).end(1);
  await ended(tab, id);
  expect([...held.keys()]).not.toContain("again");
});

it("is held to the tabs' maxPending, lists as they do, and counts", async () => {
  const jobs = [];
  for (let at = 0; at < 2; at++) jobs.push(await start());
  const two = await Promise.all([running(jobs[0]!.label), running(jobs[1]!.label)]);
  await until(tab, () => tab.getQueueStats().running === 2);
  for (let at = 0; at < 3; at++) jobs.push(await start());
  expect(jobs.map(({ response }) => response.status)).toEqual([201, 201, 201, 201, 201]);
  const full = await start();
  expect(full.response.status).toBe(503);
  const listed = await (await page.fetch("/api/jobs?status=pending&status=running")).json();
  expect(listed.map(({ id }: { id: string }) => id)).toEqual(jobs.map(({ id }) => id));
  const stats = await (await page.fetch("/api/stats")).json();
  expect(stats).toMatchObject({ pending: 3, running: 2, worker: { active: 2, capacity: 2 } });
  for (const { id } of jobs.slice(2)) {
    expect(await (await page.fetch(`/api/jobs/${id}`, { method: "DELETE" })).json()).toEqual({ success: true });
    expect((await ended(tab, id)).status).toBe("cancelled");
  }
  for (const { end } of two) end(0);
  for (const { id } of jobs.slice(0, 2)) await ended(tab, id);
  // Of the ended ones five are kept, as the tabs keep them.
  expect((await (await page.fetch("/api/stats")).json()).total).toBe(5);
});

it("stops what runs in a tab, starts it anew, and says 409 where there is nothing to do", async () => {
  const { label, path, id } = await start();
  const { context } = await running(label);
  expect((await page.fetch(`${path}/retry`, { method: "POST" })).status).toBe(409);
  expect((await page.fetch(path, { method: "DELETE" })).status).toBe(200);
  await ended(tab, id);
  expect(context.signal.aborted).toBe(true);
  expect((await page.fetch(path, { method: "DELETE" })).status).toBe(409);
  held.delete(label);
  const again = await page.fetch(`${path}/retry`, { method: "POST" });
  expect(again.status).toBe(201);
  const { id: next } = await again.json();
  expect(next).not.toBe(id);
  (await running(label)).end("at last");
  expect(await ended(tab, next)).toMatchObject({ status: "completed", result: "at last" });
});

it("streams from the present state to the end, with numbered ids and comments, and then answers 204", async () => {
  const { label, path, id } = await start();
  const { context, end } = await running(label);
  context.progress(40, "almost half");
  await until(tab, () => tab.getJob(id)?.progress.percent === 40);
  const response = await page.fetch(`${path}/progress`);
  expect(response.headers.get("Content-Type")).toBe("text/event-stream");
  const frames = readFrames(response);
  const next = async () => {
    for (;;) {
      const frame = await frames.next();
      if (frame !== "comment") return frame;
    }
  };
  expect(await next()).toMatchObject({ id: "2", event: "status", data: { status: "running" } });
  expect(await next()).toMatchObject({ id: "4", event: "progress", data: { percent: 40, message: "almost half" } });
  expect(await frames.next()).toBe("comment");
  context.progress(90, "nearly");
  expect(await next()).toMatchObject({ event: "progress", data: { percent: 90 } });
  end("done");
  const last = await next();
  expect(last).toMatchObject({ event: "complete", data: { status: "completed", result: "done" } });
  expect(await next()).toBeUndefined();
  const headers = { "Last-Event-ID": (last as { id: string }).id };
  expect((await page.fetch(`${path}/progress`, { headers })).status).toBe(204);
  // Who has not heard of the end is told of it.
  const late = await allFrames(await page.fetch(`${path}/progress`));
  expect(late.map(({ event }) => event)).toEqual(["complete"]);
});

it("a stream that begins before its job does hears all of it, and one that is left disturbs nobody", async () => {
  const before = [await start(), await start()];
  for (const job of before) await running(job.label);
  const { path, label } = await start();
  const [first, second] = [await page.fetch(`${path}/progress`), await page.fetch(`${path}/progress`)];
  const left = readFrames(second);
  expect(await left.next()).toMatchObject({ event: "status", data: { status: "pending" } });
  await left.cancel();
  for (const job of before) (await running(job.label)).end(0);
  (await running(label)).end(7);
  const events = (await allFrames(first)).map(({ event, data }) => data.status ?? event);
  expect(events[0]).toBe("pending");
  expect(events.at(-1)).toBe("completed");
});

it("a job that is created while no tab lives waits in the store for the next one", async () => {
  await tab.close();
  const { label, id, response } = await start();
  expect(response.status).toBe(201);
  expect(await (await page.fetch(`/api/jobs/${id}`)).json()).toMatchObject({ status: "pending" });
  tab = new SharedRunner(options);
  (await running(label)).end("run by the next");
  expect(await ended(tab, id)).toMatchObject({ result: "run by the next" });
});

it("what is none of its own it does not touch, and what makes no sense it refuses", async () => {
  expect(await (await page.fetch("/style.css")).text()).toContain("color");
  expect((await page.fetch("/api/other")).status).toBe(404);
  expect((await page.fetch("/api/jobs", { method: "PUT" })).status).toBe(405);
  expect((await page.fetch("/api/jobs", { method: "POST", body: "{}" })).status).toBe(415);
});

it("params that are nested without measure are refused, and the worker goes on", async () => {
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
  ]) {
    const deep = `${open!.repeat(50_000)}1${close!.repeat(50_000)}`;
    const response = await page.fetch("/api/jobs", posted(`{"type":"held","params":{"label":"deep","more":${deep}}}`));
    expect([response.status, await response.json()]).toMatchObject([400, { errors: [{ param: "more" }] }]);
  }
  const { label, response } = await start();
  expect(response.status).toBe(201);
  (await running(label)).end(0);
});

it("texts with half of a surrogate pair arrive as they were sent", async () => {
  const label = `\ud83d ${++serial}`;
  const { id } = await (await page.fetch("/api/jobs", posted({ type: "held", params: { label } }))).json();
  (await running(label)).end(0);
  expect(await ended(tab, id)).toMatchObject({ params: { label } });
});

it("serveJobs is for service workers", async () => {
  const { serveJobs } = await import("jobgate/service-worker");
  expect(() => serveJobs()).toThrow(/^serveJobs is for service workers/);
  expect(() => serveJobs({ name: 1 } as never)).toThrow(/^name must be a string/);
  expect(() => serveJobs({ base: "api" })).toThrow(/^base must be/);
});
