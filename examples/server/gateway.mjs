// Speaks to pages: WebSockets, REST and server-sent events. And what a server has beside: metrics, health, a board.
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import { Queue } from "bullmq";
import express from "express";
import { Redis } from "ioredis";
import { QueueGateway } from "jobgate/server";
import { collectDefaultMetrics, Gauge, register } from "prom-client";
import { serverTypes as types } from "./server-types.mjs";
import { host, logOf, port, queue, redis } from "./settings.mjs";

const log = logOf("gateway");
const address = `http://${host}:${port}`;

const userOf = (cookies) => /(?:^|;\s*)user=([\w-]+)/.exec(cookies ?? "")?.[1];
const gateway = new QueueGateway({
  redis,
  queue,
  types,
  // Here a browser is a user. A real server looks a session up.
  authorize: (request) => userOf(request.headers.get("Cookie")),
  scope: (user) => user,
  origins: (process.env.ORIGINS ?? `${address},http://localhost:${port}`).split(","),
});

const app = express();
app.disable("x-powered-by");

app.get("/healthz", async (_, response) => {
  const isThere = connection.status === "ready" && (await connection.ping().catch(() => "")) === "PONG";
  response.status(isThere ? 200 : 503).json({ redis: isThere });
});

const connection = new Redis(redis, { maxRetriesPerRequest: 1, commandTimeout: 1000 });
connection.on("error", ({ message }) => log.warn({ message }, "Redis"));
const bullmq = new Queue(queue, { connection });
bullmq.on("error", () => {});
collectDefaultMetrics();
new Gauge({
  name: "jobgate_jobs",
  help: "Jobs in the queue, of all scopes",
  labelNames: ["state"],
  async collect() {
    for (const [state, count] of Object.entries(await bullmq.getJobCounts())) this.set({ state }, count);
  },
});
app.get("/metrics", async (_, response) => {
  try {
    response.type(register.contentType).send(await register.metrics());
  } catch {
    response.sendStatus(503);
  }
});

// All users' jobs: not for everybody. Here only this machine can reach it.
const board = new ExpressAdapter();
board.setBasePath("/board");
createBullBoard({ queues: [new BullMQAdapter(bullmq, { readOnlyMode: true })], serverAdapter: board });
app.use("/board", board.getRouter());

app.use("/api", async (request, response) => {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  const answer = await gateway.fetch(
    new Request(new URL(request.originalUrl, address), {
      method: request.method,
      headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      signal: gone.signal,
      ...(hasBody && { body: Readable.toWeb(request), duplex: "half" }),
    }),
  );
  if (!request.complete) response.setHeader("Connection", "close"); // refused before it was read
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) response.end();
  else Readable.fromWeb(answer.body).pipe(response);
});

// Beside a checkout the page is the demo's dashboard, told where its server is; else the small one in public/.
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const site = process.env.SITE ?? here("../../www/dist");
const hasDashboard = existsSync(`${site}/dashboard.html`);
app.get(["/", "/small.html", "/dashboard.html"], (request, response, next) => {
  if (userOf(request.headers.cookie) === undefined) {
    response.cookie("user", randomUUID(), { httpOnly: true, sameSite: "strict" });
  }
  if (request.path === "/") response.redirect(hasDashboard ? "/dashboard.html?server=/&in=server" : "/small.html");
  else next();
});
app.use("/jobgate", express.static(here("./node_modules/jobgate/dist")));
app.use(express.static(here("./public")));
if (hasDashboard) app.use(express.static(site, { index: false }));

const server = app.listen(port, host, () => log.info({ address }, "ready"));
server.on("upgrade", gateway.upgrade);

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, async () => {
    log.info({ signal }, "pages go to another gateway");
    await gateway.close();
    server.closeAllConnections();
    process.exit(0);
  });
}
