import { NonRetriableError } from "jobgate";
import { expect, it } from "vitest";
import { outcome } from "../../.guides/errors-and-retries/outcome.ts";
import { load } from "../../.guides/errors-and-retries/retries.ts";
import { serve } from "./support.ts";

it("a busy server is asked again when it says, what is not there is not asked for again", async () => {
  const times: number[] = [];
  let missing = 0;
  const address = await serve((request, response) => {
    if (request.url === "/missing") {
      missing += 1;
      response.writeHead(404).end();
    } else {
      times.push(performance.now());
      response.writeHead(times.length === 1 ? 503 : 200, times.length === 1 ? { "Retry-After": "1" } : {}).end("1");
    }
  });
  expect(await load(`${address}/busy`).result).toBe(1);
  expect(times).toHaveLength(2);
  expect(times[1]! - times[0]!).toBeGreaterThan(990);
  await expect(load(`${address}/missing`).result).rejects.toThrow(NonRetriableError);
  expect(missing).toBe(1);
});

it("a job that is stopped while it waits for its retry ends at once, cancelled", async () => {
  const address = await serve((_, response) => response.writeHead(503, { "Retry-After": "20" }).end());
  const job = load(`${address}/busy`);
  await expect.poll(() => job.readyAt).toBeGreaterThan(Date.now() + 10_000);
  expect(job.lastError).toMatchObject({ message: "the server answered 503" });
  await job.stop("enough");
  expect(outcome((await job.settled) as Parameters<typeof outcome>[0])).toBe("stopped");
});

it("each way to end has its words", () => {
  expect(outcome({ type: "Normal", result: "done" })).toBe("done");
  expect(outcome({ type: "Cancelled", reason: new DOMException("x", "AbortError") })).toBe("stopped");
  expect(outcome({ type: "Failed", error: new Error("no") })).toBe("no");
  expect(outcome({ type: "Failed", error: 7 })).toBe("7");
});
