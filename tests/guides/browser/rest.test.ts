import { expect, it } from "vitest";
import { ask, start } from "../../.guides/rest/page.ts";

it("REST and server-sent events: the page answers itself, and the same key starts nothing twice", async () => {
  const id = await start("prime", { limit: 1000 });
  expect(await start("prime", { limit: 1000 }, id)).toBe(id);
  expect(await (await ask(`/api/jobs/${id}/progress`)).text()).toContain("event: complete");
  expect(await (await ask("/api/jobs")).json()).toMatchObject([{ id, status: "completed", result: { count: 168 } }]);
  await expect(start("prime", { limit: "many" })).rejects.toThrow("limit");
});
