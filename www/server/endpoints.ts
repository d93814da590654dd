import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Connect, Plugin } from "vite";
import { Downloads } from "./downloads.ts";
import { FlakyService } from "./flaky.ts";
import { Recipes } from "./recipes.ts";
import { ensureSampleFile } from "./sample-file.ts";

const SLOWEST_RATE = 4;

/**
 * What the demo pages ask their own server, in dev and in preview:
 *
 * - `GET /files/sample.bin?id=&rate=` a real file, `rate` in bytes a second (left out: as fast as it goes)
 * - `GET /files/answer.txt?id=&rate=` the same with a short text
 * - `GET /download-log` every connection remembered; with `?id=` it answers once that connection is over
 * - `/api/…` what the recipes ask for; `/api/deliveries` and `/api/imports` are logs of what has arrived
 * - `GET /flaky?id=&failures=&wait=` 503 for the first `failures` calls under `id`, each after `wait` ms
 */
export function demoEndpoints(buildFolder: string): Plugin {
  const downloads = new Downloads();
  const flaky = new FlakyService();
  const recipes = new Recipes();
  const samplePath = join(buildFolder, "sample.bin");
  const files: Record<string, { path: string; type: string }> = {
    "/files/sample.bin": { path: samplePath, type: "application/octet-stream" },
    "/files/answer.txt": { path: join(import.meta.dirname, "answer.txt"), type: "text/plain; charset=utf-8" },
  };

  const answer = async (url: URL, request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const made = await recipes.answer(url, request);
    if (made) {
      send(response, made.status, made.body, made.headers);
      return true;
    }
    if (request.method !== "GET") return false;
    const id = url.searchParams.get("id") ?? "";
    const number = (name: string, otherwise: number) => {
      const given = Number(url.searchParams.get(name) ?? Number.NaN);
      return Number.isFinite(given) ? given : otherwise;
    };
    const file = files[url.pathname];
    if (file) {
      const rate = Math.max(SLOWEST_RATE, number("rate", Number.POSITIVE_INFINITY));
      await downloads.send(file.path, id, rate, file.type, response);
      return true;
    }
    if (url.pathname === "/download-log") {
      const record = id === "" ? downloads.list() : await downloads.ended(id);
      send(response, record ? 200 : 404, record ?? { error: `no download has the id ${id}` });
      return true;
    }
    if (url.pathname === "/flaky") {
      const { status, call } = await flaky.call(id, number("failures", 2), number("wait", 0));
      send(response, status, { call });
      return true;
    }
    return false;
  };

  const middleware: Connect.NextHandleFunction = (request: IncomingMessage, response, next) => {
    answer(new URL(request.url ?? "/", "http://localhost"), request, response).then(
      (answered) => answered || next(),
      (error: unknown) => next(error),
    );
  };

  return {
    name: "demo-endpoints",
    configureServer({ middlewares }) {
      ensureSampleFile(samplePath);
      middlewares.use(middleware);
    },
    configurePreviewServer({ middlewares }) {
      ensureSampleFile(samplePath);
      middlewares.use(middleware);
    },
  };
}

/** JSON, and text as it is. */
function send(response: ServerResponse, status: number, body: unknown, headers?: Record<string, string>): void {
  const isText = typeof body === "string";
  const type = isText ? "text/plain; charset=utf-8" : "application/json";
  response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store", ...headers });
  response.end(isText ? body : JSON.stringify(body));
}
