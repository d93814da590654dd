// Redis, a gateway and two workers, until Ctrl-C. `REDIS_URL` names a Redis of your own.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const env = { ...process.env };
const children = new Set();

function start(command, args, onError) {
  const child = spawn(command, args, {
    cwd: import.meta.dirname ?? new URL(".", import.meta.url).pathname,
    env,
    stdio: "inherit",
  });
  children.add(child);
  child.on("error", onError ?? (({ message }) => end(message)));
  child.on("exit", () => children.delete(child));
  return child;
}

/** One that was killed is followed by another, as a process manager would have it. */
function startWorker() {
  start(process.execPath, ["worker.mjs"]).once("exit", () => setTimeout(() => isEnding || startWorker(), 1000));
}

let isEnding = false;
async function end(why) {
  if (isEnding) return;
  isEnding = true;
  if (why !== undefined) {
    process.exitCode = 1;
    console.error(why);
  }
  const others = [...children].filter((child) => child !== redis);
  await Promise.all(others.map((child) => gone(child, "SIGTERM")));
  if (redis !== undefined) await gone(redis, "SIGTERM");
}

function gone(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return undefined;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  return exit;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// In a checkout the page is the demo's dashboard, which is built once.
const checkout = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const vite = checkout("node_modules/vite/bin/vite.js");
const isCheckout = existsSync(vite) && existsSync(checkout("www/vite.config.ts"));
if (isCheckout && !existsSync(checkout("www/dist/dashboard.html"))) {
  execFileSync(process.execPath, [vite, "build", "www"], { cwd: checkout(""), stdio: "inherit" });
}

let redis;
if (env.REDIS_URL === undefined) {
  const port = await freePort();
  env.REDIS_URL = `redis://127.0.0.1:${port}`;
  const folder = new URL("./.redis", import.meta.url).pathname;
  mkdirSync(folder, { recursive: true });
  const settings = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"];
  redis = start(
    "redis-server",
    [...settings.map(String), "--maxmemory-policy", "noeviction", "--loglevel", "warning"],
    () => end("redis-server is not installed: install Redis or Valkey, or name one that runs in REDIS_URL"),
  );
}
if (!isEnding) {
  start(process.execPath, ["gateway.mjs"]);
  for (let count = 0; count < 2; count += 1) startWorker();
}
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => end());
