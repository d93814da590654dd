// The routes on a real server, asked with curl: what pages can't send, and what only a network does.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { type HandlerOptions, JobRunner, type JobType, jobHandler } from "jobgate/runner";
import { describe, expect, it, onTestFinished } from "vitest";
import { serve } from "./support/http-server.ts";

interface Held {
  progress(percent: number, message?: string): void;
  resolve(result: unknown): void;
}

async function served(options?: HandlerOptions) {
  const held: Held[] = [];
  const type: JobType = {
    name: "held",
    description: "Waits for the test",
    params: [],
    execute: (_, { progress, signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        held.push({ progress, resolve });
      }),
  };
  const runner = new JobRunner({ types: [type] });
  onTestFinished(() => runner.close());
  return { runner, held, url: await serve(jobHandler(runner, options)) };
}

function startCurl(...given: string[]): ChildProcessWithoutNullStreams {
  return spawn("curl", ["--silent", "--show-error", "--no-buffer", "--path-as-is", "--max-time", "50", ...given]);
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** What curl was answered, once it is over. */
function curl(...given: string[]): Promise<Answer> {
  const running = startCurl("--include", "-H", "Expect:", ...given);
  let [told, failed] = ["", ""];
  running.stdout.on("data", (data) => (told += data));
  running.stderr.on("data", (data) => (failed += data));
  return new Promise((resolve, reject) => {
    running.on("error", reject);
    running.on("close", () => {
      const end = told.indexOf("\r\n\r\n");
      const [first, ...lines] = told.slice(0, end).split("\r\n");
      const status = Number(first?.split(" ")[1]);
      if (!(status > 0)) return reject(new Error(`curl: ${failed || told}`));
      const headers = new Headers(lines.map((line) => line.split(/: ?(.*)/s).slice(0, 2) as [string, string]));
      resolve({ status, headers, body: told.slice(end + 4) });
    });
  });
}

const JSON_TYPE = ["-H", "Content-Type: application/json"];
const create = (url: string, body: object, ...given: string[]) =>
  curl(`${url}/api/jobs`, ...JSON_TYPE, "--data", JSON.stringify(body), ...given);

/** Resolves once curl has shown it. */
function shows(running: ChildProcessWithoutNullStreams, text: string): Promise<string> {
  let told = "";
  return new Promise((resolve, reject) => {
    running.stdout.on("data", (data) => {
      told += data;
      if (told.includes(text)) resolve(told);
    });
    running.on("close", () => reject(new Error(`curl ended: ${told}`)));
  });
}

describe("via curl", () => {
  it("jobs can be created and executed", async () => {
    const { url } = await served();
    const { status, headers, body } = await create(url, { type: "prime", params: { limit: 1000 } });
    expect([status, headers.get("content-type")]).toEqual([201, "application/json"]);
    const { id } = JSON.parse(body);
    const progress = await curl(`${url}/api/jobs/${id}/progress`);
    expect(progress.body).toMatch(/event: complete\ndata: \{"status":"completed","result":\{"count":168/);
    const shown = JSON.parse((await curl(`${url}/api/jobs/${id}`)).body);
    expect(shown).toMatchObject({ id, type: "prime", params: { limit: 1000 }, status: "completed" });
    expect(JSON.parse((await curl(`${url}/api/jobs?status=completed&limit=1`)).body)).toEqual([shown]);
    expect(JSON.parse((await curl(`${url}/api/stats`)).body)).toMatchObject({ completed: 1, worker: { capacity: 3 } });
    expect(JSON.parse((await curl(`${url}/api/job-types`)).body)).toHaveLength(6);
  });

  it("progress streams, is taken up again, and ends", async () => {
    const { url, runner, held } = await served();
    const { id } = runner.createJob("held");
    const first = startCurl(`${url}/api/jobs/${id}/progress`);
    await shows(first, "event: status");
    held[0]?.progress(25, "a quarter");
    const told = await shows(first, '"percent":25');
    first.kill();
    const lastEventId = [...told.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1];
    held[0]?.progress(50, "half");
    const resumed = startCurl(`${url}/api/jobs/${id}/progress`, "-H", `Last-Event-ID: ${lastEventId}`);
    expect(await shows(resumed, "half")).not.toContain("a quarter");
    const ended = shows(resumed, "event: complete");
    held[0]?.resolve({ rows: 3 });
    const end = [...(await ended).matchAll(/^id: (\d+)$/gm)].at(-1)?.[1];
    const after = await curl(`${url}/api/jobs/${id}/progress`, "-H", `Last-Event-ID: ${end}`);
    expect([after.status, after.body]).toEqual([204, ""]);
  });

  it("one that goes away ends its watch", async () => {
    const { runner } = await served();
    const { watch: watchJob } = runner;
    let [watched, left] = [0, 0];
    const watch = (id: string) => {
      watched += 1;
      const events = watchJob(id).getReader();
      return new ReadableStream({
        async pull(controller) {
          controller.enqueue((await events.read()).value);
        },
        cancel(reason) {
          left += 1;
          return events.cancel(reason);
        },
      });
    };
    const url = await serve(jobHandler(Object.assign(runner, { watch, eventStream: undefined })));
    const { id } = runner.createJob("held");
    const streams = [1, 2, 3].map(() => startCurl(`${url}/api/jobs/${id}/progress`));
    await Promise.all(streams.map((stream) => shows(stream, "event: status")));
    expect(watched).toBe(3);
    for (const stream of streams) stream.kill("SIGKILL");
    await expect.poll(() => left).toBe(3);
  });

  it("404, 405, 409, 415 and what is not the handler's", async () => {
    const { url, runner } = await served();
    const { id } = runner.createJob("held");
    const refused = async (...given: string[]) => {
      const { status, body } = await curl(...given);
      const { code } = JSON.parse(body);
      expect(code).toBe(status);
      return status;
    };
    expect(await refused(`${url}/api/jobs/nobody`)).toBe(404);
    expect(await refused(`${url}/api/jobs/%E0%A4%A`)).toBe(404);
    expect(await refused(`${url}/api/jobs/%`)).toBe(404);
    expect(await refused(`${url}/api/jobs/..%2f..%2fstats`)).toBe(404);
    expect(await refused(`${url}/api/jobs/${id}`, "-X", "PUT")).toBe(405);
    expect(await refused(`${url}/api/jobs/${id}/retry`, "-X", "POST")).toBe(409);
    expect(await refused(`${url}/api/jobs`, "--data", "{}")).toBe(415);
    expect((await curl(`${url}/api/users`)).body).toBe("not here");
    expect((await curl(`${url}/api/jobs/../users`)).body).toBe("not here");
    const head = await curl("--head", `${url}/api/jobs`);
    expect([head.status, head.body]).toEqual([200, ""]);
    expect((await curl("-X", "OPTIONS", `${url}/api/jobs`)).headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS");
  });

  it("a body is counted as it comes, whatever is said of its length", async () => {
    const { url, runner } = await served();
    const large = JSON.stringify({ type: "held", ignored: "x".repeat(3_000_000) });
    for (const header of ["Transfer-Encoding: chunked", `Content-Length: ${large.length}`]) {
      const running = startCurl("-i", `${url}/api/jobs`, ...JSON_TYPE, "-H", header, "--data", "@-");
      const told = shows(running, '"code":413');
      running.stdin.on("error", () => {}); // the server may have had enough before all is sent
      running.stdin.end(large);
      expect(await told).toContain(" 413 ");
    }
    expect(runner.getAllJobs()).toEqual([]);
  });

  it("headers that are given twice count for nothing that either says", async () => {
    const { url, runner } = await served();
    const twice = await create(url, { type: "held" }, "-H", "Content-Type: text/plain");
    expect(twice.status).toBe(415);
    const keys = await create(url, { type: "held" }, "-H", "Idempotency-Key: a", "-H", "Idempotency-Key: b");
    expect(keys.status).toBe(400);
    expect(runner.getAllJobs()).toEqual([]);
    const first = await create(url, { type: "held" }, "-H", "Idempotency-Key: a");
    const again = await create(url, { type: "held" }, "-H", "Idempotency-Key: a");
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
    expect(runner.getAllJobs()).toHaveLength(1);
  });
});

it("a request's body without end is left once it is too large", async () => {
  const { runner } = await served();
  let [sent, cancelled] = [0, false];
  const body = new ReadableStream({
    pull(controller) {
      sent += 100_000;
      controller.enqueue(new Uint8Array(100_000));
    },
    cancel() {
      cancelled = true;
    },
  });
  const headers = { "Content-Type": "application/json", "Content-Length": "2" };
  const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
  const response = await jobHandler(runner)(new Request("http://localhost/api/jobs", init));
  expect(response?.status).toBe(413);
  expect(sent).toBeLessThan(2_000_000);
  expect(cancelled).toBe(true);
});

describe("pages of another origin", () => {
  const origin = "https://app.example";
  const from = (given: string) => ["-H", `Origin: ${given}`];
  const allowed = ({ headers }: Answer) => headers.get("access-control-allow-origin");

  it("may not ask where no CORS headers for API endpoints are configured", async () => {
    const { url, runner } = await served();
    const { id } = runner.createJob("held");
    for (const given of [[`${url}/api/jobs`], [`${url}/api/jobs/${id}/retry`, "-X", "POST"]]) {
      const answer = await curl(...given, ...from(origin));
      expect([answer.status, allowed(answer)]).toEqual([403, null]);
    }
    expect((await curl(`${url}/api/jobs`, ...from("null"))).status).toBe(403);
    // The page's own origin, also as a proxy in between lets it look.
    expect((await curl(`${url}/api/jobs`, ...from(url))).status).toBe(200);
    expect((await curl(`${url}/api/jobs`, ...from(origin), "-H", "Sec-Fetch-Site: same-origin")).status).toBe(200);
  });

  it.each([
    ["one origin", origin],
    ["a list", ["https://other.example", origin]],
    ["a function", (asking: string) => asking === origin],
  ])("may ask where they are allowed: %s", async (_, allow) => {
    const { url } = await served({ cors: { origin: allow, credentials: true } });
    const answer = await curl(`${url}/api/jobs`, ...from(origin));
    expect([answer.status, allowed(answer), answer.headers.get("vary")]).toEqual([200, origin, "Origin"]);
    expect(answer.headers.get("access-control-allow-credentials")).toBe("true");
    const missing = await curl(`${url}/api/jobs/nobody/progress`, ...from(origin));
    expect([missing.status, allowed(missing)]).toEqual([404, origin]);
    const other = await curl(`${url}/api/jobs`, ...from("https://evil.example"));
    expect([other.status, allowed(other), other.headers.get("vary")]).toEqual([403, null, "Origin"]);
  });

  it("may all ask where all are allowed, without credentials", async () => {
    const { url } = await served({ cors: { origin: "*" } });
    const answer = await curl(`${url}/api/jobs`, ...from("https://anybody.example"));
    expect([answer.status, allowed(answer)]).toEqual([200, "*"]);
    expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
  });

  it("ask first whether they may: the preflight is answered before authorize, the request is not", async () => {
    const { url } = await served({
      cors: { origin },
      authorize: ({ headers }) => headers.get("Authorization") === "me",
    });
    const preflight = (from: string) =>
      curl(
        ...["-X", "OPTIONS", `${url}/api/jobs`, "-H", `Origin: ${from}`],
        ...["-H", "Access-Control-Request-Method: POST"],
        ...["-H", "Access-Control-Request-Headers: content-type,authorization"],
      );
    const answer = await preflight(origin);
    expect([answer.status, allowed(answer)]).toEqual([204, origin]);
    expect(answer.headers.get("access-control-allow-methods")).toContain("POST");
    expect(answer.headers.get("access-control-allow-headers")).toBe("content-type,authorization");
    const refused = await preflight("https://evil.example");
    expect([refused.status, allowed(refused)]).toEqual([403, null]);
    const asked = await create(url, { type: "held" }, ...from(origin));
    expect([asked.status, allowed(asked)]).toEqual([403, origin]);
    expect((await create(url, { type: "held" }, ...from(origin), "-H", "Authorization: me")).status).toBe(201);
  });

  it("a function that throws allows nobody", async () => {
    const cors = {
      origin: () => {
        throw new Error("down");
      },
    };
    const { url } = await served({ cors });
    expect((await curl(`${url}/api/jobs`, ...from(origin))).status).toBe(403);
  });
});
