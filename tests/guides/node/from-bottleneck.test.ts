import { expect, it, onTestFinished, vi } from "vitest";
import { get } from "../../.guides/from-bottleneck/api.ts";
import { serve } from "./support.ts";

it("asks two at once, ten in a second, a busy server when it says, and the same address once", async () => {
  const calls = new Map<string, number[]>();
  let atOnce = 0;
  let most = 0;
  const address = await serve((request, response) => {
    const times = calls.get(request.url ?? "") ?? [];
    calls.set(request.url ?? "", [...times, performance.now()]);
    most = Math.max(most, ++atOnce);
    setTimeout(() => {
      atOnce -= 1;
      const busy = request.url === "/busy" && times.length === 0;
      response.writeHead(busy ? 429 : 200, busy ? { "Retry-After": "1" } : {});
      response.end(JSON.stringify(request.url));
    }, 5);
  });
  // When the bodies ask: on their way requests may catch up with each other.
  const asked: number[] = [];
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", (...args: Parameters<typeof fetch>) => {
    asked.push(performance.now());
    return fetch(...args);
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const addresses = [`${address}/busy`, ...Array.from({ length: 14 }, (_, at) => `${address}/${at}`)];
  const begun = performance.now();
  const [first, second] = [get(`${address}/busy`), get(`${address}/busy`)];
  const answers = await Promise.all(addresses.map(get));
  expect(await first).toBe("/busy");
  expect(await second).toBe("/busy");
  expect(answers).toEqual(["/busy", ...Array.from({ length: 14 }, (_, at) => `/${at}`)]);
  expect(most).toBe(2);
  const [refused, again] = calls.get("/busy") ?? [];
  expect(again! - refused!).toBeGreaterThan(990);
  expect(asked).toHaveLength(16);
  // To the clock's resolution.
  for (const [at, time] of asked.entries()) expect(time - begun).toBeGreaterThanOrEqual(999 * Math.floor(at / 10));
});
