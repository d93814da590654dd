// Redis, a gateway and two workers, until Ctrl-C. `REDIS_URL` names a Redis of your own.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";

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
  for (let count = 0; count < 2; count += 1) start(process.execPath, ["worker.mjs"]);
}
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => end());
