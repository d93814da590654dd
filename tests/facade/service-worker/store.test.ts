// What a service worker makes of its store, served from a page: there the store can be made to fail.

import { serveJobs } from "jobgate/service-worker";
import { expect, it, onTestFinished, vi } from "vitest";
import { posted } from "../http/support/ask.js";
import { ended, opened, queue } from "../shared/support/tabs.js";
import { type } from "../shared/support/types.js";

function served(name: string) {
  vi.stubGlobal("ServiceWorkerGlobalScope", EventTarget);
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  const base = `/${crypto.randomUUID()}/api`;
  serveJobs({ name, base });
  return (path: string, init?: RequestInit): Promise<Response> =>
    new Promise((respondWith) => {
      const request = new Request(new URL(`${base}${path}`, location.href), init);
      dispatchEvent(Object.assign(new Event("fetch"), { request, respondWith }));
    });
}

const types = [type("plain", () => "done")];

it("where newer code has the store nothing is created, and what is there is shown and stopped", async () => {
  const { name, open } = queue();
  const tab = open({ types });
  await tab.ready;
  const ask = served(name);
  const { id } = await (await ask("/jobs", posted({ type: "plain", delay: 60_000 }))).json();
  const newer = await opened(indexedDB.open(`jobgate:${name}`, 99));
  onTestFinished(() => newer.close());
  // One that is there by then, and one that starts later.
  for (const each of [ask, served(name)]) {
    const refused = await each("/jobs", posted({ type: "plain" }));
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining("Newer code")]);
    expect(await (await each(`/jobs/${id}`)).json()).toMatchObject({ status: "pending" });
  }
  expect((await ask(`/jobs/${id}`, { method: "DELETE" })).status).toBe(200);
  await ended(tab, id);
  expect((await ask(`/jobs/${id}/retry`, { method: "POST" })).status).toBe(503);
  expect(tab.getQueueStats()).toMatchObject({ cancelled: 1, total: 1 });
});

it("a connection whose transaction has failed is closed, and the next request has another", async () => {
  const { name, open } = queue();
  const tab = open({ types, execute: false });
  const { id } = await tab.createJob("plain");
  const ask = served(name);
  const { transaction } = IDBDatabase.prototype;
  let failed: IDBDatabase | undefined;
  const [begins, closes] = [
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (this: IDBDatabase, ...given) {
      if (failed !== undefined) return transaction.apply(this, given);
      failed = this;
      throw new DOMException("not now", "UnknownError");
    }),
    vi.spyOn(IDBDatabase.prototype, "close"),
  ];
  onTestFinished(() => {
    begins.mockRestore();
    closes.mockRestore();
  });
  expect((await ask(`/jobs/${id}`)).status).toBe(503);
  expect((await ask(`/jobs/${id}`)).status).toBe(200);
  expect(closes.mock.contexts).toEqual([failed]);
});
