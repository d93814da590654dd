import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { server } from "../../.guides/rest/server.ts";
import { expectAnsweredAfterRefusal, statusOf } from "./support.ts";

it("REST and server-sent events: the server answers who is allowed, and streams", async () => {
  process.env.TOKEN = "secret";
  // As in support.ts.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const headers = { "Content-Type": "application/json", Authorization: "Bearer secret" };
  const body = JSON.stringify({ type: "fibonacci", params: { count: 5 } });
  expect((await fetch(`${site}/api/jobs`, { method: "POST", body })).status).toBe(403);
  const created = await fetch(`${site}/api/jobs`, { method: "POST", headers, body });
  expect(created.status).toBe(201);
  const { id } = (await created.json()) as { id: string };
  const progress = await (await fetch(`${site}/api/jobs/${id}/progress`, { headers })).text();
  expect(progress).toMatch(/event: status\n[\s\S]+event: complete\ndata: .*"numbers":\["?1/);
  expect((await fetch(`${site}/elsewhere`, { headers })).status).toBe(404);
  // Of neither a Request can be made: they are refused, and the process lives.
  expect(await statusOf(`${site}/api/jobs`, { method: "TRACE", headers })).toBe(400);
  expect(await statusOf(`${site}/api/jobs`, { headers: { ...headers, Host: "[" } })).toBe(400);
  expect((await fetch(`${site}/api/jobs/${id}`, { headers })).status).toBe(200);
  await expectAnsweredAfterRefusal(`${site}/api/jobs`, headers);
});
