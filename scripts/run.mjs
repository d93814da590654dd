// What every script here needs: where the project is, and running a command that fails loudly.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

// The project's own tools first; last, where `cargo install` puts its tools, which a shell
// opened before Rust was installed does not know yet.
const cargoBin = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");
process.env.PATH = [join(root, "node_modules", ".bin"), process.env.PATH, cargoBin].join(delimiter);

/** Runs a command with our own output and throws if it does not end well, or not within `minutes`. */
export function run(command, args = [], { env, cwd = root, minutes } = {}) {
  console.log(`$ ${[command, ...args].join(" ")}`);
  const { status, signal, error } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: "inherit",
    timeout: minutes && minutes * 60_000,
    killSignal: "SIGKILL",
  });
  if (error?.code === "ETIMEDOUT")
    throw new Error(`${command} ${args.join(" ")} had not ended after ${minutes} minutes`);
  if (error) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ended with ${signal ?? `code ${status}`}`);
}

/**
 * The same beside others. What it prints is told when it has ended, in one piece; where it `prints` itself, at once.
 */
export async function runBeside(command, args = [], { env, cwd = root, minutes, prints = false } = {}) {
  const line = [command, ...args].join(" ");
  if (prints) console.log(`$ ${line}`);
  const stdio = prints ? "inherit" : ["ignore", "pipe", "pipe"];
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio });
  const printed = [];
  for (const stream of prints ? [] : [child.stdout, child.stderr]) stream.on("data", (part) => printed.push(part));
  let isLate = false;
  const late = () => {
    isLate = true;
    child.kill("SIGKILL");
    // What it has started may live on, and hold them open.
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const timer = minutes && setTimeout(late, minutes * 60_000);
  try {
    const [status, signal] = await once(child, "close");
    if (!prints) console.log(`$ ${line}\n${Buffer.concat(printed)}`.trimEnd());
    if (isLate) throw new Error(`${line} had not ended after ${minutes} minutes`);
    if (status !== 0) throw new Error(`${command} ended with ${signal ?? `code ${status}`}`);
  } catch (error) {
    if (child.pid === undefined) throw new Error(`${command} could not be started: ${error.message}`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for all, also where one fails, whose error it then throws. */
export async function allOf(promises) {
  const failed = (await Promise.allSettled(promises)).find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
}

/** What a command prints, trimmed; undefined if it is missing or fails. */
export function output(command, args = []) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a script's main function; a failure is one plain line and a non-zero code. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(`\n✗ ${error.message}`);
    process.exitCode = 1;
  }
}
