// Which requests a handler takes, from whom, and what it is made of.

import { jobFetch, jobHandler } from "jobgate/runner";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { newRunner } from "../runner/support/runner.js";
import { asker, posted, served } from "./support/ask.js";

describe("which requests are its own", () => {
  it.each(["/", "/api", "/api/", "/api/users", "/apix/jobs", "/x/api/jobs", "/API/jobs", "/api/stats/more", "/jobs"])(
    "%s is not: it is not touched",
    (path) => {
      const handler = jobHandler(newRunner());
      const touched: PropertyKey[] = [];
      const request = new Proxy(new Request(new URL(path, location.href), { method: "POST", body: "x" }), {
        get(target, name) {
          touched.push(name);
          return Reflect.get(target, name, target);
        },
      });
      expect(handler(request)).toBeUndefined();
      expect(touched).toEqual(["url"]);
    },
  );

  it.each([
    ["/queue", "/queue/jobs"],
    ["/queue/", "/queue/jobs"],
    ["/queue/", "/queue/jobs/"],
    ["", "/jobs"],
    ["/", "/jobs"],
    ["/a b/ä", "/a%20b/%C3%A4/jobs"],
    ["/a/b", "/a/b/jobs?limit=1#x"],
  ])("with the base %j, %s is", async (base, path) => {
    expect((await asker(jobHandler(newRunner(), { base }))(path)).status).toBe(200);
  });
});

describe("methods", () => {
  it.each([
    ["PUT", "/api/jobs", "GET, POST, HEAD, OPTIONS"],
    ["DELETE", "/api/jobs", "GET, POST, HEAD, OPTIONS"],
    ["POST", "/api/jobs/1", "GET, DELETE, HEAD, OPTIONS"],
    ["PATCH", "/api/jobs/1", "GET, DELETE, HEAD, OPTIONS"],
    ["GET", "/api/jobs/1/retry", "POST, OPTIONS"],
    ["POST", "/api/jobs/1/progress", "GET, HEAD, OPTIONS"],
    ["POST", "/api/job-types", "GET, HEAD, OPTIONS"],
    ["DELETE", "/api/stats", "GET, HEAD, OPTIONS"],
  ])("%s %s is 405, and says what is allowed", async (method, path, allow) => {
    const response = await served().ask(path, { method });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, allow]);
    expect(await response.json()).toMatchObject({ code: 405 });
    const options = await served().ask(path, { method: "OPTIONS" });
    expect([options.status, options.headers.get("Allow"), await options.text()]).toEqual([204, allow, ""]);
  });

  it("HEAD is GET without the body", async () => {
    const { runner, ask } = served();
    const { id } = runner.createJob("held");
    for (const path of ["/api/jobs", `/api/jobs/${id}`, `/api/jobs/${id}/progress`, "/api/stats", "/api/jobs/nobody"]) {
      const [get, head] = [await ask(path), await ask(path, { method: "HEAD" })];
      expect([head.status, [...head.headers], await head.text()]).toEqual([get.status, [...get.headers], ""]);
      await get.body?.cancel();
    }
  });
});

