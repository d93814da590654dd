import { expect, it, onTestFinished } from "vitest";
import { ask, start } from "../../.guides/rest/page.ts";

it("REST and server-sent events: the page answers itself, and the same key starts nothing twice", async () => {
  const id = await start("prime", { limit: 1000 });
  expect(await start("prime", { limit: 1000 }, id)).toBe(id);
  expect(await (await ask(`/api/jobs/${id}/progress`)).text()).toContain("event: complete");
  expect(await (await ask("/api/jobs")).json()).toMatchObject([{ id, status: "completed", result: { count: 168 } }]);
  await expect(start("prime", { limit: "many" })).rejects.toThrow("limit");
});

it("REST and server-sent events: without a service worker the page asks the queue of all tabs itself", async () => {
  const { ask, queue } = await import("../../.guides/rest/rest-page.ts");
  onTestFinished(async () => {
    await queue.close();
    indexedDB.deleteDatabase("jobgate:jobgate");
  });
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ type: "prime", params: { limit: 1000 } });
  const { id } = await (await ask("/api/jobs", { method: "POST", headers, body })).json();
  expect(await (await ask(`/api/jobs/${id}/progress`)).text()).toContain("event: complete");
  expect(queue.getJob(id)).toMatchObject({ status: "completed", result: { count: 168 } });
});