describe("authorize", () => {
  it("is asked first; what is not true is 403", async () => {
    const asked: string[] = [];
    let answer: unknown = false;
    const authorize = async ({ method, url }: Request) => {
      asked.push(`${method} ${new URL(url).pathname}`);
      return answer as boolean;
    };
    const { runner, ask } = served({ authorize });
    for (const refused of [false, undefined, 1, "yes", {}]) {
      answer = refused;
      const response = await ask("/api/jobs", posted("no JSON"));
      expect([response.status, (await response.json()).code]).toEqual([403, 403]);
    }
    expect((await ask("/api/jobs/nobody")).status).toBe(403);
    answer = true;
    expect((await ask("/api/jobs", posted({ type: "held" }))).status).toBe(201);
    expect(asked.at(-1)).toBe("POST /api/jobs");
    expect(runner.getAllJobs()).toHaveLength(1);
  });

  it("that throws or rejects lets nobody in, and only the console is told why", async () => {
    const told = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => told.mockRestore());
    const error = new Error("secret");
    for (const authorize of [
      () => Promise.reject(error),
      () => {
        throw error;
      },
    ]) {
      const { runner, ask } = served({ authorize });
      const response = await ask("/api/jobs", posted({ type: "held" }));
      expect([response.status, await response.json()]).toEqual([500, { error: "Internal error", code: 500 }]);
      expect(runner.getAllJobs()).toEqual([]);
    }
    expect(told.mock.calls).toEqual([[error], [error]]);
  });

  it("may read a clone of the request; one that reads the request itself is told", async () => {
    const cloning = served({ authorize: async (request) => (await request.clone().json()).type === "held" });
    expect((await cloning.ask("/api/jobs", posted({ type: "held" }))).status).toBe(201);
    const reading = served({ authorize: async (request) => (await request.json()).type === "held" });
    const response = await reading.ask("/api/jobs", posted({ type: "held" }));
    expect([response.status, (await response.json()).error]).toEqual([500, expect.stringContaining("request.clone()")]);
  });
});

describe("jobFetch", () => {
  it("answers the handler's routes in the page, and fetches everything else", async () => {
    const { runner } = served();
    const fetched: string[] = [];
    const otherwise = async (input: RequestInfo | URL) => {
      fetched.push((input as Request).url);
      return new Response("from the network");
    };
    const ask = jobFetch(jobHandler(runner), otherwise as typeof fetch);
    expect((await ask("/api/jobs", posted({ type: "held" }))).status).toBe(201);
    expect(await (await ask(new URL("/api/jobs", location.href))).json()).toHaveLength(1);
    expect(await (await ask("/other")).text()).toBe("from the network");
    expect(await (await ask("https://elsewhere.example/api/jobs")).text()).toBe("from the network");
    expect(fetched).toEqual([new URL("/other", location.href).href, "https://elsewhere.example/api/jobs"]);
  });

  it("fetches with the page's own where no other is given", async () => {
    const ask = jobFetch(jobHandler(newRunner()));
    expect(await (await ask("/fetch-site/text?size=3")).text()).toBe("xxx");
  });

  it("rejects with the signal's reason", async () => {
    const never = new Promise<boolean>(() => {});
    const ask = jobFetch(jobHandler(newRunner(), { authorize: () => never }));
    await expect(ask("/api/jobs", { signal: AbortSignal.abort("early") })).rejects.toBe("early");
    const controller = new AbortController();
    const answer = ask("/api/jobs", { signal: controller.signal });
    controller.abort("enough");
    await expect(answer).rejects.toBe("enough");
  });
});

it.each([
  [{ base: "api" }, /base/],
  [{ base: "//host" }, /base/],
  [{ base: "/a?b" }, /base/],
  [{ base: 5 }, /base/],
  [{ keepAlive: 0 }, /keepAlive/],
  [{ keepAlive: Number.NaN }, /keepAlive/],
  [{ keepAlive: "1" }, /keepAlive/],
  [{ authorize: true }, /authorize/],
  [{ cors: {} }, /cors.origin/],
  [{ cors: { origin: [5] } }, /cors.origin/],
  [{ cors: { origin: "app.example" } }, /cors.origin/],
  [{ cors: { origin: "https://app.example/" } }, /cors.origin/],
  [{ cors: { origin: "*", credentials: true } }, /cors.origin/],
  [{ cors: { origin: "*", credentials: 1 } }, /cors.credentials/],
  [5, /options/],
])("options %j are refused", (options, message) => {
  expect(() => jobHandler(newRunner(), options as never)).toThrow(message);
});

it.each([undefined, null, 5, {}, { createJob() {} }])("%j is no queue", (queue) => {
  expect(() => jobHandler(queue as never)).toThrow(/queue/);
});
